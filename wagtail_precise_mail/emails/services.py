"""Compiling emails: once per source, whatever the number of contacts."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from wagtail.models import Site

from wagtail_precise_mail.emails.checks.balance import count_balance
from wagtail_precise_mail.emails.checks.facts import blocks_of
from wagtail_precise_mail.emails.composition import compile_source, compose
from wagtail_precise_mail.emails.models import CompiledEmail, Email

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

logger = logging.getLogger(__name__)


def compile_email(
    email: Email,
    *,
    site: Site,
    base_url: str,
    at: datetime | None = None,
    by: AbstractBaseUser | None = None,
    revision_id: int | None = None,
) -> CompiledEmail:
    """Return an email ready to be filled for each contact; pages, products and saved blocks are read now.

    Nothing is compiled when the same source was compiled before: then its row is returned.

    Args:
        email: a row, or the object of a revision.
        site: decides the brand and the language.
        base_url: scheme and host in front of links and images.
        revision_id: the revision whose object ``email`` is; None takes the email's latest.

    Raises:
        RenderError: a block cannot be rendered; the error names it.
    """
    source = compose(email, site=site, base_url=base_url, at=at or timezone.now())
    # One row per email: a copy with the same words has its own history.
    source_hash = hashlib.sha256(f"{email.pk} {source.hash}".encode()).hexdigest()
    known = CompiledEmail.objects.filter(source_hash=source_hash).first()
    if known:
        return known
    payload = compile_source(source)
    balance = count_balance(blocks_of(email.body))
    html_size = sum(len(part.encode()) for part in payload["html"] if isinstance(part, str))
    row, is_new = CompiledEmail.objects.get_or_create(
        source_hash=source_hash,
        defaults={
            "email_id": email.pk,
            "revision_id": revision_id or email.latest_revision_id,
            "payload": payload,
            "shown": sorted(source.context.shared.shown),
            "promotion_count": balance.promotion_count,
            "editorial_count": balance.editorial_count,
            "html_size": html_size,
            "created_by_id": by.pk if by else None,
        },
    )
    if is_new:
        logger.info("Compiled email %s: %d bytes, %d links.", email.pk, html_size, len(payload["links"]))
    return row
