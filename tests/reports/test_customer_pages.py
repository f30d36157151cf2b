"""The report "Customers": who may see it, what it is asked for, and what it says when there is nothing to show."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.segments import make_segment
from tests.factories.shop_history import make_history
from wagtail_precise_mail.commerce.models import ContactFigures, ContactStanding, ShopRhythm
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.reports import remembering
from wagtail_precise_mail.reports.admin.customers.asking import Asked, PeriodForm
from wagtail_precise_mail.reports.admin.customers.stages import buying_moves_picture
from wagtail_precise_mail.reports.admin.customers.views import TABS
from wagtail_precise_mail.reports.periods import Period
from wagtail_precise_mail.reports.remembering import remembered
from wagtail_precise_mail.segments.movements import Movement
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.segments.rules import Rules
from wagtail_precise_mail.segments.sizes import SegmentSize

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 17, 12, tzinfo=UTC)
KEYS = [key for tab in TABS for key in tab.pictures]
BY_SLUG = pytest.mark.parametrize("slug", [tab.slug for tab in TABS])


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def editor(client: Client) -> Client:
    """Somebody who may see campaigns, and no superuser."""
    user = User.objects.create_user("editor", password="x")
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", "view_campaign"]))
    client.force_login(user)
    return client


def _page(client: Client, slug: str, **query: str) -> BeautifulSoup:
    response = client.get(reverse(f"precise_mail_customer_report_{slug}"), query)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def _file(client: Client, slug: str, key: str, **query: str) -> list[list[str]]:
    response = client.get(reverse(f"precise_mail_customer_report_{slug}"), {"table": key, **query})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def _measure(days: int) -> None:
    segment = make_segment(name="Loyal")
    for number in range(days):
        at = NOW - timedelta(days=number)
        SegmentSize.objects.create(segment=segment, measured_on=at.date(), contact_count=400 - number, measured_at=at)


@BY_SLUG
def test_a_page_is_closed_to_who_may_not_see_campaigns(client: Client, slug: str) -> None:
    user = User.objects.create_user("writer", password="x")
    user.user_permissions.set(Permission.objects.filter(codename="access_admin"))
    client.force_login(user)
    address = reverse(f"precise_mail_customer_report_{slug}")

    for query in ({}, {"table": "cohorts"}):
        assert client.get(address, query).status_code == 302
    assert "precise-mail-customers" not in client.get(reverse("wagtailadmin_home")).content.decode()


@BY_SLUG
@pytest.mark.parametrize("orders", [0, 3])
def test_a_shop_with_hardly_any_orders_is_told_what_is_missing(editor: Client, slug: str, orders: int) -> None:
    for number in range(orders):
        contact = make_contact()
        make_order(contact, placed_at=NOW - timedelta(days=number))
        ContactFigures.objects.create(contact=contact, order_count=1, computed_at=NOW)
        ContactStanding.objects.create(
            contact=contact, recency_score=3, frequency_score=3, value_tier="top", buying_stage="new", computed_at=NOW
        )
        Movement.objects.create(
            contact=contact, axis="buying_stage", before="prospect", after="new", moved_at=NOW - timedelta(days=2)
        )

    soup = _page(editor, slug)

    figures = soup.select("figure")
    assert len(figures) == len(next(tab for tab in TABS if tab.slug == slug).pictures)
    for figure in figures:
        assert figure.select_one(".wpm-chart__missing").get_text(strip=True)
        assert figure.find("table") is None
        assert "How this is counted" in figure.get_text()


@BY_SLUG
def test_a_shop_with_a_history_gets_every_picture(editor: Client, slug: str) -> None:
    make_history(until=NOW)
    _measure(30)

    soup = _page(editor, slug)

    drawn = [figure["id"] for figure in soup.select("figure") if not figure.select_one(".wpm-chart__missing")]
    expected = list(next(tab for tab in TABS if tab.slug == slug).pictures)
    # Nobody clicked in this shop.
    assert drawn == [key for key in expected if key not in {"click-week", "machine-week"}]
    assert all(figure.select_one("table") for figure in soup.select("figure") if figure["id"] in drawn)


@pytest.mark.slow
@BY_SLUG
def test_a_page_takes_as_many_queries_for_many_customers(
    editor: Client, slug: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_history(until=NOW, customers=100)
    _measure(30)
    _page(editor, slug)

    # Wagtail's own frame takes some 20 of them.
    with django_assert_max_num_queries(45):
        _page(editor, slug)


@pytest.mark.parametrize(("slug", "key"), [(tab.slug, key) for tab in TABS for key in tab.pictures])
def test_every_table_can_be_had_as_a_file(editor: Client, slug: str, key: str) -> None:
    make_history(until=NOW)
    _measure(30)
    soup = _page(editor, slug)
    link = soup.select_one(f"#{key} .wpm-chart__download")

    rows = _file(editor, slug, key)

    assert len({len(row) for row in rows}) == 1
    if link is None:
        assert key in {"click-week", "machine-week"}
        assert len(rows) == 1
    else:
        assert f"table={key}" in link["href"]
        assert len(rows) > 2


def test_the_file_has_the_figures_of_the_page(editor: Client) -> None:
    make_history(until=NOW)
    shown = [row.find_all("td")[0].get_text() for row in _page(editor, "retention").select("#cohorts tbody tr")]

    assert [row[1] for row in _file(editor, "retention", "cohorts")[1:]] == shown


def test_an_unknown_table_is_not_found(editor: Client) -> None:
    address = reverse("precise_mail_customer_report_retention")

    assert editor.get(address, {"table": "rfm-grid"}).status_code == 404


def test_a_name_that_a_spreadsheet_would_run_is_made_harmless(editor: Client) -> None:
    segment = make_segment(name="=1+1")
    for number in range(2):
        day = NOW - timedelta(days=number)
        SegmentSize.objects.create(segment=segment, measured_on=day.date(), contact_count=1, measured_at=day)

    assert _file(editor, "segments", "segment-sizes")[0] == ["Day", "'=1+1"]


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ({}, date(2025, 3, 18), date(2026, 3, 17)),
        ({"days": "30"}, date(2026, 2, 16), date(2026, 3, 17)),
        ({"days": "all"}, date(2024, 5, 1), date(2026, 3, 17)),
        ({"first": "2026-01-01", "last": "2026-01-31"}, date(2026, 1, 1), date(2026, 1, 31)),
        ({"first": "2026-01-01"}, date(2026, 1, 1), date(2026, 3, 17)),
        ({"first": "2026-01-01", "last": "2099-01-01"}, date(2026, 1, 1), date(2026, 3, 17)),
        ({"first": "2026-03-17", "last": "2026-03-17"}, date(2026, 3, 17), date(2026, 3, 17)),
    ],
)
def test_the_days_are_those_asked_for(query: dict[str, str], first: date, last: date) -> None:
    make_order(make_contact(), placed_at=datetime(2024, 5, 1, tzinfo=UTC))
    form = PeriodForm(query)

    assert form.period() == Period(first, last)
    assert not form.errors


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"days": "12"}, "days"),
        ({"days": "x' OR 1=1"}, "days"),
        ({"first": "yesterday"}, "first"),
        ({"first": "0001-01-01"}, "first"),
        ({"first": "2099-01-01"}, "first"),
        ({"last": "2026-01-01"}, "first"),
        ({"first": "2026-02-01", "last": "2026-01-01"}, "last"),
        ({"first": "2026-02-01", "last": "9999-99-99"}, "last"),
    ],
)
def test_days_that_make_no_sense_are_refused_and_twelve_months_shown(
    editor: Client, query: dict[str, str], field: str
) -> None:
    form = PeriodForm(query)

    assert form.period() == Period(date(2025, 3, 18), date(2026, 3, 17))
    assert field in form.errors
    soup = _page(editor, "retention", **query)
    assert bool(soup.select(".wpm-problem")) == (field != "days")


def test_segments_that_do_not_exist_are_refused(editor: Client) -> None:
    _measure(3)

    soup = _page(editor, "segments", segment="999999")

    assert soup.select_one(".wpm-asking__segments .wpm-problem")
    assert soup.select_one("#segment-sizes table")


def test_the_chosen_segments_are_shown(editor: Client) -> None:
    _measure(3)
    other = make_segment(name="Coffee")
    for number in range(3):
        day = NOW - timedelta(days=number)
        SegmentSize.objects.create(segment=other, measured_on=day.date(), contact_count=9, measured_at=day)

    rows = _file(editor, "segments", "segment-sizes", segment=str(other.pk))

    assert rows == [["Day", "Coffee"], ["15 Mar", "9"], ["16 Mar", "9"], ["17 Mar", "9"]]


def test_orders_without_a_rate_are_named_above_the_money(editor: Client) -> None:
    make_history(until=NOW)
    make_order(make_contact(), placed_at=NOW - timedelta(days=1), currency="SEK", base_rate=None)

    assert "1 × SEK" in _page(editor, "stages").select_one("#stage-revenue .wpm-chart__note").get_text()


def test_the_borders_of_the_stages_are_said(editor: Client) -> None:
    make_history(until=NOW)
    ShopRhythm.objects.create(computed_at=NOW, interval_count=500, at_risk_days=41, churned_days=97, is_calibrated=True)

    text = _page(editor, "stages").select_one("#buying-flow figcaption").get_text()

    assert "more than 41 days" in text
    assert "more than 97 days" in text


def test_the_stages_say_how_many_have_not_bought_yet(editor: Client) -> None:
    make_history(until=NOW)
    for _number in range(7):
        make_contact()
    customers = ContactStanding.objects.exclude(buying_stage="").count()
    prospects = Contact.objects.count() - customers

    text = _page(editor, "stages").select_one("#buying-flow").get_text()

    assert prospects >= 7
    assert f"there were {customers} customers, and {prospects} prospects who had not bought yet" in text


def test_cells_and_groups_lead_to_new_segments_for_those_who_may_make_them(editor: Client) -> None:
    make_history(until=NOW)
    assert _page(editor, "standing").select(".wpm-grid__cell a, .wpm-chart__segments") == []

    User.objects.get(username="editor").user_permissions.add(Permission.objects.get(codename="add_segment"))
    soup = _page(editor, "standing")

    for cell in soup.select("#rfm-grid .wpm-grid__cell a"):
        rules = Rules.from_json(json.loads(parse_qs(urlsplit(str(cell["href"])).query)["rules"][0]))
        assert members(rules, at=NOW).count() == int(cell.get_text())
    assert soup.select("#rfm-grid .wpm-grid__cell a")
    tiers = soup.select("#value-tiers .wpm-chart__segments a")
    assert [tier.get_text() for tier in tiers] == ["top", "high", "middle", "low"]


def test_prospects_who_stay_prospects_are_in_no_matrix() -> None:
    make_history(until=NOW)
    picture = buying_moves_picture(Asked(Period(date(2025, 6, 1), date(2026, 1, 31))))

    assert len(set(picture.labels)) == len(picture.labels) == 5
    assert picture.labels[-1] == "prospect"
    assert picture.cells[-1][-1].value == 0


def test_the_period_is_kept_from_one_page_to_the_next(editor: Client) -> None:
    soup = _page(editor, "stages", days="90")

    assert all(tab["href"].endswith("?days=90") for tab in soup.select(".wpm-tabs a"))
    assert soup.select_one(".wpm-actions [aria-current]").get_text() == "90 days"


def test_looking_changes_nothing_and_a_post_is_refused(editor: Client) -> None:
    assert editor.post(reverse("precise_mail_customer_report")).status_code == 405


def test_money_is_shown_in_the_base_currency(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "base_currency": "EUR"}

    assert Asked(Period(date(2026, 1, 1), date(2026, 1, 31))).money(Decimal("1234.5")) == "€1,234"


def test_only_what_took_long_is_kept_and_for_an_hour() -> None:
    calls = []

    def work() -> int:
        calls.append(1)
        return len(calls)

    assert [remembered("quick", work).value for _one in range(2)] == [1, 2]
    assert [remembered("slow", work, slow_seconds=0).value for _one in range(2)] == [3, 3]
    assert remembering.KEPT_SECONDS == 3600
    cache.clear()
    assert remembered("slow", work).value == 4


def test_what_is_kept_says_as_of_when() -> None:
    with time_machine.travel(NOW - timedelta(minutes=30), tick=False):
        remembered("cohorts:2026-01-01:2026-01-31", list, slow_seconds=0)
    asked = Asked(Period(date(2026, 1, 1), date(2026, 1, 31)))

    asked.figures("cohorts", lambda: pytest.fail("counted again"))

    assert asked.as_of == NOW - timedelta(minutes=30)


def test_keys_of_pictures_are_their_own_and_name_their_address(editor: Client) -> None:
    assert len(set(KEYS)) == len(KEYS)
    for tab in TABS:
        assert [figure["id"] for figure in _page(editor, tab.slug).select("figure")] == list(tab.pictures)


def test_a_day_without_a_measurement_is_a_gap(editor: Client) -> None:
    _measure(5)
    SegmentSize.objects.filter(measured_on=NOW.date() - timedelta(days=2)).delete()

    assert _file(editor, "segments", "segment-sizes")[3] == ["15 Mar", ""]


def test_of_many_days_the_last_one_of_each_month_is_shown(editor: Client) -> None:
    _measure(120)

    rows = _file(editor, "segments", "segment-sizes")

    assert [row[0] for row in rows] == ["Month", "Nov 2025", "Dec 2025", "Jan 2026", "Feb 2026", "Mar 2026"]
    sizes = dict(SegmentSize.objects.values_list("measured_on", "contact_count"))
    assert rows[-2:] == [["Feb 2026", str(sizes[date(2026, 2, 28)])], ["Mar 2026", str(sizes[date(2026, 3, 17)])]]
