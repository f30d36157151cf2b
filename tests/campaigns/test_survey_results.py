"""The answers to a campaign's surveys in the admin: figures for all, names for those who may see them."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.campaigns import make_campaign, make_segment, make_user
from tests.factories.contacts import make_list
from tests.factories.delivery import make_compiled, make_message, make_reader, make_send
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.tracking.surveys import find_survey, record_answer

pytestmark = pytest.mark.django_db

ANSWERS = [{"value": "4", "label": "4 stars"}, {"value": "5", "label": "5 stars"}]
KEPT = {"b": {"survey": "stars", "question": "How was it?", "answers": ANSWERS, "asks_comment": True, "attribute": ""}}


@pytest.fixture
def campaign() -> Campaign:
    made = make_campaign()
    made.send = make_send(compiled=make_compiled(version=2, kept=KEPT), topic=made.topic)
    made.state = Campaign.State.SENT
    made.save()
    for value, comment in [(1, '=HYPERLINK("http://evil")'), (1, ""), (0, "Too\nhot")]:
        message = make_message(made.send, make_reader(made.send))
        survey = find_survey(message, "b")
        assert survey is not None
        record_answer(message, survey, survey.answers[value], comment=comment)
    return made


def path_of(campaign: Campaign, query: str = "") -> str:
    return reverse("precise-mail-campaigns:surveys", args=[campaign.pk]) + query


def client_of(*codenames: str) -> Client:
    client = Client()
    client.force_login(make_user("access_admin", *codenames))
    return client


def test_page_shows_counts_and_average(campaign: Campaign) -> None:
    page = client_of("view_campaign").get(path_of(campaign)).content.decode()
    for words in ["How was it?", "3 answers", "average 4.7", "5 stars", "66.7%"]:
        assert words in " ".join(page.split())
    assert "Too" not in page, "comments are about persons"
    assert "Download" not in page


def test_comments_are_for_those_who_may_see_contacts(campaign: Campaign) -> None:
    page = client_of("view_campaign", "view_contact").get(path_of(campaign)).content.decode()
    assert "Too<br>hot" in page


def test_answers_of_one_segment(campaign: Campaign) -> None:
    happy = make_list(campaign.send.messages.first().contact)
    segment = make_segment([{"type": "in_list", "value": {"lists": [happy.slug]}}])
    client = client_of("view_campaign")
    page = " ".join(client.get(path_of(campaign, f"?segment={segment.pk}")).content.decode().split())
    assert "1 answer ·" in page
    Segment.objects.filter(pk=segment.pk).update(rules="[]")
    broken = client.get(path_of(campaign, f"?segment={segment.pk}"))
    assert broken.status_code == 200
    assert "How was it?" not in broken.content.decode(), "a broken segment never widens"


def test_file_needs_its_own_permission(campaign: Campaign) -> None:
    for codenames in [
        ("view_campaign",),
        ("view_campaign", "view_contact"),
        ("view_campaign", "export_contact"),
        ("view_campaign", "view_contact", "export_contact"),
    ]:
        assert client_of(*codenames).get(path_of(campaign, "?export=csv")).status_code in (302, 403)
    assert client_of("view_contact", "export_contact").get(path_of(campaign, "?export=csv")).status_code in (302, 403)


def test_file_runs_no_formula(campaign: Campaign) -> None:
    client = client_of("view_campaign", "view_contact", "view_contact_address", "export_contact")
    response = client.get(path_of(campaign, "?export=csv"))
    rows = list(csv.reader(io.StringIO(response.content.decode())))
    assert rows[0] == ["When", "Email address", "Question", "Value", "Answer", "Comment"]
    assert len(rows) == 4
    assert rows[1][-1] == '\'=HYPERLINK("http://evil")'
    assert rows[3][2:] == ["How was it?", "4", "4 stars", "Too\nhot"]


def test_campaign_page_leads_to_the_answers(campaign: Campaign) -> None:
    client = client_of("view_campaign")
    page = client.get(reverse("precise-mail-campaigns:inspect", args=[campaign.pk])).content.decode()
    assert path_of(campaign) in page
    assert "Nobody forwarded or shared it." in page


def test_campaign_that_was_not_sent_has_none() -> None:
    assert client_of("view_campaign").get(path_of(make_campaign())).status_code == 404


def test_nobody_else_gets_in(campaign: Campaign) -> None:
    response: Any = client_of().get(path_of(campaign))
    assert response.status_code in (302, 403)
