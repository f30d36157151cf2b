"""Ideas and the campaigns that came of them: each shows the other."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.campaigns import make_campaign, make_user
from wagtail_precise_mail.campaigns.admin.viewsets import CampaignViewSet
from wagtail_precise_mail.campaigns.ideas import Idea
from wagtail_precise_mail.campaigns.models import Campaign

pytestmark = pytest.mark.django_db


def make_idea(title: str = "Ferns that die in winter", **overrides: Any) -> Idea:
    return Idea.objects.create(title=title, **{"kind": "customer_pain", **overrides})


def page(client: Client, name: str, *args: Any, **query: Any) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def test_campaign_shows_its_idea_and_the_idea_its_campaigns(client: Client) -> None:
    client.force_login(make_user(is_superuser=True))
    idea = make_idea()
    campaign = make_campaign(name="Winter care", idea=idea)
    make_campaign(name="Without")
    shown = page(client, "precise-mail-campaigns:inspect", campaign.pk)
    assert f'<a href="{reverse("precise-mail-ideas:edit", args=[idea.pk])}">Ferns that die in winter</a>' in shown
    shown = page(client, "precise-mail-ideas:edit", idea.pk)
    assert f'<a href="{reverse("precise-mail-campaigns:inspect", args=[campaign.pk])}">Winter care</a>' in shown
    assert "Without" not in shown


def test_who_may_not_see_campaigns_sees_none_of_them_in_an_idea(client: Client) -> None:
    client.force_login(make_user("access_admin", "change_idea"))
    idea = make_idea()
    make_campaign(name="Winter care", idea=idea)
    assert "Winter care" not in page(client, "precise-mail-ideas:edit", idea.pk)


def test_listing_filters_and_counts(client: Client) -> None:
    client.force_login(make_user("access_admin", "change_idea"))
    make_campaign(idea=make_idea("Taken up", state="used"))
    make_idea("Still open", kind="trend")
    shown = page(client, "precise-mail-ideas:index", state="open")
    assert "Still open" in shown
    assert "Taken up" not in shown
    shown = page(client, "precise-mail-ideas:index", kind="customer_pain")
    assert "Taken up" in shown
    assert "Still open" not in shown


def test_listing_asks_for_permission(client: Client) -> None:
    client.force_login(make_user("access_admin"))
    assert client.get(reverse("precise-mail-ideas:index")).status_code == 302


def test_dropped_ideas_are_not_offered() -> None:
    make_idea("Open one")
    make_idea("Dropped one", state="dropped")
    form = CampaignViewSet().get_form_class()()
    assert [str(idea) for idea in form.fields["idea"].queryset] == ["Open one"]


def test_deleted_idea_leaves_its_campaign() -> None:
    idea = make_idea()
    campaign = make_campaign(idea=idea)
    idea.delete()
    assert Campaign.objects.get(pk=campaign.pk).idea is None
