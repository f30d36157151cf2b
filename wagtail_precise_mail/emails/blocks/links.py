"""Links to elsewhere: the company's accounts in networks, and ways to pass an email on."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import (
    BooleanBlock,
    CharBlock,
    ChoiceBlock,
    ListBlock,
    MultipleChoiceBlock,
    StructValue,
)
from wagtail.blocks.struct_block import BlockGroup

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.editions import OWN
from wagtail_precise_mail.emails.link_blocks import NETWORKS, AccountBlock
from wagtail_precise_mail.emails.networks import SHAREABLE, icon_url, name_of
from wagtail_precise_mail.emails.personal_links import personal_links
from wagtail_precise_mail.emails.text import wrap
from wagtail_precise_mail.exceptions import RenderError

ICON_STYLES = [("icons", _("Icons")), ("words", _("Words"))]


@email_blocks.register("social")
class SocialBlock(EmailBlock):
    """Where else the company is found: the accounts of the brand, or others."""

    words = CharBlock(label=_("Words before the links"), required=False, max_length=120)
    accounts = ListBlock(
        AccountBlock(), label=_("Accounts"), default=[], max_num=8, help_text=_("None: those of the email brand.")
    )
    style = ChoiceBlock(label=_("Look"), choices=ICON_STYLES, default="icons")

    mjml_template = "wagtail_precise_mail/emails/blocks/social.mjml"
    merge_fields = ("words",)
    aida = None

    class Meta:
        icon = "globe"
        label = _("Social links")
        group = _("Reader")
        description = _("Links to your accounts in social networks.")
        preview_value = {"words": "See what we are growing:"}
        form_layout = BlockGroup(children=["words", "accounts"], settings=["style"])

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        accounts = [(one.get("network") or "", one.get("url") or "") for one in value.get("accounts") or []]
        if not accounts:
            accounts = [(one.network, one.url) for one in context.brand.social_accounts]
        links = [_account(network, url, context) for network, url in accounts if network and url]
        if not links:
            raise RenderError(gettext("Add an account here, or to the email brand."))
        return {**_look(value, context), "links": links, **_words(value, context)}

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        lines = [f"{link['name']}: {link['href']}" for link in facts["links"]]
        return "\n".join(filter(None, [wrap(facts["plain"]), *lines]))

    def preview_mjml(self, context: RenderContext) -> str:
        networks = ("instagram", "pinterest", "youtube", "weibo", "website")
        links = [_link(network, "#", context) for network in networks]
        value = self.get_preview_value()
        facts = {**_look(value, context), "links": links, **_words(value, context)}
        return self.as_section(self.render_mjml(self.mjml_template, facts, context))


@email_blocks.register("share")
class ShareBlock(EmailBlock):
    """Ways to pass the email on: on networks, to a friend, and to read it in the browser."""

    words = CharBlock(label=_("Words before the links"), required=False, max_length=120)
    networks = MultipleChoiceBlock(
        label=_("Share on"), choices=[(key, NETWORKS[key]) for key in SHAREABLE], required=False
    )
    show_forward = BooleanBlock(label=_("Forward to a friend"), required=False, default=True)
    show_web_version = BooleanBlock(label=_("Read it in the browser"), required=False, default=False)
    style = ChoiceBlock(label=_("Look"), choices=ICON_STYLES, default="icons")

    mjml_template = "wagtail_precise_mail/emails/blocks/share.mjml"
    merge_fields = ("words",)
    fits_on_page = False
    # Copies for others have no message that could be passed on, so they go without.
    editions = OWN
    aida = None

    class Meta:
        icon = "redirect"
        label = _("Share and forward")
        group = _("Reader")
        description = _("Lets readers pass the email on: on social networks or to a friend.")
        preview_value = {
            "words": "Know somebody who likes tea?",
            "networks": ["facebook", "whatsapp", "x", "linkedin"],
            "show_forward": True,
            "show_web_version": True,
            "style": "icons",
        }
        form_layout = BlockGroup(children=["words", "networks", "show_forward", "show_web_version"], settings=["style"])

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        networks = [network for network in value.get("networks") or [] if network in SHAREABLE]
        # Our own address leads there: it knows the public version of this email, and counts who shares it.
        links = [_link(network, _personal("share", context, network), context) for network in networks]
        wanted = {"forward": value.get("show_forward", True), "web_version": value.get("show_web_version")}
        ways = [_way(name, _personal(name, context)) for name, is_shown in wanted.items() if is_shown]
        return {**_look(value, context), "links": links, "ways": ways, **_words(value, context)}

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        share = gettext("Share on %(network)s")
        lines = [f"{share % {'network': link['name']}}: {link['href']}" for link in facts["links"]]
        lines += [f"{way['label']}: {way['href']}" for way in facts["ways"]]
        return "\n".join(filter(None, [wrap(facts["plain"]), *lines])) if lines else ""

    def preview_mjml(self, context: RenderContext) -> str:
        value = self.get_preview_value()
        links = [_link(network, "#", context) for network in value["networks"]]
        ways = [_way("forward", "#"), _way("web_version", "#")]
        facts = {**_look(value, context), "links": links, "ways": ways, **_words(value, context)}
        return self.as_section(self.render_mjml(self.mjml_template, facts, context))


def _way(name: str, href: str) -> dict[str, str]:
    label = gettext("Forward to a friend") if name == "forward" else gettext("Read it in the browser")
    return {"label": label, "href": href}


def _personal(name: str, context: RenderContext, argument: str = "") -> str:
    if name not in personal_links:
        message = gettext("This site has no pages for it: nobody registered the personal link “%(name)s”.")
        raise RenderError(message % {"name": name})
    return context.personal_link(name, argument)


def _account(network: str, url: str, context: RenderContext) -> dict[str, str]:
    href = context.link(url, name_of(network))
    if not href:
        raise RenderError(gettext("“%(url)s” is not an address for a mail.") % {"url": url[:100]})
    return _link(network, href, context)


def _link(network: str, href: str, context: RenderContext) -> dict[str, str]:
    icon = icon_url(network, on=context.brand.on_primary_color, base_url=context.base_url)
    return {"name": name_of(network), "href": href, "icon": icon}


def _look(value: StructValue, context: RenderContext) -> dict[str, Any]:
    return {
        "has_icons": value.get("style") != "words",
        "align": value.get("align") or context.start,
    }


def _words(value: StructValue, context: RenderContext) -> dict[str, SafeString | str]:
    words = value.get("words") or ""
    return {"words": context.merge(words), "plain": context.merge_text(words)}
