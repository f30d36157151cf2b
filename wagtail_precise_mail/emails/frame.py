"""What stands around every body: the header above it, the sender and the way out below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.wordings import policy_in_force
from wagtail_precise_mail.emails.brand import FrameLink
from wagtail_precise_mail.emails.colors import is_dark
from wagtail_precise_mail.emails.context import BODY_WIDTH, GUTTER, Picture, RenderContext
from wagtail_precise_mail.emails.links import absolute, page_url
from wagtail_precise_mail.emails.text import join, wrap

PREFERENCES = "preferences"
"""Key of the personal link to a contact's settings."""

MARGIN = 20
"""Pixels between the text of Outlook's window and a band over the whole width."""


@dataclass(frozen=True)
class ReadyLink:
    """A link with its address as it stands in the mail."""

    label: str
    href: str


@dataclass(frozen=True)
class Footer:
    """What an email says at its end beside the sender; the way out is always there.

    Attributes:
        reason: why people get this, or ""; HTML with merge tags as marks, and the same as plain text.
        unsubscribe: words of the link, as HTML and as plain text; "" on landing pages, which nobody can leave.
    """

    reason: SafeString
    plain_reason: str
    unsubscribe: SafeString
    plain_unsubscribe: str
    align: str = ""
    with_links: bool = True
    with_accounts: bool = True


def ready_links(links: Sequence[FrameLink], context: RenderContext) -> list[ReadyLink]:
    """Return links with their addresses; what leads nowhere is left out, with a warning."""
    ready = []
    for link in links:
        url = page_url(link.page, context.base_url, context.site.pk) if link.page else link.url
        if href := context.link(url, link.label) if url and link.label else "":
            ready.append(ReadyLink(link.label, href))
        elif link.label:
            context.warn(_("The link “%(label)s” leads nowhere.") % {"label": link.label})
    return ready


def header_mjml(context: RenderContext, *, menu: Sequence[ReadyLink] = (), align: str = "") -> SafeString:
    """Return the section above the body: the logo, else the name, with a menu if there is one."""
    brand = context.brand
    facts = {
        **_logos(context),
        "home": context.link("/", brand.company_name),
        "menu": menu,
        "is_beside": bool(menu) and (align or brand.theme.align) == "left",
        "align": _edge(align, context),
        "end": "left" if context.start == "right" else "right",
        "is_band": brand.theme.header_ground != "background",
        "logo_column": (column := _logo_column(context)),
        "menu_column": 100 - column,
    }
    return _render(brand.theme.header, facts, context)


def automatic_footer(context: RenderContext) -> Footer:
    """Return the footer of an email that has none of its own."""
    if context.is_page:
        return Footer(SafeString(""), "", SafeString(""), "")
    reason, words = context.brand.reason, _("Unsubscribe")
    return Footer(escape(reason), reason, escape(words), words)


def footer_mjml(footer: Footer, context: RenderContext) -> SafeString:
    """Return the section below the body."""
    brand = context.brand
    facts = {
        "footer": footer,
        **_footer_lists(footer, context),
        "align": _edge(footer.align, context),
        "is_band": brand.theme.footer_ground != "background",
        "contact_href": context.link(f"mailto:{brand.contact_address}") if brand.contact_address else "",
        "unsubscribe_url": context.marks.system("unsubscribe_url") if footer.unsubscribe else "",
        "preferences_url": context.personal_link(PREFERENCES) if footer.unsubscribe else "",
    }
    return _render(brand.theme.footer, facts, context)


def footer_text(footer: Footer, context: RenderContext) -> str:
    """Return the end of the plain-text part."""
    brand = context.brand
    lists = _footer_lists(footer, context)
    contact = [brand.phone, brand.contact_address]
    sender = "\n".join(filter(None, [brand.company_name, *brand.address_lines, *contact]))
    links = [f"{link.label}: {link.href}" for link in [*lists["links"], *lists["accounts"]]]
    ways_out = ""
    if footer.unsubscribe:
        manage, preferences = _("Manage preferences"), context.personal_link(PREFERENCES)
        ways_out = f"{manage}:\n{preferences}\n{footer.plain_unsubscribe}:\n{context.marks.system('unsubscribe_url')}"
    words = (footer.plain_reason, sender, brand.footer_text)
    return join("-" * 40, *map(wrap, words), "\n".join(links), ways_out)


def font_css(context: RenderContext) -> str:
    """Return the rules that load the brand's web fonts; style sheets first, as CSS wants it."""
    rules = [rule for font in context.brand.fonts if (rule := font.css(context.base_url))]
    return "".join(sorted(rules, key=lambda rule: not rule.startswith("@import")))


def _footer_lists(footer: Footer, context: RenderContext) -> dict[str, list[ReadyLink]]:
    brand = context.brand
    accounts = [FrameLink(account.label, None, account.url) for account in brand.social_accounts]
    return context.once(
        footer,
        lambda: {
            "links": [
                *(ready_links(brand.footer_links, context) if footer.with_links else []),
                *ready_links(_policy_link(footer, context), context),
            ],
            "accounts": ready_links(accounts, context) if footer.with_accounts else [],
        },
    )


def _policy_link(footer: Footer, context: RenderContext) -> list[FrameLink]:
    """Return the link to the privacy policy in force, unless the brand's own links lead there."""
    policy = policy_in_force(context.site, at=context.at)
    if policy is None or context.is_page:
        return []
    address = (page_url(policy.page, context.base_url, context.site.pk) if policy.page else "") or policy.address
    for link in context.brand.footer_links if footer.with_links else ():
        href = page_url(link.page, context.base_url, context.site.pk) if link.page else link.url
        if (policy.page and link.page and link.page.pk == policy.page.pk) or _place(href, context) == _place(
            address, context
        ):
            return []
    label = _("Privacy policy, version %(version)s") % {"version": policy.version}
    return [FrameLink(label, None, address)]


def _place(url: str, context: RenderContext) -> str:
    """Return an address without what two links to the same text may differ in."""
    return absolute(url, context.base_url).partition("#")[0].rstrip("/") if url else ""


def _logos(context: RenderContext) -> dict[str, Any]:
    """Return the picture for light mode, and the one that takes its place in dark mode, if that is another."""
    brand = context.brand
    has_one_only = bool(brand.header_logo) and not brand.logo_dark
    return {
        "logo": _logo(brand.header_logo, context),
        "logo_dark": _logo(brand.logo_dark, context) if brand.swaps_logo else None,
        # A logo for light grounds brings one along: where the header is dark, and in dark mode.
        "has_chip": has_one_only and is_dark(brand.header_background),
        "has_dark_chip": has_one_only,
    }


def _logo(image: Any, context: RenderContext) -> Picture | None:
    brand = context.brand
    return context.picture(image, brand.company_name, width=brand.logo_width) if image else None


def _logo_column(context: RenderContext) -> int:
    """Return the percentage of the width that a logo beside a menu takes."""
    width = BODY_WIDTH - 2 * GUTTER
    return min(70, max(30, round(100 * (context.brand.logo_width + MARGIN) / width)))


def _edge(align: str, context: RenderContext) -> str:
    """Return what an editor chose; else the theme's, whose left is where the language begins."""
    return align or (context.start if context.brand.theme.align == "left" else "center")


def _render(template: str, facts: dict[str, Any], context: RenderContext) -> SafeString:
    return render_to_string(template, {**facts, "brand": context.brand, "gutter": GUTTER})
