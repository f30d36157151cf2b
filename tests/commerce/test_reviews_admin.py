"""Reviews in the admin: who may approve, and that it is written down."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import ModelLogEntry

from tests.emails.test_review_block import make_review
from tests.factories.campaigns import make_user

pytestmark = pytest.mark.django_db
INDEX = "precise-mail-reviews:index"


def test_moderator_approves_and_the_log_says_so(client: Client) -> None:
    review = make_review(state="pending")
    user = make_user("access_admin", "moderate_review")
    client.force_login(user)
    assert "Approve" in client.get(reverse(INDEX)).content.decode()
    url = reverse("precise-mail-reviews:moderate", args=[review.pk])
    for state in ("approved", "rejected"):
        client.post(url, {"state": state})
        review.refresh_from_db()
        assert (review.state, review.moderated_by) == (state, user)
        assert review.moderated_at is not None
    entries = ModelLogEntry.objects.filter(object_id=str(review.pk), user=user).order_by("pk")
    assert [entry.action for entry in entries] == ["precise_mail.review.approved", "precise_mail.review.rejected"]


def test_looking_changes_nothing_and_other_states_are_refused(client: Client) -> None:
    review = make_review(state="pending")
    client.force_login(make_user(is_superuser=True))
    url = reverse("precise-mail-reviews:moderate", args=[review.pk])
    assert client.get(url).status_code == 405
    assert client.post(url, {"state": "pending"}).status_code == 400
    review.refresh_from_db()
    assert review.state == "pending"


def test_who_may_change_reviews_may_not_approve_them(client: Client) -> None:
    review = make_review(state="pending")
    client.force_login(make_user("access_admin", "change_review", "view_review"))
    assert 'value="approved"' not in client.get(reverse(INDEX)).content.decode().split("<table")[-1]
    client.post(reverse("precise-mail-reviews:moderate", args=[review.pk]), {"state": "approved"})
    review.refresh_from_db()
    assert review.state == "pending"


def test_listing_is_filtered_by_state(client: Client) -> None:
    client.force_login(make_user(is_superuser=True))
    make_review(words="Waits here", state="pending")
    make_review(words="Was nodded at")
    content = client.get(reverse(INDEX), {"state": "pending"}).content.decode()
    assert "Waits here" in content
    assert "Was nodded at" not in content


def test_chooser_offers_approved_reviews_only(client: Client) -> None:
    client.force_login(make_user(is_superuser=True))
    make_review(words="Waits here", state="pending")
    make_review(words="Was nodded at")
    content = client.get(reverse("precise_mail_review_chooser:choose")).content.decode()
    assert "Was nodded at" in content
    assert "Waits here" not in content
