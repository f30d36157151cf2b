"""Who the mail comes from."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.facts import EmailFacts
from wagtail_precise_mail.emails.senders import sender_problem


class _BrandCheck(EmailCheck):
    def at_brand(self, message: str, remedy: str) -> Finding:
        return self.finding(message, remedy, place=_("Email brand"), field="brand")


class _SenderCheck(EmailCheck):
    def at_sender(self, message: str, remedy: str) -> Finding:
        return self.finding(message, remedy, place=_("Sender"), field="sender")

    def problem(self, facts: EmailFacts) -> Iterator[Finding]:
        """Yield the problem of the sender that this check is named after."""
        problem = sender_problem(facts.sender)
        if problem and problem.key == self.key:
            yield self.at_sender(problem.message, problem.remedy)


@email_checks.register("sender_missing")
class SenderMissing(_SenderCheck):
    """The site has a sender."""

    label = gettext_lazy("Sender is there")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        yield from self.problem(facts)


@email_checks.register("sender_unverified")
class SenderUnverified(_SenderCheck):
    """The address of the sender is verified: nothing is sent from another one, whatever the level."""

    label = gettext_lazy("Sender is verified")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        yield from self.problem(facts)


@email_checks.register("sender_no_reply")
class SenderNoReply(_SenderCheck):
    """The sender, and who gets the replies, is an address that somebody reads."""

    label = gettext_lazy("Sender can be answered")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        for address in facts.sender.no_reply_addresses if facts.sender else []:
            yield self.at_sender(
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
