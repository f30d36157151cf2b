"""Scanners: those that follow the link that nobody sees, and those that come from data centers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client, RequestFactory

from tests.factories.contacts import make_contact, make_topic
from tests.factories.tracking import SENT_AT, make_message, make_send
from tests.tracking.hits import count_now
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.exceptions import ConfigurationError
from wagtail_precise_mail.tracking.engagement import ContactEngagement
from wagtail_precise_mail.tracking.engaging import engage
from wagtail_precise_mail.tracking.machines import is_machine_place
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.networks import is_in_scanner_network
from wagtail_precise_mail.tracking.processors import TrackingProcessor
from wagtail_precise_mail.tracking.queries import figures
from wagtail_precise_mail.tracking.services import record_click, record_open, record_scan
from wagtail_precise_mail.tracking.tokens import make_click_token, make_message_token

AT = SENT_AT + timedelta(hours=1)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
BASE = "https://shop.example.com"


def some_networks() -> list[str]:
    """What ``scanner_networks`` names below."""
    return ["198.51.100.0/25", "2001:db8:5::/48", "a bad line"]


def machine_flags(*kinds: str) -> list[bool]:
    events = MessageEvent.objects.filter(kind__in=kinds or ("open", "click")).order_by("happened_at", "pk")
    return list(events.values_list("is_machine", flat=True))


def click(message: Any, link_index: int = 0, *, at: Any = AT, **more: Any) -> MessageEvent | None:
    values = {"link_index": link_index, "url": f"https://example.com/{link_index}", "user_agent": BROWSER, **more}
    return record_click(message.pk, at=at, **values)


def tail_of(message: Any) -> BeautifulSoup:
    return BeautifulSoup(TrackingProcessor().html_tail(message, message.contact, BASE), "html.parser")


@pytest.mark.django_db
class TestTrap:
    def test_what_comes_before_and_after_a_followed_trap_is_a_machines(self) -> None:
        message = make_message()
        click(message, at=AT)
        record_open(message.pk, at=AT + timedelta(seconds=10), user_agent=BROWSER)
        record_scan(message.pk, at=AT + timedelta(seconds=20))
        click(message, 1, at=AT + timedelta(seconds=50))
        assert machine_flags() == [True, True, True]

    def test_the_person_who_comes_later_counts(self) -> None:
        message = make_message()
        record_scan(message.pk, at=AT)
        click(message, at=AT + timedelta(seconds=61))
        assert machine_flags() == [False]

    def test_other_messages_are_not_touched(self) -> None:
        scanned, other = make_message(), make_message()
        record_scan(scanned.pk, at=AT)
        click(other, at=AT)
        assert machine_flags() == [False]

    def test_how_near_is_an_option(self, settings: Any) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {"scanner_trap_seconds": 5}
        message = make_message()
        record_scan(message.pk, at=AT)
        click(message, at=AT + timedelta(seconds=6))
        assert machine_flags() == [False]

    def test_no_figure_counts_it(self) -> None:
        send = make_send(("https://example.com/0", "b", "Buy"))
        message = make_message(send)
        record_scan(message.pk, at=AT)
        found = figures(send.pk)
        assert (found.open_count, found.click_count, found.machine_click_count) == (0, 0, 0)
        assert [link.url for link in found.links] == ["https://example.com/0"], "and no list of links shows it"

    def test_no_figure_counts_what_is_marked_later(self) -> None:
        send = make_send(("https://example.com/0", "b", "Buy"))
        message = make_message(send)
        record_open(message.pk, at=AT, user_agent=BROWSER)
        click(message)
        before = figures(send.pk)
        assert (before.open_count, before.click_count, before.total_clicks, before.links[0].clicks) == (1, 1, 1, 1)
        record_scan(message.pk, at=AT + timedelta(seconds=20))
        found = figures(send.pk)
        assert (found.open_count, found.click_count, found.total_clicks) == (0, 0, 0)
        assert (found.machine_open_count, found.machine_click_count) == (1, 1)
        [link] = found.links
        assert (link.clicks, link.unique, link.machine_clicks) == (0, 0, 1)

    def test_engagement_and_preferred_hour_forget_it_in_the_next_night(self) -> None:
        message = make_message(make_send(topic=make_topic()), make_contact(time_zone="UTC"))
        for days in range(5):
            click(message, at=AT + timedelta(days=days))
        engage(at=AT + timedelta(days=5))
        row = ContactEngagement.objects.get()
        assert (row.clicks_90_days, row.preferred_hour, row.hour_evidence_count) == (5, AT.hour, 5)
        for days in range(5):
            record_scan(message.pk, at=AT + timedelta(days=days, seconds=20))
        engage(at=AT + timedelta(days=6))
        row.refresh_from_db()
        assert (row.clicks_90_days, row.last_click_at, row.last_sign) == (0, None, "")
        assert (row.preferred_hour, row.preferred_weekday, row.hour_evidence_count) == (None, None, 0)

    def test_following_the_link_of_a_mail_leaves_a_scan(self) -> None:
        message = make_message()
        path = str(tail_of(message).a["href"]).removeprefix(BASE)  # type: ignore[index]
        response = Client(headers={"User-Agent": BROWSER}).get(path)
        assert (response.status_code, response["Location"]) == (302, f"{BASE}/"), "it looks like any other link"
        count_now()
        event = MessageEvent.objects.get()
        assert (event.kind, event.message, event.is_machine, event.url) == ("scan", message, True, "")

    def test_looking_with_head_leaves_nothing(self) -> None:
        path = str(tail_of(make_message()).a["href"]).removeprefix(BASE)  # type: ignore[index]
        Client().head(path)
        assert count_now() == 0

    def test_nobody_sees_hears_or_reaches_it(self) -> None:
        link = tail_of(make_message()).a
        assert link is not None
        assert link.get_text() == ""
        assert not link.find_all(True)
        assert (link["aria-hidden"], link["tabindex"]) == ("true", "-1")
        assert "display:none" in str(link["style"])

    def test_a_site_can_be_without_it(self, settings: Any) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {"has_scanner_trap": False}
        assert tail_of(make_message()).a is None
        assert tail_of(make_message()).img is not None

    def test_who_is_not_tracked_has_none(self) -> None:
        message = make_message(contact=make_contact(is_tracking_allowed=False))
        assert str(tail_of(message)) == ""


class TestNetworks:
    @pytest.fixture(autouse=True)
    def listed(self, settings: Any) -> None:
        listed = ["203.0.113.0/24", "203.0.114.0/24", f"{__name__}.some_networks"]
        settings.WAGTAIL_PRECISE_MAIL = {"scanner_networks": listed}

    @pytest.mark.parametrize(
        ("ip_address", "is_listed"),
        [
            ("203.0.113.0", True),
            ("203.0.114.255", True),
            ("203.0.115.0", False),
            ("203.0.112.255", False),
            ("198.51.100.127", True),
            ("198.51.100.128", False),
            ("2001:db8:5::1", True),
            ("2001:db8:6::1", False),
            ("::ffff:203.0.113.7", True),
            ("", False),
            ("unknown", False),
        ],
    )
    def test_addresses_are_found_in_networks(self, ip_address: str, is_listed: bool) -> None:
        assert is_in_scanner_network(ip_address) is is_listed

    def test_without_a_list_nobody_is_in_it(self, settings: Any) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {}
        assert not is_in_scanner_network("203.0.113.0")

    def test_proxies_of_mail_programs_load_there_for_people(self) -> None:
        request = RequestFactory(REMOTE_ADDR="203.0.113.9").get("/")
        assert is_machine_place(request, BROWSER)
        assert not is_machine_place(request, GMAIL)

    @pytest.mark.django_db
    def test_a_click_from_there_is_a_machines_and_the_address_is_kept_nowhere(self) -> None:
        message = make_message()
        token = make_click_token(message.send_id, message.pk, link_index=0, block_id="", url="https://example.com/")
        paths = [f"/mail/c/{token}", f"/mail/o/{make_message_token(message.send_id, message.pk)}.gif"]
        for path in paths:
            Client(headers={"User-Agent": BROWSER}, REMOTE_ADDR="203.0.113.9").get(path)
        count_now()
        assert machine_flags() == [True, True]
        kept = [value for event in MessageEvent.objects.values() for value in event.values()]
        assert not any("203.0.113.9" in str(value) for value in kept)

    def test_the_address_that_the_sites_own_proxy_says_is_looked_at(self, settings: Any) -> None:
        settings.WAGTAIL_PRECISE_MAIL |= {"client_ip_header": "HTTP_X_FORWARDED_FOR"}
        request = RequestFactory(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="8.8.8.8, 203.0.113.9").get("/")
        assert is_machine_place(request, BROWSER)

    @pytest.mark.parametrize("listed", ["203.0.113.0/24", ["203.0.113.0/33"], [""], ["203.0.113.7/24"], [7]])
    def test_what_is_no_network_is_refused(self, settings: Any, listed: Any) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {"scanner_networks": listed}
        with pytest.raises(ConfigurationError, match="scanner_networks"):
            options()
