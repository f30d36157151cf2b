"""What is worth knowing about an email before it goes out: errors stop it, warnings and hints do not.

One file per subject; each check registers itself in :data:`email_checks`.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from wagtail.models import Site

from wagtail_precise_mail.emails.checks import (  # noqa: F401  each registers its checks
    balance,
    body,
    brand,
    clients,
    contrast,
    cross_selling,
    frame,
    links,
    offers,
    pictures,
    reading,
    references,
    rendering,
    rights,
    structure,
    subject,
    voice,
    wording,
)
from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, active_checks, email_checks
from wagtail_precise_mail.emails.checks.contrast import check_contrast
from wagtail_precise_mail.emails.checks.facts import BlockFacts, EmailFacts
from wagtail_precise_mail.emails.composition import Written
from wagtail_precise_mail.emails.senders import SenderIdentity

__all__ = [
    "BlockFacts",
    "EmailCheck",
    "EmailFacts",
    "Finding",
    "Level",
    "check_contrast",
    "check_email",
    "email_checks",
    "run_checks",
]

logger = logging.getLogger(__name__)

_FIELDS = {"subject": 0, "preheader": 1, "sender": 1_000_000, "brand": 1_000_001}


def check_email(
    email: Written,
    site: Site,
    *,
    payload: dict[str, Any] | None = None,
    sender: SenderIdentity | None = None,
    at: datetime | None = None,
    is_transactional: bool | None = None,
) -> list[Finding]:
    """Return what is wrong with an email as it would be sent, the worst first.

    Args:
        payload: of the compiled email, where there is one, so that its MJML is not compiled for the checks again.
        sender: whom it comes from; None means the sender of the site.
        at: when it would be sent, for what expires; None means now.
        is_transactional: whether people get it who need not have agreed to anything; None leaves it to its blocks.

    Raises:
        ConfigurationError: ``check_levels`` names a check that does not exist.
    """
    facts = EmailFacts(email, site, payload=payload, sender=sender, at=at, is_transactional=is_transactional)
    return run_checks(facts)


def run_checks(facts: EmailFacts) -> list[Finding]:
    """Return what every check finds, the worst first.

    Raises:
        ConfigurationError: ``check_levels`` names a check that does not exist.
    """
    findings = [finding for check in active_checks() for finding in _run(check, facts)]
    return sorted(findings, key=lambda finding: (finding.order, _position(finding, facts)))


def _position(finding: Finding, facts: EmailFacts) -> int:
    """Where a finding stands among those of its level: from the inbox line through the blocks to the brand."""
    if finding.field in _FIELDS:
        return _FIELDS[finding.field]
    ids = [block.editor_id for block in facts.blocks]
    return 2 + ids.index(finding.block_id) if finding.block_id in ids else 2 + len(ids)


def _run(check: EmailCheck, facts: EmailFacts) -> list[Finding]:
    try:
        return list(check.run(facts))
    except Exception:  # a check of the project may raise anything; it must close neither the editor nor the gate
        logger.exception("The check %s failed.", check.key)
        message = _("The check “%(check)s” failed.") % {"check": check.label}
        return [check.finding(message, _("See the log of the server, and tell your developer."))]
