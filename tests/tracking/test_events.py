"""Opens and clicks: what is kept, what is not, and who is a machine."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories.contacts import make_contact
from tests.factories.tracking import SENT_AT, make_message, make_send
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.services import record_click, record_open

pytestmark = pytest.mark.django_db

AT = SENT_AT + timedelta(hours=1)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


def click(message, link_index=0, *, at=AT, **overrides):
    return record_click(
        message.pk,
        **{
            "link_index": link_index,
            "url": f"https://example.com/{link_index}",
            "at": at,
            "user_agent": BROWSER,
            **overrides,
        },
    )


def machine_flags():
    return list(MessageEvent.objects.order_by("happened_at", "pk").values_list("is_machine", flat=True))


def test_an_open_is_kept_with_its_message_send_and_contact():
    message = make_message()
    event = record_open(message.pk, at=AT, user_agent=BROWSER)
    assert (event.message, event.send_id, event.contact, event.kind, event.happened_at, event.is_machine) == (
        message,
        message.send_id,
        message.contact,
        "open",
        AT,
        False,
    )


def test_opens_within_a_minute_are_one():
    message = make_message()
    for seconds in (0, 30, 59, 61):
        record_open(message.pk, at=AT + timedelta(seconds=seconds), user_agent=BROWSER)
    assert MessageEvent.objects.count() == 2


def test_an_open_by_a_machine_does_not_hide_the_person_after_it():
    message = make_message()
    record_open(message.pk, at=AT, user_agent="Mozilla/5.0")
    record_open(message.pk, at=AT + timedelta(seconds=5), user_agent=BROWSER)
    assert machine_flags() == [True, False]


def test_opens_of_one_message_have_an_end():
    message = make_message()
    for minutes in range(0, 450, 2):
        record_open(message.pk, at=AT + timedelta(minutes=minutes), user_agent=BROWSER)
    assert MessageEvent.objects.count() == 200


def test_clicks_of_one_message_have_an_end():
    message = make_message()
    for minutes in range(210):
        click(message, at=AT + timedelta(minutes=minutes))
    assert MessageEvent.objects.count() == 200


@pytest.mark.parametrize(
    ("user_agent", "is_machine"),
    [
        (BROWSER, False),
        ("", False),
        (GMAIL, False),
        ("Mozilla/5.0 (Linux; Android 9; CUBOT NOTE 20) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36", False),
        ("Mozilla/5.0", True),
        ("(none)", True),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("Mozilla/5.0 (compatible; bingbot/2.0)", True),
        ("BarracudaCentral", True),
        ("python-requests/2.32", True),
        ("curl/8.5.0", True),
        ("Mozilla/5.0 (X11) HeadlessChrome/120", True),
    ],
)
def test_who_opens_is_told_by_the_user_agent(user_agent, is_machine):
    assert record_open(make_message().pk, at=AT, user_agent=user_agent).is_machine is is_machine


def test_a_proxy_that_loads_within_seconds_of_sending_is_a_prefetch():
    message = make_message()
    assert record_open(message.pk, at=SENT_AT + timedelta(seconds=3), user_agent=GMAIL).is_machine
    assert not record_open(message.pk, at=SENT_AT + timedelta(seconds=30), user_agent=GMAIL).is_machine


def test_an_announced_prefetch_is_a_machine():
    assert record_open(make_message().pk, at=AT, user_agent=BROWSER, is_prefetch=True).is_machine
    assert click(make_message(), is_prefetch=True).is_machine


def test_a_click_is_kept_with_its_link_and_block():
    event = click(make_message(), 3, block_id="b1")
    assert (event.kind, event.link_index, event.url, event.block_id, event.is_machine) == (
        "click",
        3,
        "https://example.com/3",
        "b1",
        False,
    )


def test_a_burst_over_many_links_marks_the_clicks_before_it_too():
    message = make_message()
    for index in range(4):
        click(message, index, at=AT + timedelta(seconds=index * 0.5))
    assert machine_flags() == [True] * 4


def test_a_burst_goes_on_after_its_fourth_link():
    message = make_message()
    for index in range(9):
        click(message, index, at=AT + timedelta(seconds=index * 0.3))
    assert machine_flags() == [True] * 9


def test_a_person_who_reads_between_the_clicks_is_no_burst():
    message = make_message()
    for index in range(6):
        click(message, index, at=AT + timedelta(seconds=index * 2))
    assert machine_flags() == [False] * 6


def test_pressing_one_link_often_is_no_burst():
    message = make_message()
    for tenth in range(8):
        click(message, 0, at=AT + timedelta(seconds=tenth / 10))
    assert not any(machine_flags())


def test_the_person_after_the_scanner_still_counts():
    message = make_message()
    for index in range(4):
        click(message, index)
    assert not click(message, 1, at=AT + timedelta(minutes=10)).is_machine


def test_two_people_at_once_are_no_burst():
    one, other = make_message(), make_message()
    for index in range(2):
        click(one, index)
        click(other, index + 2)
    assert not any(machine_flags())


def test_clicks_that_arrive_in_disorder_are_a_burst_too():
    message = make_message()
    for index, seconds in enumerate([2.0, 0.0, 1.5, 0.5]):
        click(message, index, at=AT + timedelta(seconds=seconds))
    assert machine_flags() == [True] * 4


def test_what_makes_a_burst_is_an_option(settings):
    settings.WAGTAIL_PRECISE_MAIL = {"scanner_click_count": 2, "scanner_click_seconds": 60}
    message = make_message()
    click(message, 0)
    assert click(message, 1, at=AT + timedelta(seconds=50)).is_machine


def test_head_is_no_click():
    assert click(make_message(), method="HEAD") is None


def untracked_message(why):
    if why == "contact says no":
        return make_message(contact=make_contact(is_tracking_allowed=False)).pk
    if why == "contact erased":
        message = make_message()
        message.contact.delete()
        return message.pk
    if why == "test mail":
        return make_message(make_send(is_test=True)).pk
    return 999_999


@pytest.mark.parametrize("why", ["contact says no", "contact erased", "test mail", "message gone"])
def test_nothing_is_kept_of(why):
    message_id = untracked_message(why)
    assert record_open(message_id, at=AT) is None
    assert record_click(message_id, link_index=0, url="https://example.com", at=AT) is None
    assert not MessageEvent.objects.exists()


def test_a_site_can_count_nothing_at_all(settings):
    settings.WAGTAIL_PRECISE_MAIL = {"is_tracking_enabled": False}
    assert click(make_message()) is None


def test_a_long_user_agent_is_cut():
    assert len(record_open(make_message().pk, at=AT, user_agent="x" * 5000).user_agent) == 250
