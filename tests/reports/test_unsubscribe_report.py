"""Who leaves, by audience and by reason: each row adds up."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from tests.factories.campaigns import make_campaign, make_segment, make_user
from tests.factories.tracking import make_event, make_message, make_send
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.reports.unsubscribes import leaving_by_segment, mailed_segments
from wagtail_precise_mail.segments.models import Segment

pytestmark = pytest.mark.django_db
REPORT = "precise_mail_unsubscribe_report"


def sent_to(segment: Segment, *reasons: str, stayed: int = 2) -> None:
    """A campaign to a segment, by which somebody left for each reason."""
    send = make_send()
    campaign = make_campaign(segment=segment)
    Campaign.objects.filter(pk=campaign.pk).update(send=send, state=Campaign.State.SENT)
    for reason in reasons:
        make_event(make_message(send), "unsubscribe", detail=reason)
    for _number in range(stayed):
        make_message(send)


def test_reasons_of_an_audience_add_up_over_its_campaigns() -> None:
    segment, other = make_segment(name="Tea"), make_segment(name="Mugs")
    sent_to(segment, "too_many", "too_many", "")
    sent_to(segment, "other", "a reason of old")
    sent_to(other, "never_asked")
    found = leaving_by_segment(mailed_segments())
    assert found[segment.pk].reasons == {"too_many": 2, "": 2, "other": 1}
    assert (found[segment.pk].total.count, found[segment.pk].accepted_count) == (5, 9)
    assert found[other.pk].reasons == {"never_asked": 1}


def test_mails_that_no_server_took_and_events_of_other_kinds_count_nowhere() -> None:
    segment = make_segment()
    sent_to(segment, stayed=1)
    campaign = Campaign.objects.get(segment=segment)
    make_message(campaign.send, state="rejected")
    make_event(make_message(campaign.send), "click")
    found = leaving_by_segment([segment])[segment.pk]
    assert (found.total.count, found.accepted_count) == (0, 2)


def test_segments_without_a_sent_campaign_are_not_shown() -> None:
    make_campaign(segment=make_segment())
    assert list(mailed_segments()) == []


def test_many_audiences_cost_as_many_queries_as_one(django_assert_num_queries: Any) -> None:
    for _number in range(3):
        sent_to(make_segment(), "other")
    segments = list(mailed_segments())
    for some in (segments[:1], segments):
        with django_assert_num_queries(2):
            leaving_by_segment(some)


def test_page_and_file_say_the_same(client: Client) -> None:
    sent_to(make_segment(name="=Tea"), "too_many", "")
    client.force_login(make_user("access_admin", "view_campaign"))
    html = client.get(reverse(REPORT)).content.decode()
    assert "I get too many emails" in html
    assert "50" in html, "two of four"
    content = b"".join(client.get(reverse(REPORT), {"export": "csv"})).decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(content))
    reasons = ["I get too many emails", "No reason given", "Another reason"]
    assert [row["Audience"], row["Accepted"], row["Unsubscribed"], *(row[reason] for reason in reasons)] == [
        "'=Tea", "4", "2", "1", "1", "0",
    ]  # fmt: skip


def test_it_is_for_those_who_may_see_campaigns(client: Client) -> None:
    client.force_login(make_user("access_admin"))
    assert client.get(reverse(REPORT)).status_code == 302


def test_the_table_scrolls_beside_its_names_which_phones_keep(client: Client) -> None:
    sent_to(make_segment(name="Tea"), "other", stayed=1300)
    client.force_login(make_user("access_admin", "view_campaign"))
    table = BeautifulSoup(client.get(reverse(REPORT)).content, "html.parser").select_one(".wpm-wide-report table")
    assert table is not None
    name = table.find("td", string=lambda text: bool(text) and text.strip() == "Tea")
    assert name is not None
    assert "wpm-wide" not in name.get("class", [])
    assert "1,301" in table.get_text()


def test_its_rows_are_counted_as_audiences(client: Client) -> None:
    sent_to(make_segment(name="Tea"))
    client.force_login(make_user("access_admin", "view_campaign"))
    page = client.get(reverse(REPORT))
    assert page.context["paginator"].items_count_label == "1 audience"
    sent_to(make_segment(name="Mugs"))
    page = client.get(reverse(REPORT))
    assert page.context["paginator"].items_count_label == "2 audiences"
