"""The checks of an email beside its editor: the panel, the same after a save, and its links followed on demand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from wagtail import hooks
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.admin.ui.side_panels import BaseSidePanel
from wagtail.models import Site

from wagtail_precise_mail.emails.brand import load_brand
from wagtail_precise_mail.emails.checks import EmailFacts, Finding, Level, run_checks
from wagtail_precise_mail.emails.checks.facts import NOWHERE
from wagtail_precise_mail.emails.checks.figures import Figure, figures_of
from wagtail_precise_mail.emails.checks.network import LinkResult, LinkState, check_links
from wagtail_precise_mail.emails.models import BrandSettings, Email
from wagtail_precise_mail.emails.sites import site_of

PERMISSION = "wagtail_precise_mail.change_email"

_HEADINGS: list[tuple[str, str | Promise, str]] = [
    (Level.ERROR, _("Must be corrected"), "circle-xmark"),
    (Level.WARNING, _("Worth a look"), "warning"),
    (Level.HINT, _("Hints"), "info-circle"),
]
_FIELD_IDS = {"subject": "id_subject", "preheader": "id_preheader"}


@dataclass(frozen=True)
class ShownFinding:
    """A finding with the way to its place.

    Attributes:
        href: of the block or field in the editor, of the brand's settings or of the sender; "" where there is none.
        is_here: whether that is on the same page.
        dismissal: what a browser keeps when somebody has read a hint.
        field_id: of the field on the page that its variants can be written into.
    """

    finding: Finding
    href: str
    is_here: bool
    dismissal: str
    field_id: str = ""


@dataclass(frozen=True)
class Group:
    """The findings of one level."""

    level: str
    heading: str | Promise
    icon: str
    findings: list[ShownFinding]


@dataclass(frozen=True)
class ShownLink:
    """What became of a link, with the block that it stands in."""

    result: LinkResult
    label: str
    place: str
    href: str


class EmailChecksPanel(BaseSidePanel):
    """What is worth knowing before the email goes out, in the place of Wagtail's checks of web pages."""

    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        aria_label = _("Toggle checks")
        icon_name = "glasses"
        counter_classname = "w-bg-critical-200"

        def get_context_data(self, parent_context: Any) -> dict[str, Any]:
            context: dict[str, Any] = super().get_context_data(parent_context)
            context["count"] = self.panel.checked["error_count"]
            return context

    class Media:
        css = {"all": ["wagtail_precise_mail/emails/checks.css"]}
        js = ["wagtail_precise_mail/emails/checks.js"]

    name = "checks"
    title = _("Checks")
    template_name = "wagtail_precise_mail/emails/checks_panel.html"
    order = 350

    @cached_property
    def checked(self) -> dict[str, Any]:
        """What the checks say about the version that was saved last; nothing before it was saved once."""
        if self.object.pk is None:
            site = site_of(self.object)
            voice = {"brand": load_brand(site), "brand_url": _brand_url(site, self.request)}
            return {"is_new": True, "error_count": 0, **voice}
        return checked_context(self.object, self.request)

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(parent_context)
        if self.object.pk is not None:
            context["checks_url"] = reverse("precise_mail_email_checks", args=[self.object.pk])
            context["links_url"] = reverse("precise_mail_email_links", args=[self.object.pk])
        return {**context, **self.checked}


def checked_context(email: Email, request: HttpRequest) -> dict[str, Any]:
    """Return what the panel shows of an email."""
    site = site_of(email)
    facts = EmailFacts(email, site)
    findings = run_checks(facts)
    elsewhere = _elsewhere(facts, request)
    shown = [_shown(finding, elsewhere) for finding in findings]
    groups = [
        Group(level, heading, icon, [one for one in shown if one.finding.level == level])
        for level, heading, icon in _HEADINGS
    ]
    figures: list[Figure] = figures_of(facts)
    return {
        "groups": [group for group in groups if group.findings],
        "figures": figures,
        "brand": facts.brand,
        "language": facts.context.language,
        "brand_url": elsewhere["brand"],
        "error_count": sum(finding.is_error for finding in findings),
    }


@require_GET
def checks_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the inside of the panel for the version that was saved last, and the number of errors in a header."""
    email = _latest(request, pk)
    context = checked_context(email, request)
    response = render(request, "wagtail_precise_mail/emails/checks_body.html", context)
    response["Wpm-Errors"] = str(context["error_count"])
    return response


@require_POST
def links_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Follow the links of an email, and return what became of each. POST: it asks other servers, and takes a while."""
    email = _latest(request, pk)
    facts = EmailFacts(email, site_of(email))
    shown = list(_followed(facts))
    dead = sum(one.result.state == LinkState.DEAD for one in shown)
    summary = ngettext("%(count)s dead link", "%(count)s dead links", dead) % {"count": dead}
    context = {"links": shown, "dead_count": dead, "summary": summary}
    return render(request, "wagtail_precise_mail/emails/checks_links.html", context)


def _latest(request: HttpRequest, pk: int) -> Email:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    return cast("Email", get_object_or_404(Email, pk=pk).get_latest_revision_as_object())


def _followed(facts: EmailFacts) -> Iterator[ShownLink]:
    known = {link.url: link for link in facts.links}
    found = {
        str(link["href"]): " ".join(link.get_text(" ").split())
        for link in reversed(facts.soup.find_all("a", href=True))
        if is_followed(str(link["href"]))
    }
    order = {LinkState.DEAD: 0, LinkState.UNSURE: 1, LinkState.REFUSED: 2, LinkState.OK: 3}
    for result in sorted(check_links(reversed(found)), key=lambda result: order[LinkState(result.state)]):
        link = known.get(result.url)
        block = facts.block(link.block_id) if link else facts.top_block_with(found[result.url])
        label = (link.label if link else "") or found[result.url]
        href = _anchor(block.editor_id) if block and block.editor_id else ""
        yield ShownLink(result, label, block.place if block else "", href)


def is_followed(href: str) -> bool:
    """Whether a link leads into the web, and not to an address of ours that is signed for one contact."""
    try:
        parts = urlsplit(href)
    except ValueError:  # no address at all: following it says so
        return True
    return parts.scheme in ("http", "https") and not (parts.hostname or "").endswith(NOWHERE)


def _shown(finding: Finding, elsewhere: dict[str, str]) -> ShownFinding:
    if finding.block_id:
        href = _anchor(finding.block_id)
    elif finding.field in elsewhere:
        href = elsewhere[finding.field]
    else:
        href = f"#{_FIELD_IDS[finding.field]}" if finding.field in _FIELD_IDS else ""
    said = f"{finding.key} {finding.block_id} {finding.message}"
    dismissal = hashlib.sha256(said.encode()).hexdigest()[:16]
    return ShownFinding(finding, href, href.startswith("#"), dismissal, _FIELD_IDS.get(finding.field, ""))


def _anchor(block_id: str) -> str:
    # What Wagtail's own links to a block have, see the panel of a block in the editor.
    return f"#block-{block_id}-section"


def _elsewhere(facts: EmailFacts, request: HttpRequest) -> dict[str, str]:
    """Return where the brand and the sender are changed, for those who may; a sender is chosen in the brand."""
    brand_url = _brand_url(facts.site, request)
    sender_url = AdminURLFinder(request.user).get_edit_url(facts.sender) if facts.sender else brand_url
    return {"brand": brand_url, "sender": sender_url or ""}


def _brand_url(site: Site, request: HttpRequest) -> str:
    if not request.user.has_perm("wagtail_precise_mail.change_brandsettings"):
        return ""
    try:
        return reverse("wagtailsettings:edit", args=[*BrandSettings._meta.label_lower.split("."), site.pk])
    except NoReverseMatch:
        return ""


@hooks.register("register_admin_urls")
def register_check_urls() -> list[URLPattern]:
    """The addresses that the panel asks."""
    return [
        path("precise-mail/emails/<int:pk>/checks/", checks_view, name="precise_mail_email_checks"),
        path("precise-mail/emails/<int:pk>/checks/links/", links_view, name="precise_mail_email_links"),
    ]
