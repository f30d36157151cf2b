"""Findings in words: what each check is for, what was found, and what to do."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.delivery.domains.findings import Check, Finding, Level, Words
from wagtail_precise_mail.delivery.domains.place_words import PLACE_WORDS
from wagtail_precise_mail.delivery.domains.proof_words import PROOF_WORDS

CHECKS: dict[str, Check] = {
    "domain": Check(
        _("The domain itself"),
        _("Nobody accepts mail from a domain that does not exist."),
    ),
    "spf": Check(
        _("Who may send (SPF)"),
        _("It tells receivers which servers may send mail for your domain."),
    ),
    "dkim": Check(
        _("Signature (DKIM)"),
        _("A signature proves that a mail is yours and was not changed on its way; it survives forwarding."),
    ),
    "dmarc": Check(
        _("Policy (DMARC)"),
        _(
            "It tells receivers what to do with mail that only pretends to be from you; Gmail and Yahoo ask for one "
            "of everybody who writes to many."
        ),
    ),
    "alignment": Check(
        _("One and the same name (alignment)"),
        _(
            "SPF and DKIM only count when they vouch for the domain that readers see behind the @ of the sender, not"
            " for somebody else’s."
        ),
    ),
    "mx": Check(
        _("Answers arrive (MX)"),
        _("Many receivers refuse mail from a domain that cannot get any itself."),
    ),
    "ptr": Check(
        _("Names of the servers (PTR)"),
        _(
            "Gmail and others refuse mail from a server whose address has no name, or one that does not lead back to"
            " it."
        ),
    ),
    "links": Check(
        _("Where links lead"),
        _("Filters compare the domain of links with that of the sender: strangers look like fraud."),
    ),
    "headers": Check(
        _("Headers of your mails"),
        _("Providers ask for some headers, and for one-click unsubscribing, before they trust a sender."),
    ),
    "bimi": Check(
        _("Your logo (BIMI)"),
        _("Some inboxes show your logo beside mails that pass DMARC."),
    ),
    "mta_sts": Check(
        _("Encrypted answers (MTA-STS)"),
        _("It makes other servers encrypt what they send to you; your campaigns do not need it."),
    ),
}
"""In the order in which a person should read them."""

WORDS: dict[str, Words] = {**PROOF_WORDS, **PLACE_WORDS}


def level_of(finding: Finding) -> Level | None:
    """Return how bad a finding is; None when its code is not known (any more)."""
    words = WORDS.get(finding.code)
    return words.level if words and finding.check in CHECKS else None


def found_in_words(finding: Finding) -> str:
    """Return what was found as a sentence in the reader's language."""
    return str(WORDS[finding.code].found) % finding.params


def todo_in_words(finding: Finding) -> str:
    """Return what to do about it, or ""."""
    todo = str(WORDS[finding.code].todo)
    return todo % finding.params if todo else ""
