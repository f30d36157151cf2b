"""What contacts decide themselves: topics, pace, pauses, language, what is derived from them, and their own data."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from wagtail.models import Site

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.contacts.addresses import address_hash, normalize_address
from wagtail_precise_mail.contacts.changes import SELF, ContactChange, change_fields
from wagtail_precise_mail.contacts.letters import Letter, send_letter
from wagtail_precise_mail.contacts.models import Cadence, ConsentStatus, Contact, Topic
from wagtail_precise_mail.contacts.public import page_language
from wagtail_precise_mail.contacts.services import subscribe, withdraw
from wagtail_precise_mail.contacts.throttle import may_pass

PAUSES = (1, 3, 6)
"""Months that a pause may last."""

OWN_FIELDS = ("first_name", "last_name", "country", "city", "birthday_on", "organization", "job_title")
"""What contacts may see in a form and correct."""

DETAILS = tuple(name for name in OWN_FIELDS if name != "birthday_on")
"""What the block "Is this still right?" of a mail may show, and the page that it leads to."""

CONFIRMED = "confirmed"
"""What stands in the audit in the place of a field when a contact said that everything is right."""

# By its path: tasks are on a floor above.
_SEND_LINK = "wagtail_precise_mail.contacts.tasks.send_preference_link"
_LINKS_PER_ADDRESS, _LINKS_PER_VISITOR, _HOUR = 3, 20, 3600


@dataclass(frozen=True)
class Wishes:
    """What a contact chose on the page, as a whole.

    Attributes:
        topics: ids of the topics that they want, among those that were offered.
        language: code, or "" to leave it to the site.
    """

    topics: Collection[int]
    cadence: str
    language: str
    is_tracking_allowed: bool
    is_profiling_allowed: bool


def offered_topics(contact: Contact) -> list[tuple[Topic, bool]]:
    """Return the topics that a contact may choose from, each with whether they have it: two queries."""
    granted = contact.consents.filter(status=ConsentStatus.GRANTED).values_list("topic_id", flat=True)
    has = set(granted)
    return [(topic, topic.pk in has) for topic in Topic.objects.all()]


def explained_cadences(topics: Iterable[Topic]) -> list[tuple[str, str, str]]:
    """Return each pace with its name and what it does, for topics of which at least one has digests."""
    has_digests = any(topic.has_digests for topic in topics)
    words = {
        Cadence.EVERY: _("Each one as it comes."),
        Cadence.DAILY: _("Everything of a day in one mail, the next morning."),
        Cadence.WEEKLY: _("Everything of a week in one mail, on Monday morning."),
        Cadence.MONTHLY: _("Everything of a month in one mail, on the first of the next."),
        Cadence.QUARTERLY: _(
            "Everything of three months in one mail, on the first of January, April, July and October."
        ),
    }
    return [(one.value, str(one.label), words[one] if has_digests else "") for one in Cadence]


@transaction.atomic
def keep_wishes(contact: Contact, wishes: Wishes, *, evidence: str = "", at: datetime | None = None) -> bool:
    """Write what a contact chose: consent into the ledger, fields into the audit, both with the source "self".

    Args:
        evidence: where they chose, such as "link in message 7".

    Returns:
        Whether anything changed.
    """
    at = at or timezone.now()
    contact = _locked(contact)
    is_new = False
    for topic, has_it in offered_topics(contact):
        wants_it = topic.pk in wishes.topics
        if wants_it and not has_it:
            subscribe(contact, topic, source=SELF, evidence=evidence, at=at)
        elif has_it and not wants_it:
            withdraw(contact, topic, source=SELF, evidence=evidence, at=at)
        is_new |= wants_it != has_it
    fields = {
        "cadence": wishes.cadence,
        "locale": wishes.language,
        "is_tracking_allowed": wishes.is_tracking_allowed,
        "is_profiling_allowed": wishes.is_profiling_allowed,
    }
    changed = change_fields(contact, fields, source=SELF, detail=evidence, at=at)
    return is_new or bool(changed)


def granted_topics(contact: Contact) -> list[Topic]:
    """Return the topics that a contact gets mail about."""
    return list(Topic.objects.filter(consents__contact=contact, consents__status=ConsentStatus.GRANTED))


@transaction.atomic
def agree_again(contact: Contact, *, evidence: str = "", at: datetime | None = None) -> list[Topic]:
    """Record that a contact who was asked again still wants what they get; what they left stays left.

    Returns:
        The topics that they have said yes to again.
    """
    contact = _locked(contact)
    topics = granted_topics(contact)
    for topic in topics:
        subscribe(contact, topic, source=SELF, evidence=evidence, at=at)
    return topics


@transaction.atomic
def pause(contact: Contact, *, months: int, evidence: str = "", at: datetime | None = None) -> datetime:
    """Hold back mail about topics for some months; it comes again by itself.

    Returns:
        The end of the pause.
    """
    at = at or timezone.now()
    ends_at = months_later(at, months)
    change_fields(_locked(contact), {"paused_until": ends_at}, source=SELF, detail=evidence, at=at)
    return ends_at


@transaction.atomic
def end_pause(contact: Contact, *, evidence: str = "", at: datetime | None = None) -> None:
    """Let mail come again before the end of a pause."""
    change_fields(_locked(contact), {"paused_until": None}, source=SELF, detail=evidence, at=at or timezone.now())


@transaction.atomic
def slow_down(contact: Contact, *, cadence: str, evidence: str = "", at: datetime | None = None) -> None:
    """Write to a contact less often, which they may prefer to leaving."""
    change_fields(_locked(contact), {"cadence": cadence}, source=SELF, detail=evidence, at=at or timezone.now())


@transaction.atomic
def correct(
    contact: Contact, values: Mapping[str, Any], *, evidence: str = "", at: datetime | None = None
) -> list[str]:
    """Write what a contact corrected about themselves, and that they have looked at it.

    Args:
        values: of :data:`OWN_FIELDS`, checked by a form.

    Returns:
        The names of the fields that changed.
    """
    at = at or timezone.now()
    contact = _locked(contact)
    own = {name: value for name, value in values.items() if name in OWN_FIELDS}
    changed = change_fields(contact, own, source=SELF, detail=evidence, at=at)
    ContactChange.objects.create(contact=contact, field=CONFIRMED, source=SELF, detail=evidence, changed_at=at)
    return changed


def confirmed_at(contact: Contact) -> datetime | None:
    """Return when a contact last said that their data are right, or None."""
    last = contact.changes.filter(field=CONFIRMED, source=SELF).order_by("-changed_at").first()
    return last.changed_at if last else None


def ask_for_link(address: str, *, site: Site, visitor: str) -> None:
    """Send the link to their own data to whoever reads a mailbox, if it is a contact's.

    Nothing tells whether it was: not the return value, nor an error, and the letter is made behind the scenes.

    Args:
        address: as somebody typed it.
        visitor: who asks, such as an IP address; counted together with others from there.

    Raises:
        InvalidAddress: this is no address.
    """
    key = address_hash(normalize_address(address))
    if may_pass("link_by", visitor, limit=_LINKS_PER_VISITOR, seconds=_HOUR) and _may_send_to(key):
        contact_id = Contact.objects.filter(address_hash=key).values_list("pk", flat=True).first()
        if contact_id is not None:
            enqueue(_SEND_LINK, contact_id, site.pk)


def ask_for_own_link(contact: Contact, *, site: Site) -> None:
    """Send a contact who holds the link of a mail the one to their own data."""
    if _may_send_to(contact.address_hash):
        enqueue(_SEND_LINK, contact.pk, site.pk)


def send_link(contact: Contact, *, site: Site) -> None:
    """Send a contact the link to their own data.

    Raises:
        ConfigurationError: the brand of the site has no sender.
    """
    language = page_language(contact)
    with translation.override(language):
        letter = Letter(
            subject=_("Your link to your settings and data"),
            preheader=_("You asked for it a moment ago."),
            paragraphs=[
                _("You asked for a link to see and change what we know about you, and which mail you get."),
                _("It works for a short while only. If it was not you who asked, you need do nothing."),
            ],
            button=_("Open my settings and data"),
            link="own_data",
            language=language,
        )
    send_letter(contact, letter, site)


def _may_send_to(key: str) -> bool:
    return may_pass("link_to", key, limit=_LINKS_PER_ADDRESS, seconds=_HOUR)


def months_later(at: datetime, months: int) -> datetime:
    """Return the same day and time some months later; the last day of the month where it has no such day."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return at.replace(year=year, month=month + 1, day=day)


def _locked(contact: Contact) -> Contact:
    """Return the row as it is now; two changes of one contact wait for each other."""
    return Contact.objects.select_for_update().get(pk=contact.pk)
