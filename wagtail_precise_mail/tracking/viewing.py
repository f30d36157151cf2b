"""Keeping what contacts look at on the site: who it is, whether they agreed, and what is written down."""

from __future__ import annotations

import logging
import re
import struct
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import DatabaseError, transaction
from django.db.models.functions import Greatest
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.commerce.viewed import keep_view
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.signing import sign, unsign
from wagtail_precise_mail.tracking.machines import agent_of, is_machine_agent, is_prefetch
from wagtail_precise_mail.tracking.site_views import SiteView
from wagtail_precise_mail.tracking.visitors import visitor_of

logger = logging.getLogger(__name__)

CONSENT_COOKIE = "wpm_visits"
"""Keeps the answer to our own form, "yes" or "no"."""
CONSENT_DAYS = 180

MOST_SECONDS = 3600
"""Nobody reads one page for longer: the tab was forgotten."""
MOST_VIEWS_PER_DAY = 1000
"""Of one contact; whoever reloads a page, or means ill, fills no table."""
_PAUSE = timedelta(seconds=30)
_VIEW = "site_view"
_ID = struct.Struct(">Q")
_BLANKS = re.compile(r"\s+")


def has_consented(request: HttpRequest) -> bool:
    """Whether whoever sends a request agreed to be watched on the site: by the site's own answer, or our cookie."""
    if path := options().visit_consent:
        return bool(import_string(path)(request))
    return bool(request.COOKIES.get(CONSENT_COOKIE) == "yes")


def watched_contact(request: HttpRequest) -> Contact | None:
    """Return the contact who visits, if it may be kept what they look at; None for everybody else.

    Known by a click in a mail or by a login; of those who did neither nothing is kept, also not for later.
    """
    user_agent = agent_of(request)
    if is_machine_agent(user_agent) or is_prefetch(request) or not has_consented(request):
        return None
    contact = _by_login(request)
    if contact is None and (visitor := visitor_of(request)):
        contact = visitor.contact
    return contact if contact and may_watch(contact) else None


def _by_login(request: HttpRequest) -> Contact | None:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    return Contact.objects.filter(user=user).first()


def may_watch(contact: Contact) -> bool:
    """Whether the site counts anything at all, and the contact did not refuse it."""
    return options().is_tracking_enabled and contact.is_tracking_allowed


def record_view(
    contact: Contact,
    *,
    path: str = "",
    product: Product | None = None,
    words: str = "",
    seconds: int = 0,
    source: str = "site",
    at: datetime | None = None,
) -> SiteView | None:
    """Keep that a contact looked at a page, a product, or the results of a search.

    Whether they agreed to it, the caller asks (:func:`watched_contact`); who refused tracking is left out here, too.

    Args:
        path: an address; only its path is kept.
        words: what was searched for; then it is a search, whatever the page.
        seconds: how long, as far as it is known by now.
        at: when (aware); now, when left out.

    Returns:
        None when nothing is kept: the contact refused tracking, or there are too many rows of that day. The same page
        again within half a minute is the same look: the row that is there.
    """
    at = at or timezone.now()
    if not may_watch(contact):
        return None
    values = {
        "kind": _kind(product, words),
        "path": urlsplit(path[:4000].replace("\x00", "")).path[:500],
        "product": product,
        "words": _plain(words),
    }
    day = contact.site_views.filter(happened_at__gt=at - timedelta(days=1), happened_at__lte=at)
    if same := day.filter(**values, happened_at__gt=at - _PAUSE).order_by("-happened_at").first():
        return same
    if day.count() >= MOST_VIEWS_PER_DAY:
        return None
    with transaction.atomic():
        view = SiteView.objects.create(
            contact=contact, **values, seconds=_sane(seconds), source=source[:50], happened_at=at
        )
        if product:
            keep_view(contact, product, at=at)
    return view


def _kind(product: Product | None, words: str) -> SiteView.Kind:
    if words.strip():
        return SiteView.Kind.SEARCH
    return SiteView.Kind.PRODUCT if product else SiteView.Kind.PAGE


def _plain(words: str) -> str:
    return _BLANKS.sub(" ", words.replace("\x00", "")).strip().lower()[:200]


def _sane(seconds: int) -> int:
    return min(max(int(seconds), 0), MOST_SECONDS)


def record_seconds(token: str, seconds: int) -> bool:
    """Keep how long a page was in front; a shorter time that arrives later changes nothing.

    Returns:
        Whether there was such a view.

    Raises:
        InvalidToken: not a token of :func:`make_view_token`.
    """
    rows = SiteView.objects.filter(pk=_read_view_token(token), contact__is_tracking_allowed=True)
    return bool(rows.update(seconds=Greatest("seconds", _sane(seconds))))


def make_view_token(view: SiteView) -> str:
    """Return what the page keeps of its view, to say later how long it was looked at."""
    return sign(_VIEW, _ID.pack(view.pk))


def _read_view_token(token: str) -> int:
    try:
        (pk,) = _ID.unpack(unsign(_VIEW, token))
    except struct.error:
        raise InvalidToken("This link is damaged.") from None
    return int(pk)


def record_visit(request: HttpRequest, *, product: Product | None = None, words: str = "") -> SiteView | None:
    """Keep that whoever visits looks at the page of a request; for sites that do without our script.

    Whatever goes wrong is logged, and the page is shown all the same.

    Returns:
        None when nothing is kept: strangers, machines, and whoever did not agree.
    """
    try:
        contact = watched_contact(request)
        return record_view(contact, path=request.path, product=product, words=words) if contact else None
    except DatabaseError:
        logger.exception("Could not keep a look at %s.", request.path)
        return None
