"""The gate: what freezing says of an audience, and what the last look says of each message, is the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.contacts import grant, make_contact
from tests.factories.delivery import make_message, make_reader, make_send
from wagtail_precise_mail.contacts import services as contacts
from wagtail_precise_mail.contacts.models import Contact, SuppressionReason
from wagtail_precise_mail.delivery.aging import PermissionRule
from wagtail_precise_mail.delivery.freezing import skip_reason
from wagtail_precise_mail.delivery.gate import judge
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.queries import explain

State, SkipReason = OutboxMessage.State, OutboxMessage.SkipReason
AT = datetime(2026, 3, 12, 9, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def of_freezing(contact: Contact, send: Send) -> str:
    reason = skip_reason(send.topic_id, [], at=AT, rule=PermissionRule.of(send))
    judged = Contact.objects.annotate(wpm_reason=reason)
    return judged.values_list("wpm_reason", flat=True).get(pk=contact.pk)


def of_gate(contact: Contact, send: Send) -> str:
    message = OutboxMessage(send=send, contact=contact, address=contact.email, recipient_key=contact.address_hash)
    return judge(send, [message], at=AT)[0].reason


def both(contact: Contact, send: Send) -> str:
    """The answer of both, which must be one."""
    frozen, judged = of_freezing(contact, send), of_gate(contact, send)
    assert frozen == judged
    return judged


def had_mail(contact: Contact, send: Send, *, days: float, **overrides: Any) -> OutboxMessage:
    """A mail that left some days ago, of another send of the same topic."""
    earlier = make_send(topic=send.topic)
    left_at = AT - timedelta(days=days)
    return make_message(
        earlier, contact, **{"state": State.ACCEPTED, "created_at": left_at, "handed_off_at": left_at, **overrides}
    )


@pytest.mark.parametrize(("until", "expected"), [(AT + timedelta(minutes=1), SkipReason.PAUSED), (AT, ""), (None, "")])
def test_a_pause_holds_until_its_end(until: datetime | None, expected: str) -> None:
    send = make_send()
    assert both(make_reader(send, paused_until=until), send) == expected


def test_quarantine_holds_everything_back() -> None:
    for send in (make_send(), make_send(topic=None)):
        assert both(make_reader(send, quarantined_at=AT - timedelta(days=400)), send) == SkipReason.QUARANTINED


@pytest.mark.parametrize(
    ("cadence", "days", "expected"),
    [
        ("every", 0.01, ""),
        ("daily", 0.5, SkipReason.CADENCE),
        ("daily", 1, ""),
        ("weekly", 6, SkipReason.CADENCE),
        ("weekly", 6.99, ""),
        ("weekly", 7, ""),
        ("monthly", 27, SkipReason.CADENCE),
        ("monthly", 28, ""),
        ("quarterly", 88, SkipReason.CADENCE),
        ("quarterly", 89, ""),
    ],
)
def test_a_cadence_holds_back_what_comes_too_soon(cadence: str, days: float, expected: str) -> None:
    send = make_send()
    reader = make_reader(send, cadence=cadence)
    had_mail(reader, send, days=days)
    assert both(reader, send) == expected


@pytest.mark.parametrize("state", [State.HANDOFF, State.UNKNOWN])
def test_what_may_have_arrived_counts(state: str) -> None:
    send = make_send()
    reader = make_reader(send, cadence="weekly")
    had_mail(reader, send, days=1, state=state)
    assert both(reader, send) == SkipReason.CADENCE


def test_what_never_left_does_not_count() -> None:
    send = make_send()
    reader = make_reader(send, cadence="weekly")
    had_mail(reader, send, days=1, state=State.REJECTED)
    had_mail(reader, send, days=1, state=State.SKIPPED, skip_reason=SkipReason.EXPIRED, handed_off_at=None)
    assert both(reader, send) == ""


def test_a_mail_of_another_topic_or_a_test_does_not_count() -> None:
    send = make_send()
    reader = make_reader(send, cadence="weekly")
    had_mail(reader, make_send(), days=1)
    make_message(
        make_send(topic=send.topic, is_test=True),
        reader,
        state=State.ACCEPTED,
        handed_off_at=AT - timedelta(days=1),
    )
    assert both(reader, send) == ""


def test_an_earlier_attempt_of_the_same_send_is_no_other_mail() -> None:
    send = make_send()
    reader = make_reader(send, cadence="weekly")
    make_message(send, reader, state=State.UNKNOWN, handed_off_at=AT - timedelta(hours=1))
    assert of_gate(reader, send) == ""


def test_mail_about_an_order_asks_for_no_pace() -> None:
    send = make_send(topic=None)
    reader = make_contact(cadence="quarterly", paused_until=AT + timedelta(days=30))
    had_mail(reader, make_send(), days=1)
    assert both(reader, send) == ""


@pytest.mark.parametrize("reason", SuppressionReason.values)
def test_every_suppression_holds_mail_about_a_topic_back(reason: str) -> None:
    send = make_send()
    reader = make_reader(send)
    contacts.suppress(reader.email, reason=reason, at=AT)
    is_own = reason == SuppressionReason.UNSUBSCRIBED
    assert both(reader, send) == (SkipReason.UNSUBSCRIBED if is_own else SkipReason.SUPPRESSED)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("sunset", ""),
        ("unsubscribed", ""),
        ("erased", ""),
        ("hard_bounce", SkipReason.SUPPRESSED),
        ("invalid", SkipReason.SUPPRESSED),
        ("complaint", SkipReason.SUPPRESSED),
        ("manual", SkipReason.SUPPRESSED),
    ],
)
def test_mail_about_an_order_passes_where_only_marketing_is_held_back(reason: str, expected: str) -> None:
    send = make_send(topic=None)
    reader = make_contact()
    contacts.suppress(reader.email, reason=reason, at=AT)
    assert both(reader, send) == expected


def test_the_scope_can_be_chosen() -> None:
    send = make_send(topic=None)
    reader = make_contact()
    contacts.suppress(reader.email, reason="manual", scope="marketing", at=AT)
    assert both(reader, send) == ""


@pytest.mark.parametrize(("minutes", "expected"), [(-1, ""), (0, ""), (1, SkipReason.SUPPRESSED)])
def test_a_suppression_counts_until_it_expires(minutes: int, expected: str) -> None:
    send = make_send()
    reader = make_reader(send)
    contacts.suppress(
        reader.email, reason="hard_bounce", at=AT - timedelta(days=9), expires_at=AT + timedelta(minutes=minutes)
    )
    assert both(reader, send) == expected


def _everything_at_once(send: Send) -> dict[int, str]:
    """Contacts for whom several things hold, with the one reason that is given."""
    later = AT + timedelta(days=1)
    troubles: dict[str, dict[str, Any]] = {
        SkipReason.QUARANTINED: {"quarantined_at": AT, "paused_until": later},
        SkipReason.PAUSED: {"paused_until": later, "cadence": "weekly"},
        SkipReason.CADENCE: {"cadence": "weekly"},
        "": {},
    }
    expected: dict[int, str] = {}
    for reason, fields in troubles.items():
        reader = make_reader(send, **fields)
        had_mail(reader, send, days=2)
        expected[reader.pk] = reason
    suppressed = make_reader(send, quarantined_at=AT, paused_until=later)
    contacts.suppress(suppressed.email, reason="complaint", at=AT)
    withdrawn = make_reader(send, paused_until=later)
    contacts.withdraw(withdrawn, send.topic, source="page")
    stranger = make_contact(paused_until=later)
    return {
        **expected,
        suppressed.pk: SkipReason.SUPPRESSED,
        withdrawn.pk: SkipReason.UNSUBSCRIBED,
        stranger.pk: SkipReason.NO_CONSENT,
    }


def test_where_several_reasons_hold_both_give_the_same_one() -> None:
    send = make_send()
    expected = _everything_at_once(send)
    assert {pk: both(Contact.objects.get(pk=pk), send) for pk in expected} == expected


@pytest.mark.parametrize("reason", SkipReason.values)
def test_every_reason_is_said_in_words(reason: str) -> None:
    assert explain(make_message(make_send(), state=State.SKIPPED, skip_reason=reason))


@pytest.mark.parametrize(("months", "is_asking", "expected"), [(0, False, 4), (12, False, 5), (12, True, 6)])
def test_the_number_of_queries_does_not_grow_with_the_messages(months: int, is_asking: bool, expected: int) -> None:
    send = make_send(permission_months=months, asks_permission=is_asking)

    def queries(count: int) -> int:
        messages = []
        for _number in range(count):
            for fields in ({"cadence": "weekly"}, {"cadence": "monthly"}, {}):
                reader = make_contact(**fields)
                grant(reader, send.topic, at=AT - timedelta(days=800))
                Contact.objects.filter(pk=reader.pk).update(created_at=AT - timedelta(days=800))
                messages.append(make_message(send, reader))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            judge(send, messages, at=AT)
        return len(captured)

    assert queries(1) == queries(20) == expected


def test_nobody_with_a_cadence_costs_no_query() -> None:
    send = make_send()
    message = make_message(send)
    with CaptureQueriesContext(connection) as captured:
        judge(send, [message], at=AT)
    assert len(captured) == 3
