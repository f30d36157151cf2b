"""Compiling emails: once per source, whatever the number of contacts."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from wagtail.models import Site

from wagtail_precise_mail.emails.checks.balance import count_balance
from wagtail_precise_mail.emails.checks.facts import blocks_of
from wagtail_precise_mail.emails.composition import Source, Written, compile_source, compose
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
    balance = count_balance(blocks_of(email.body))
    facts = {
        "email_id": email.pk,
        "revision_id": revision_id or email.latest_revision_id,
        "created_by_id": by.pk if by else None,
        "promotion_count": balance.promotion_count,
        "editorial_count": balance.editorial_count,
    }
    # One row per email: a copy with the same words has its own history.
    return _keep(source, str(email.pk), facts)


def compile_written(written: Written, *, site: Site, base_url: str, at: datetime) -> CompiledEmail:
    """Return something that is no row, such as a letter of the package, ready to be filled; as :func:`compile_email`.

    Raises:
        RenderError: it cannot be rendered.
    """
    return _keep(compose(written, site=site, base_url=base_url, at=at), "written", {})


def _keep(source: Source, owner: str, facts: dict[str, Any]) -> CompiledEmail:
    source_hash = hashlib.sha256(f"{owner} {source.hash}".encode()).hexdigest()
    known = CompiledEmail.objects.filter(source_hash=source_hash).first()
    if known:
        return known
    payload = compile_source(source)
    html_size = sum(len(part.encode()) for part in payload["html"] if isinstance(part, str))
    shown = sorted(source.context.shared.shown)
    row, is_new = CompiledEmail.objects.get_or_create(
        source_hash=source_hash, defaults={**facts, "payload": payload, "shown": shown, "html_size": html_size}
    )
    if is_new:
        logger.info("Compiled email %s: %d bytes, %d links.", owner, html_size, len(payload["links"]))
    return row
