"""Compiling landing pages, kept in the cache: looking at a page writes no row. And what is known about a visitor."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from wagtail.blocks import StreamValue

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.contents import content_of
from wagtail_precise_mail.delivery.versions import version_of
from wagtail_precise_mail.emails.composition import PAYLOAD_VERSION, Source, compile_source, compose
from wagtail_precise_mail.emails.readers import Reader, ReaderLoader
from wagtail_precise_mail.emails.sites import base_url_of
from wagtail_precise_mail.exceptions import RenderError

if TYPE_CHECKING:
    from wagtail.models import Site

    from wagtail_precise_mail.tracking.visitors import Visitor

logger = logging.getLogger(__name__)

FRESH_SECONDS = 60
"""How long a page is shown as it was composed: prices of single products, saved blocks and the brand may be so old."""

_KEPT_SECONDS = 24 * 60 * 60
_CACHE = "wagtail_precise_mail.landing"


@dataclass
class Payload:
    """What carries a payload that is in no table."""

    payload: dict[str, Any]


@dataclass
class WrittenPage:
    """A landing page, as an email is composed. Its title is no subject: merge tags do not count there."""

    body: StreamValue
    locale_id: int | None
    locale: Any
    subject: str = ""
    preheader: str = ""


def written(page: Any) -> WrittenPage:
    """Return a landing page as it is composed."""
    # A page that has no place yet has no language, either.
    return WrittenPage(page.body, page.locale_id, page.locale if page.locale_id else None)


def payload_and_reader(
    page: Any, site: Site, visitor: Visitor | None, *, at: datetime
) -> tuple[dict[str, Any], Reader]:
    """Return a landing page, compiled, and all that fills it.

    Args:
        visitor: whose contact is known; None for strangers.

    Raises:
        RenderError: the page as a whole cannot be rendered.
    """
    payload = payload_of(page, site, at=at)
    try:
        return payload, reader_of(payload, site, visitor, at=at)
    except RenderError:  # a segment was deleted since: whatever was meant for it goes with the next composing
        cache.delete(_page_key(page, site))
        payload = payload_of(page, site, at=at)
        return payload, reader_of(payload, site, visitor, at=at)


def payload_of(page: Any, site: Site, *, at: datetime) -> dict[str, Any]:
    """Return a landing page, compiled. It is composed once a minute at the most, and compiled when it has changed.

    Raises:
        RenderError: the page as a whole cannot be rendered; a block that cannot is left out.
    """
    key = _page_key(page, site)
    payload: dict[str, Any] | None = cache.get(key)
    if payload is None:
        payload = _compiled(_composed(page, site, at))
        cache.set(key, payload, FRESH_SECONDS)
    return payload


def reader_of(payload: dict[str, Any], site: Site, visitor: Visitor | None, *, at: datetime) -> Reader:
    """Return what fills a landing page for a visitor, or for nobody.

    Raises:
        RenderError: a segment that the page asks for no longer exists.
    """
    loader, base_url = ReaderLoader(payload), base_url_of(site)
    if visitor is None or visitor.contact is None:
        nobody = loader.load([Contact()], at=at, base_url=base_url, is_visit=True)[0]
        return replace(nobody, values={})
    contact = visitor.contact
    found = loader.load(
        [contact],
        at=at,
        base_url=base_url,
        messages={contact.pk: visitor.message_id},
        is_visit=True,
        known_segments=segments_in_mail(visitor, loader.segment_ids),
    )[contact.pk]
    return replace(found, values={}) if found.failure else found


def segments_in_mail(visitor: Visitor, asked: list[int]) -> dict[int, bool]:
    """Return whether the mail took its reader for a member of segments, as far as it asked: the page says the same."""
    content = content_of(visitor.message) if asked else None
    if content is None:
        return {}
    decided = set(ReaderLoader(version_of(visitor.message).payload).segment_ids)
    return {pk: pk in content.segments for pk in asked if pk in decided}


def _composed(page: Any, site: Site, at: datetime) -> Source:
    """Compose a page; a block that cannot be rendered, such as one whose product was deleted, is left out."""
    whole = written(page)
    raw = whole.body.get_prep_value()
    while True:
        whole = replace(whole, body=whole.body.stream_block.to_python(raw))
        try:
            return compose(whole, site=site, base_url=base_url_of(site), at=at, is_page=True)
        except RenderError as error:
            kept = [block for block in raw if not error.block_id or f'"{error.block_id}"' not in json.dumps(block)]
            if len(kept) == len(raw):
                raise
            logger.warning("A block of landing page %s is left out: %s", page.pk, error)
            raw = kept


def _compiled(source: Source) -> dict[str, Any]:
    key = f"{_CACHE}.source.{source.hash}"
    payload: dict[str, Any] | None = cache.get(key)
    if payload is None:
        payload = compile_source(source)
        cache.set(key, payload, _KEPT_SECONDS)
    return payload


def _page_key(page: Any, site: Site) -> str:
    version = [PAYLOAD_VERSION, page._meta.label, page.pk, page.live_revision_id, str(page.last_published_at), site.pk]
    return f"{_CACHE}.page.{hashlib.sha256(json.dumps([*version, base_url_of(site)]).encode()).hexdigest()}"
