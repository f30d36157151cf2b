"""The email that digests are made of: the site's own, or ours, in every language that there is."""

from __future__ import annotations

import json
import logging
from datetime import datetime

from wagtail.models import Locale, Site

from wagtail_precise_mail.emails.digesting import can_digest
from wagtail_precise_mail.emails.languages import choose_language, site_language
from wagtail_precise_mail.emails.models import BrandSettings, CompiledEmail, Email
from wagtail_precise_mail.emails.services import compile_email
from wagtail_precise_mail.emails.sites import base_url_of
from wagtail_precise_mail.emails.starters import starters
from wagtail_precise_mail.emails.starters.digesting import DIGEST
from wagtail_precise_mail.emails.starters.making import draft_of

logger = logging.getLogger(__name__)


def compile_digest(site: Site, *, at: datetime) -> tuple[CompiledEmail, dict[str, CompiledEmail]]:
    """Return the email of a site's digests, and its translations by language; the same again costs no MJML.

    Raises:
        RenderError: a block of it cannot be rendered.
    """
    emails = _own_emails(site) or _our_emails(site)
    base_url = base_url_of(site)
    compiled = {
        code: compile_email(email, site=site, base_url=base_url, at=at, revision_id=email.live_revision_id)
        for code, email in emails.items()
    }
    language = choose_language(site_language(site), compiled, default=next(iter(compiled)))
    original = compiled.pop(language)
    return original, compiled


def _own_emails(site: Site) -> dict[str, Email]:
    """Return what the brand names, by language, the named one first; nothing where it cannot be used."""
    chosen = BrandSettings.for_site(site).digest_email
    if chosen is None:
        return {}
    live = chosen.get_translations(inclusive=True).filter(live=True).select_related("locale")
    usable = [email for email in live if can_digest(email)]
    if not usable:
        logger.warning("Email %s is not published, or lacks the issues of a digest: ours is sent.", chosen.pk)
    return {email.locale.language_code: email for email in sorted(usable, key=lambda one: one.pk != chosen.pk)}


def _our_emails(site: Site) -> dict[str, Email]:
    codes = [site_language(site), *Locale.objects.order_by("pk").values_list("language_code", flat=True)]
    return {code: _our_email(site, code) for code in dict.fromkeys(codes)}


def _our_email(site: Site, language: str) -> Email:
    email = draft_of(starters.get(DIGEST), site, language=language)
    # The same ids each time: so it is the same source, which is compiled once.
    blocks = [{**block, "id": f"digest-{number}"} for number, block in enumerate(email.body.raw_data, 1)]
    email.body = json.dumps(blocks)  # type: ignore[assignment]  # the field reads what is stored
    return email
