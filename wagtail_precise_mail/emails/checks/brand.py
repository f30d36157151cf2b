"""Who the mail comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.facts import EmailFacts

_NO_REPLY = re.compile(r"^(?:do[-_.]?)?(?:not?|kein)[-_.]?(?:reply|answer|antwort|response)", re.IGNORECASE)


def says_no_reply(address: str) -> bool:
    """Whether an address tells people not to answer."""
    return bool(_NO_REPLY.match(address or ""))


class _BrandCheck(EmailCheck):
    def at_brand(self, message: str, remedy: str) -> Finding:
        return self.finding(message, remedy, place=_("Email brand"), field="brand")


@email_checks.register("sender_missing")
class SenderMissing(_BrandCheck):
    """The brand of the site has a sender address."""

    label = gettext_lazy("Sender is there")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        if not facts.brand.sender_address:
            yield self.at_brand(_("The brand has no sender address."), _("Add it in the settings: mail comes from it."))


@email_checks.register("sender_name")
class SenderName(_BrandCheck):
    """The mail comes from a name, not only from an address."""

    label = gettext_lazy("Sender has a name")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        if facts.brand.sender_address and not facts.brand.sender_name.strip():
            yield self.at_brand(
                _("The sender has no name."), _("Add the name of the brand: inboxes show it before the subject.")
            )


@email_checks.register("sender_no_reply")
class SenderNoReply(_BrandCheck):
    """The sender, and who gets the replies, is an address that somebody reads."""

    label = gettext_lazy("Sender can be answered")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        for address in dict.fromkeys([facts.brand.sender_address, facts.brand.reply_to]):
            if says_no_reply(address):
                yield self.at_brand(
                    _("%(address)s tells people not to answer.") % {"address": address},
                    _("Take an address that somebody reads: answers keep mail out of the spam folder."),
                )


@email_checks.register("company_missing")
class CompanyMissing(_BrandCheck):
    """The brand has the name of a company or a person, and not just the name of a server."""

    label = gettext_lazy("Company is named")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        if not facts.brand.company_name.strip() or facts.brand.company_name == facts.site.hostname:
            yield self.at_brand(
                _("The brand has no company name."), _("Add it in the settings: the law asks who sends the mail.")
            )
