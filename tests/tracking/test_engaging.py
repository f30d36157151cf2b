"""The nightly run over engagement: signs of life, unanswered mails, stages and who moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from tests.factories.commerce import make_order, make_product
from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.tracking import make_event, make_message, make_send
from wagtail_precise_mail.commerce.viewed import keep_view
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.movements import Movement
from wagtail_precise_mail.tracking import engaging
from wagtail_precise_mail.tracking.engagement import ContactEngagement
from wagtail_precise_mail.tracking.engaging import engage, engage_contacts
from wagtail_precise_mail.tracking.models import SurveyAnswer
from wagtail_precise_mail.tracking.site_views import SiteView
from wagtail_precise_mail.tracking.stages import Borders, borders
from wagtail_precise_mail.tracking.tasks import engage as engage_task

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 1, 3, tzinfo=UTC)


def back(days: float) -> datetime:
    return AT - timedelta(days=days)


@pytest.fixture
def write() -> Any:
    """Send a mail about a topic to a contact, so many days ago."""
    topic = make_topic()

    def mail(contact: Contact, days: float, **overrides: Any) -> Any:
        send = make_send(topic=overrides.pop("topic", topic), is_test=overrides.pop("is_test", False))
        moment = back(days)
        return make_message(send, contact, **{"created_at": moment, "handed_off_at": moment, **overrides})

    return mail


def engagement(contact: Contact) -> ContactEngagement:
    return ContactEngagement.objects.get(contact=contact)


def test_who_was_never_written_to_has_no_row(write: Any) -> None:
    _nobody, tried, tested, served = (make_contact() for _ in range(4))
    write(tried, 3, state="rejected")
    write(tested, 3, is_test=True)
    write(served, 3, topic=None)
    engage(at=AT)
    assert not ContactEngagement.objects.exists()


def test_silence_of_those_who_may_not_be_tracked_says_nothing(write: Any) -> None:
    contact = make_contact(is_tracking_allowed=False)
    for days in range(1, 40):
        write(contact, days * 7)
    engage(at=AT)
    assert not ContactEngagement.objects.exists()


def test_opens_and_clicks_of_machines_count_nothing(write: Any) -> None:
    contact = make_contact()
    message = write(contact, 10)
    make_event(message, "open", happened_at=back(9), is_machine=True)
    make_event(message, "click", happened_at=back(8), is_machine=True)
    engage(at=AT)
    row = engagement(contact)
    assert (row.last_open_at, row.last_click_at, row.clicks_90_days, row.unanswered_count) == (None, None, 0, 1)
    assert (row.silent_since, row.last_sign) == (back(10), "")


def test_reactions_are_counted_within_90_days_and_up_to_the_moment(write: Any) -> None:
    contact = make_contact()
    message = write(contact, 120)
    write(contact, 90)
    write(contact, 4)
    make_event(message, "click", happened_at=back(91))
    make_event(message, "click", happened_at=back(90))
    make_event(message, "click", happened_at=back(5))
    make_event(message, "open", happened_at=back(6))
    make_event(message, "click", happened_at=AT + timedelta(seconds=1))
    engage(at=AT)
    row = engagement(contact)
    assert (row.last_open_at, row.last_click_at, row.clicks_90_days) == (back(6), back(5), 2)
    assert (row.mails_90_days, row.unanswered_count) == (2, 1)
    assert (row.silent_since, row.last_sign, row.stage) == (back(5), "click", "engaged")


def sign_of(kind: str, contact: Contact, message: Any, moment: datetime) -> None:
    if kind in ("open", "click"):
        make_event(message, kind, happened_at=moment)
    elif kind == "order":
        make_order(contact, placed_at=moment)
    elif kind == "answer":
        SurveyAnswer.objects.create(
            message=message,
            send=message.send,
            contact=contact,
            block_id="b",
            question="Tea?",
            kind="choice",
            value="yes",
            label="Yes",
            answered_at=moment,
        )
    elif kind == "visit":
        SiteView.objects.create(contact=contact, kind="page", path="/", happened_at=moment)
    else:
        grant(contact, make_topic(), at=moment)


@pytest.mark.parametrize("kind", ["open", "click", "order", "answer", "visit", "sign_up"])
def test_every_sign_of_life_begins_the_count_anew(write: Any, kind: str) -> None:
    contact = make_contact()
    messages = [write(contact, days) for days in (70, 60, 50, 40, 30, 20, 10)]
    sign_of(kind, contact, messages[0], back(15))
    engage(at=AT)
    row = engagement(contact)
    assert (row.silent_since, row.last_sign, row.unanswered_count, row.stage) == (back(15), kind, 1, "engaged")


def test_a_look_at_a_product_is_a_visit(write: Any) -> None:
    contact = make_contact()
    write(contact, 10)
    keep_view(contact, make_product(), at=back(2))
    engage(at=AT)
    assert engagement(contact).last_sign == "visit"


def test_a_refund_is_no_sign_of_life(write: Any) -> None:
    contact = make_contact()
    write(contact, 10)
    make_order(contact, placed_at=back(2), kind="refund")
    engage(at=AT)
    assert engagement(contact).last_sign == ""


@pytest.mark.parametrize(
    ("first", "mails", "stage"),
    [
        (29.9, 20, "engaged"),  # mails enough, days not
        (30, 4, "engaged"),  # days enough, mails not
        (30, 5, "cooling"),
        (90, 11, "cooling"),
        (90, 12, "dormant"),
        (179, 40, "dormant"),
        (180, 25, "lost"),
    ],
)
def test_a_stage_needs_its_days_and_its_mails(write: Any, first: float, mails: int, stage: str) -> None:
    contact = make_contact()
    for number in range(mails):
        write(contact, first - number * first / (mails + 1))
    engage(at=AT)
    assert engagement(contact).stage == stage
    limits = Borders((30, 90, 180), (5, 12, 25))
    assert limits.stage(silent_days=first, unanswered_count=mails) == stage


def test_only_who_moved_leaves_a_movement(write: Any) -> None:
    fading, faithful = make_contact(), make_contact()
    for days in range(1, 12):
        write(fading, 3 * days)
        make_event(write(faithful, 3 * days), "click", happened_at=back(3 * days - 1))
    engage(at=back(20))
    engage(at=AT)
    engage(at=AT + timedelta(days=1))
    moves = list(Movement.objects.order_by("pk").values_list("contact", "axis", "before", "after", "moved_at"))
    assert moves == [
        (fading.pk, "engagement", "", "engaged", back(20)),
        (faithful.pk, "engagement", "", "engaged", back(20)),
        (fading.pk, "engagement", "engaged", "cooling", AT),
    ]
    assert engagement(fading).stage_since == AT


def test_running_twice_changes_nothing(write: Any) -> None:
    contact = make_contact()
    make_event(write(contact, 10), "click", happened_at=back(9))
    engage(at=AT)
    before = ContactEngagement.objects.values().get(), Movement.objects.count()
    engage(at=AT)
    assert (ContactEngagement.objects.values().get(), Movement.objects.count()) == before


def test_whoever_refuses_tracking_moves_to_nowhere(write: Any) -> None:
    contact = make_contact()
    write(contact, 10)
    engage(at=back(1))
    Contact.objects.filter(pk=contact.pk).update(is_tracking_allowed=False)
    engage(at=AT)
    assert not ContactEngagement.objects.exists()
    assert Movement.objects.order_by("-pk").values_list("before", "after").first() == ("engaged", "")


def test_ranges_give_the_same_as_one_go(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    contacts = [make_contact() for _ in range(7)]
    for number, contact in enumerate(contacts):
        for days in range(number + 1):
            make_event(write(contact, 9 * days + 2), "open", happened_at=back(9 * days + number))
    engage(at=AT)
    whole = list(ContactEngagement.objects.order_by("pk").values())
    ContactEngagement.objects.all().delete()
    monkeypatch.setattr(engaging, "CHUNK", 3)
    engage(at=AT)
    assert list(ContactEngagement.objects.order_by("pk").values()) == whole


def test_a_piece_of_a_night_wakes_the_next(
    write: Any, monkeypatch: pytest.MonkeyPatch, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    contacts = [make_contact() for _ in range(3)]
    for contact in contacts:
        write(contact, 3)
    monkeypatch.setattr(engaging, "CHUNK", 2)
    assert engage(at=AT, seconds=0) == contacts[1].pk
    assert ContactEngagement.objects.count() == 2
    with django_capture_on_commit_callbacks(execute=True):
        engage_task(contacts[1].pk, AT.isoformat())
    assert ContactEngagement.objects.count() == 3
    assert not OrmQ.objects.exists()


def test_a_few_contacts_can_be_worked_out_alone(write: Any) -> None:
    one, other = make_contact(), make_contact()
    write(one, 3)
    write(other, 3)
    engage_contacts([one.pk], at=AT)
    assert list(ContactEngagement.objects.values_list("contact", flat=True)) == [one.pk]


def test_queries_do_not_grow_with_contacts(write: Any) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            engage(at=AT)
        return len(queries)

    make_event(write(make_contact(), 3), "click", happened_at=back(2))
    first = count()
    for _number in range(20):
        make_event(write(make_contact(), 3), "click", happened_at=back(2))
    assert count() <= first


class TestBorders:
    def test_without_enough_data_the_defaults_hold(self) -> None:
        found = borders(at=AT)
        assert (found.days, found.mails, found.mails_per_month) == ((30, 90, 180), (5, 12, 25), None)
        assert "too few data" in found.in_words()

    @pytest.mark.slow
    def test_the_rhythm_of_the_shop_decides(self, write: Any) -> None:
        for _number in range(50):
            contact = make_contact()
            for week in range(26):
                write(contact, 3.4 * week + 1)
        found = borders(at=AT)
        assert found.mails == (9, 26, 52)  # 26 mails in 90 days
        assert found.mails_per_month == pytest.approx(26 / 3)
        assert "8.7 a month" in found.in_words()

    def test_few_mails_never_prove_silence(self, write: Any) -> None:
        for _number in range(50):
            write(make_contact(), 10)
        assert borders(at=AT).mails == (3, 6, 10)

    def test_settings_come_first(self, settings: Any, write: Any) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {
            **settings.WAGTAIL_PRECISE_MAIL,
            "engagement_days": (10, 20, 40),
            "engagement_mails": [1, 2, 3],
        }
        assert borders(at=AT) == Borders((10, 20, 40), (1, 2, 3))
        contact = make_contact()
        write(contact, 21)
        write(contact, 12)
        engage(at=AT)
        assert engagement(contact).stage == "dormant"


def test_the_command_says_how_many_are_where(write: Any, capsys: Any) -> None:
    for _number in range(11):
        write(make_contact(), 3)
    call_command("precise_mail_engagement", at=AT.isoformat())
    told = capsys.readouterr().out
    assert "engaged: 11" in told
    assert "cooling: 0 (from 30 days and 5 mails on)" in told


def test_the_command_wants_a_moment_with_its_offset() -> None:
    with pytest.raises(CommandError, match="offset"):
        call_command("precise_mail_engagement", at="2026-06-01T03:00:00")
