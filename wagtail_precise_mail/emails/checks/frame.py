"""What the law wants in every mail: the way out, and a postal address, where the contact reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.facts import UNSUBSCRIBE, EmailFacts
from wagtail_precise_mail.emails.frame import PREFERENCES
from wagtail_precise_mail.emails.readers import walk
from wagtail_precise_mail.emails.sources.products import PERSONAL
from wagtail_precise_mail.exceptions import RenderError


@email_checks.register("unsubscribe_missing")
class UnsubscribeMissing(EmailCheck):
    """The finished mail has an unsubscribe link, in the HTML and in the plain text."""

    label = gettext_lazy("Unsubscribe link is there")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        if not facts.filled:
            return
        remedy = _("Ask your developer to put it back into the template of emails: the law asks for it.")
        if not any(UNSUBSCRIBE in str(link["href"]) for link in facts.soup.find_all("a", href=True)):
            yield self.finding(_("The mail has no unsubscribe link."), remedy, place=_("Footer"))
        if UNSUBSCRIBE not in facts.filled.text:
            yield self.finding(_("The plain text has no unsubscribe link."), remedy, place=_("Footer"))


@email_checks.register("profiling_refusal")
class ProfilingRefusal(EmailCheck):
    """A mail with content chosen by what people did has the link by which they refuse that ("Manage preferences")."""

    label = gettext_lazy("Profiling can be refused")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        payload = facts.rendered
        if isinstance(payload, RenderError) or not _is_personal(payload):
            return
        remedy = _("Ask your developer to put “Manage preferences” back into the template of emails.")
        for part, message in (
            ("html", _("Content is chosen by what people did, and the mail has no link to refuse that.")),
            ("text", _("Content is chosen by what people did, and the plain text has no link to refuse that.")),
        ):
            if not any(hole.get("personal") == PREFERENCES for hole in walk(payload[part])):
                yield self.finding(message, remedy, place=_("Footer"))


@email_checks.register("postal_address")
class PostalAddress(EmailCheck):
    """The brand has a postal address, and the finished mail shows it, in the HTML and in the plain text."""

    label = gettext_lazy("Postal address is there")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        lines = facts.brand.address_lines
        if not lines:
            yield self.finding(
                _("The brand has no postal address."),
                _("Add it in the settings: the law asks for it."),
                place=_("Email brand"),
                field="brand",
            )
        elif facts.filled:
            remedy = _("Ask your developer to put it back into the template of emails: the law asks for it.")
            if not _shows(facts.soup.get_text(" "), lines):
                yield self.finding(_("The mail does not show the postal address."), remedy, place=_("Footer"))
            if not _shows(facts.filled.text, lines):
                yield self.finding(_("The plain text does not show the postal address."), remedy, place=_("Footer"))


def _is_personal(payload: dict[str, Any]) -> bool:
    """Whether readers get parts for their segments, or products by what they bought."""
    if any(spec.get("selection") in PERSONAL for spec in payload.get("lists", {}).values()):
        return True
    return any("if" in hole for part in ("html", "text") for hole in walk(payload[part]))


def _shows(text: str, lines: list[str]) -> bool:
    words = " ".join(text.split())
    return all(" ".join(line.split()) in words for line in lines)
