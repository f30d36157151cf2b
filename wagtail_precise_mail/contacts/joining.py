"""Signing up and confirming it: writes of people who come by themselves."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Model, Sum
from django.utils import timezone

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.addresses import normalize_address
from wagtail_precise_mail.contacts.answering import take_choices
from wagtail_precise_mail.contacts.captchas import why_refused
from wagtail_precise_mail.contacts.confirmations import confirmation_mailers
from wagtail_precise_mail.contacts.grades import ConsentBasis, OptIn
from wagtail_precise_mail.contacts.models import ConsentStatus, Contact, Suppression, Topic
from wagtail_precise_mail.contacts.proofs import Shown
from wagtail_precise_mail.contacts.questions import SignUpChoice
from wagtail_precise_mail.contacts.services import announce, change_consent, lock_contact, subscribe, upsert_contact
from wagtail_precise_mail.contacts.sign_ups import SignUp
from wagtail_precise_mail.contacts.signals import sign_up_confirmed
from wagtail_precise_mail.contacts.throttling import check_place, may_mail
from wagtail_precise_mail.exceptions import InvalidAddress, LinkExpired, PreciseMailError

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from wagtail.models import Site

logger = logging.getLogger(__name__)

ANSWERS = ("first_name", "last_name", "organization", "job_title", "city")
"""Fields of contacts that a form may ask for beside the address."""


@dataclass(frozen=True)
class Visit:
    """Where and how somebody signs up.

    Attributes:
        language: the one they read; the mail is written in it.
        answers: what they say of themselves, by the names in :data:`ANSWERS`.
        choices: what they ticked of the form's questions.
    """

    site: Site | None = None
    language: str = ""
    shown: Shown = field(default_factory=Shown)
    answers: Mapping[str, str] = field(default_factory=dict)
    choices: Sequence[SignUpChoice] = ()


def sign_up(
    address: str,
    topics: Sequence[Topic],
    *,
    source: str,
    visit: Visit | None = None,
    by: User | None = None,
    at: datetime | None = None,
) -> SignUp | None:
    """Take a sign-up: a contact who is not known yet is made, and a mail asks them to confirm.

    Nothing that is known of a contact changes before they confirm, because anybody can enter anybody's address. Only
    topics of single opt-in are granted at once, and only to those who never left.

    Args:
        source: the slug of where it came from.
        by: the colleague who typed it in: the contact is always asked by mail, and the place is not counted.

    Returns:
        The sign-up; None when so many mails went to this address today that it does not even count. Whoever asked must
        get the same answer for both.

    Raises:
        InvalidAddress: no mail could be sent there, or a check of addresses refuses it.
        TooManySignUps: too many came from this place within the hour.
        ValueError: there is no topic.
    """
    at, visit, normalized = at or timezone.now(), visit or Visit(), normalize_address(address)
    if not topics:
        raise ValueError("Somebody signs up for at least one topic.")
    if reason := why_refused(normalized):
        raise InvalidAddress(reason)
    if by is None:
        check_place(ip_address=visit.shown.ip_address, site_id=visit.site.pk if visit.site else None)
    # First, and in the cache: the ten-thousandth request for one address costs no query.
    if not may_mail(normalized):
        return None
    with transaction.atomic():
        contact = upsert_contact(address, source=source)
        lock_contact(contact)
        row = _keep(contact, topics, source, visit, at)
        asked = [topic for topic in topics if by is not None or _has_to_ask(contact, topic)]
        for topic in asked:
            _mark_pending(contact, topic, row, visit, by, at)
        for topic in topics:
            if topic not in asked:
                subscribe(contact, topic, source=source, at=at, shown=visit.shown, basis=ConsentBasis.SINGLE)
        if not asked:
            _finish(row, at)
        elif _has_mails_left(contact, at):
            _ask(row, at)
    return row


def _keep(contact: Contact, topics: Sequence[Topic], source: str, visit: Visit, at: datetime) -> SignUp:
    """Return the open sign-up that says the same, else a new one."""
    for row in contact.sign_ups.filter(confirmed_at=None, source=source, expires_at__gt=at):
        says_the_same = _ids(row.topics.all()) == _ids(topics) and _ids(row.choices.all()) == _ids(visit.choices)
        if says_the_same:
            return row
    columns = visit.shown.columns()
    row = SignUp.objects.create(
        contact=contact,
        source=source,
        site=visit.site,
        language=visit.language,
        answers={name: visit.answers[name][:150] for name in ANSWERS if visit.answers.get(name)},
        created_at=at,
        **columns,
    )
    row.topics.set(topics)
    row.choices.set(visit.choices)
    return row


def _ids(rows: Iterable[Model]) -> set[Any]:
    return {row.pk for row in rows}


def _has_to_ask(contact: Contact, topic: Topic) -> bool:
    if topic.opt_in == OptIn.DOUBLE:
        return True
    # Whoever left once comes back by their own hand, not by somebody's who knows their address.
    left = contact.consents.filter(status=ConsentStatus.WITHDRAWN).exists()
    return left or Suppression.objects.filter(address_hash=contact.address_hash).exists()


def _mark_pending(contact: Contact, topic: Topic, row: SignUp, visit: Visit, by: User | None, at: datetime) -> None:
    """Write down that somebody was asked. A yes stays a yes, and a no a no, until they answer."""
    if not contact.consents.filter(topic=topic).exists():
        evidence = f"sign-up {row.pk}"
        change_consent(contact, topic, ConsentStatus.PENDING, row.source, evidence, at, by, shown=visit.shown)


def _has_mails_left(contact: Contact, at: datetime) -> bool:
    # The cache may be one of several, or be emptied: what was mailed is in the database, too.
    recent = contact.sign_ups.filter(mailed_at__gt=at - timedelta(days=1))
    return (recent.aggregate(count=Sum("mail_count"))["count"] or 0) < options().sign_up_mails_per_day


def _ask(row: SignUp, at: datetime) -> None:
    row.mail_count = F("mail_count") + 1
    row.mailed_at, row.expires_at = at, at + timedelta(hours=options().sign_up_link_hours)
    row.save(update_fields=["mail_count", "mailed_at", "expires_at"])
    row.refresh_from_db(fields=["mail_count"])
    transaction.on_commit(partial(_send, row))


def _send(row: SignUp) -> None:
    try:
        confirmation_mailers.get(options().confirmation_mailer)().send(row)
    except PreciseMailError:
        # Whoever signed up cannot help it, and must not learn more than others do.
        logger.exception("The mail of sign-up %s was not sent.", row.pk)


@transaction.atomic
def confirm_sign_up(row: SignUp, *, ip_address: str = "", at: datetime | None = None) -> bool:
    """Grant what somebody signed up for, now that they opened the mail and said so.

    Returns:
        Whether this was new; a second time changes nothing, even after they left.

    Raises:
        LinkExpired: the mail is too old.
    """
    at = at or timezone.now()
    lock_contact(row.contact)
    row.refresh_from_db()
    if row.confirmed_at:
        return False
    if row.expires_at is None or at > row.expires_at:
        raise LinkExpired("This mail is too old: sign up again.")
    _take_answers(row, at)
    shown = Shown(row.wording, row.policy, ip_address, row.page_url, row.source_page_id)
    evidence = f"sign-up {row.pk}: asked {row.created_at:%Y-%m-%d %H:%M} UTC, confirmed by the link in the mail"
    for topic in row.topics.all():
        subscribe(
            row.contact, topic, source=row.source, evidence=evidence, at=at, basis=ConsentBasis.DOUBLE, shown=shown
        )
    _finish(row, at)
    return True


def _take_answers(row: SignUp, at: datetime) -> None:
    known: dict[str, Any] = {name: value for name, value in row.answers.items() if name in ANSWERS}
    upsert_contact(row.contact.email, **known, locale=row.contact.locale or row.language)
    choices = row.choices.select_related("tag", "question__contact_field").order_by("question", "sort_order")
    take_choices(row.contact, choices, evidence=f"sign-up {row.pk}", at=at)


def _finish(row: SignUp, at: datetime) -> None:
    row.confirmed_at = at
    row.save(update_fields=["confirmed_at"])
    announce(sign_up_confirmed, contact=row.contact, sign_up=row, at=at)
