"""Conditions on consent, days, language, state and chance against the plainest Python, each with its complement."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories.contacts import make_contact, make_list, make_tag, make_topic
from tests.factories.segments import make_rules, make_segment
from tests.rows import check_once
from tests.segments.examples_contacts import EXAMPLES
from wagtail_precise_mail.contacts.models import Consent, Contact, ServiceNote, Suppression
from wagtail_precise_mail.segments.conditions import conditions
from wagtail_precise_mail.segments.queries import explain, members

AT = datetime(2026, 2, 20, 12, tzinfo=UTC)
CASES = [(key, value) for key, values in EXAMPLES.items() for value in values]

_BORN = [None, date(1990, 2, 20), date(1988, 2, 27), date(1992, 2, 29), date(2000, 2, 28), date(1980, 12, 31)]


@pytest.fixture(scope="module")
def crowd(django_db_setup: None, django_db_blocker: Any) -> Any:
    """Sixty contacts with holes in everything, made once and rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        _make_crowd(random.Random(20260220))
        check_once()
        yield list(Contact.objects.order_by("pk"))
        transaction.set_rollback(True)


def _make_crowd(dice: random.Random) -> None:
    topics = [make_topic(slug="news"), make_topic(slug="offers")]
    lists, tag = [make_list(slug="vips"), make_list(slug="press")], make_tag(slug="tea")
    make_segment({"country": {"countries": ["DE"]}}, slug="germans")
    for index in range(60):
        contact = make_contact(
            country=dice.choice(["DE", "GB", ""]),
            city=dice.choice(["Rome", ""]),
            locale=dice.choice(["", "en", "en-gb", "EN_us", "de-at", "zh-hans", "zh-hant", "eng"]),
            birthday_on=_BORN[index % len(_BORN)],
            job_level=dice.choice(["", "head"]),
            attributes=dice.choice([{}, {"size": 41}]),
            quarantined_at=dice.choice([None, None, AT - timedelta(days=1), AT + timedelta(days=1)]),
            paused_until=dice.choice([None, AT - timedelta(days=1), AT, AT + timedelta(days=1)]),
            is_tracking_allowed=dice.random() < 0.5,
            is_profiling_allowed=dice.random() < 0.5,
            user=User.objects.create_user(f"reader-{index}") if index % 5 == 0 else None,
        )
        _give_history(dice, contact, topics)
        contact.lists.set(dice.sample(lists, dice.randint(0, 2)))
        if dice.random() < 0.5:
            contact.contact_tags.create(tag=tag, since=AT - timedelta(days=3))


def _give_history(dice: random.Random, contact: Contact, topics: list[Any]) -> None:
    came = dice.choice([-1, 0, 5, 100, 200, 250, 364, 365, 366, 340, 380, 700])
    Contact.objects.filter(pk=contact.pk).update(created_at=AT - timedelta(days=came))
    for topic in dice.sample(topics, dice.randint(0, 2)):
        Consent.objects.create(
            contact=contact,
            topic=topic,
            status=dice.choice(["granted", "granted", "pending", "withdrawn"]),
            basis=dice.choice(["", "double", "imported"]),
            changed_at=AT - timedelta(days=dice.choice([-1, 0, 29, 30, 60, 61])),
        )
    if dice.random() < 0.4:
        Suppression.objects.create(
            address_hash=contact.address_hash,
            reason=dice.choice(["unsubscribed", "complaint", "hard_bounce"]),
            scope=dice.choice(["everything", "marketing"]),
            created_at=AT + timedelta(days=dice.choice([-5, -5, 1])),
            expires_at=dice.choice([None, None, AT - timedelta(days=1), AT + timedelta(days=1)]),
        )
    for _note in range(dice.randint(0, 3)):
        days = dice.choice([-1, 1, 90, 91])
        kind = dice.choice(["note", "ticket", "call"])
        ServiceNote.objects.create(contact=contact, kind=kind, subject="x", noted_at=AT - timedelta(days=days))


def _ids(*rules: dict[str, Any], at: datetime = AT) -> set[int]:
    found = list(members(make_rules(*rules), at=at).values_list("pk", flat=True))
    assert len(found) == len(set(found))
    return set(found)


def _days_ago(moment: datetime, options: dict[str, Any]) -> bool:
    ago = AT - moment
    low, high = options.get("min_days_ago", 0), options.get("max_days_ago", 99_999)
    return timedelta(days=low) <= ago <= timedelta(days=high)


def has_consent(contact: Contact, topics: list[str], status: str = "granted", **options: Any) -> bool:
    return any(
        one.topic.slug in topics
        and one.status == status
        and one.basis in options.get("basis", [one.basis])
        and _days_ago(one.changed_at, options)
        for one in contact.consents.all()
    )


def is_suppressed(contact: Contact, reasons: list[str] | None = None) -> bool:
    return any(
        one.address_hash == contact.address_hash
        and one.created_at <= AT
        and (one.expires_at is None or one.expires_at > AT)
        and (reasons is None or one.reason in reasons)
        for one in Suppression.objects.all()
    )


def is_reachable(contact: Contact, topics: list[str] | None = None) -> bool:
    is_held = contact.quarantined_at is not None or (contact.paused_until is not None and contact.paused_until > AT)
    agreed = has_consent(contact, topics or ["news", "offers"])
    return agreed and not is_held and not is_suppressed(contact)


def came(contact: Contact, from_on: str = "", until_on: str = "", **options: Any) -> bool:
    day = timezone.localtime(contact.created_at).date().isoformat()
    return (
        _days_ago(contact.created_at, options) and (not from_on or day >= from_on) and (not until_on or day <= until_on)
    )


def reads(contact: Contact, languages: list[str]) -> bool:
    code = contact.locale.lower().replace("_", "-")
    return any(code == one.lower() or code.startswith(f"{one.lower()}-") for one in languages)


def comes_back(day: date | None, days: int | None = None, month: str = "") -> bool:
    if day is None:
        return False
    today = timezone.localtime(AT).date()
    if days is None:
        return day.month == {"this": today.month, "next": today.month % 12 + 1}.get(month, 0) or str(day.month) == month
    return any(_celebrates(day, today + timedelta(days=ahead)) for ahead in range(days + 1))


def _celebrates(born: date, day: date) -> bool:
    if (born.month, born.day) == (2, 29) and (day.month, day.day) == (2, 28):
        return (day + timedelta(days=1)).month == 3
    return (born.month, born.day) == (day.month, day.day)


def has_anniversary(contact: Contact, **options: Any) -> bool:
    day, today = timezone.localtime(contact.created_at).date(), timezone.localtime(AT).date()
    month = {"next": 3, "12": 12}.get(options.get("month", ""), 0)
    return comes_back(day, **options) and day < (date(2026, month, 1) if month else today)


def notes(contact: Contact, kinds: list[str] | None = None, days: int = 99_999, min: int = 1) -> bool:
    found = [
        one
        for one in contact.service_notes.all()
        if (kinds is None or one.kind in kinds) and AT - timedelta(days=days) <= one.noted_at <= AT
    ]
    return len(found) >= min


def is_drawn(contact: Contact, percent: float, seed: str = "") -> bool:
    place = int(hashlib.md5(f"{seed}:{contact.pk}".encode()).hexdigest()[:8], 16)
    return place < percent / 100 * 2**32


STATES: dict[str, Callable[[Contact], bool]] = {
    "quarantined": lambda c: c.quarantined_at is not None and c.quarantined_at <= AT,
    "paused": lambda c: c.paused_until is not None and c.paused_until > AT,
    "has_account": lambda c: c.user_id is not None,
    "allows_tracking": lambda c: c.is_tracking_allowed,
    "allows_profiling": lambda c: c.is_profiling_allowed,
}
IN_PYTHON: dict[str, Callable[..., bool]] = {
    "consent": has_consent,
    "suppressed": is_suppressed,
    "reachable": is_reachable,
    "record_age": came,
    "language": reads,
    "contact_state": lambda c, state: STATES[state](c),
    "birthday": lambda c, **options: comes_back(c.birthday_on, **options),
    "anniversary": has_anniversary,
    "service_note": notes,
    "random_share": is_drawn,
    "in_segment": lambda c, segments: c.country == "DE",
}


@pytest.mark.django_db
@pytest.mark.parametrize(("key", "value"), [case for case in CASES if case[0] in IN_PYTHON], ids=str)
def test_a_condition_finds_the_same_as_python(crowd: list[Contact], key: str, value: dict[str, Any]) -> None:
    assert _ids({key: value}) == {contact.pk for contact in crowd if IN_PYTHON[key](contact, **value)}


@pytest.mark.django_db
@pytest.mark.parametrize(("key", "value"), CASES, ids=str)
def test_not_is_the_exact_complement(crowd: list[Contact], key: str, value: dict[str, Any]) -> None:
    rule = {key: value}
    inside, outside = _ids(rule), _ids({"none": [rule]})
    assert inside | outside == {contact.pk for contact in crowd}
    assert not inside & outside
    assert _ids({"none": [{"none": [rule]}]}) == inside


@pytest.mark.django_db
@pytest.mark.parametrize(("key", "value"), CASES, ids=str)
def test_a_condition_survives_the_editor_and_says_itself(crowd: list[Contact], key: str, value: dict[str, Any]) -> None:
    from wagtail_precise_mail.segments.models import Segment

    rules = make_rules({key: value})
    stored = make_segment({key: value}, slug="stored")
    assert Segment.objects.get(pk=stored.pk).read_rules() == rules
    assert rules.sentence().startswith("Contacts who ")
    for contact in crowd[:3]:
        assert isinstance(explain(rules, contact, at=AT).parts[0].facts, str)


def test_the_mirror_knows_every_condition_of_its_own() -> None:
    assert set(IN_PYTHON) <= set(EXAMPLES) <= set(conditions)


@pytest.mark.django_db
def test_all_of_them_together_are_one_query(crowd: list[Contact]) -> None:
    rules = make_rules({"any": [{key: value} for key, value in CASES]})
    with CaptureQueriesContext(connection) as queries:
        assert members(rules, at=AT).count() == len(crowd)
    assert len(queries) == 1
