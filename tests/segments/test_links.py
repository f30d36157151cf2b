"""Links into the form of a new segment: filled in, for those who may, and nothing saved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.test import Client
from django.urls import reverse

from tests.factories.segments import make_segment
from wagtail_precise_mail.segments.admin.links import new_segment_url
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.sizes import SegmentSize

pytestmark = pytest.mark.django_db

TWO_ORDERS = {"order_count": {"min": 2}}
ADD = reverse("wagtailsnippets_wagtail_precise_mail_segment:add")


def editor(*codenames: str) -> User:
    user = User.objects.create_user(f"somebody-{User.objects.count()}", password="x")
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", *codenames]))
    return user


def form_at(url: str, user: User) -> tuple[Any, dict[str, str]]:
    client = Client()
    client.force_login(user)
    answer = client.get(url)
    fields = BeautifulSoup(answer.content, "html.parser").select("input[name]")
    return answer, {str(field["name"]): str(field.get("value", "")) for field in fields}


def test_the_form_has_the_name_a_free_slug_and_the_rules() -> None:
    make_segment(slug="loyal-ones", name="Loyal ones")
    user = editor("add_segment")
    before = Segment.objects.count()

    answer, fields = form_at(new_segment_url(user, "Loyal ones", TWO_ORDERS), user)

    assert (fields["name"], fields["slug"]) == ("Loyal ones", "loyal-ones-2")
    assert "order_count" in answer.content.decode()
    instance = answer.context["form"].instance
    assert [(child.block_type, child.value["min"]) for child in instance.rules] == [("order_count", 2)]
    assert Segment.objects.count() == before


def test_who_may_make_no_segment_gets_no_link() -> None:
    assert new_segment_url(editor("view_segment"), "Loyal", TWO_ORDERS) == ""
    assert new_segment_url(AnonymousUser(), "Loyal", TWO_ORDERS) == ""
    assert new_segment_url(None, "Loyal", TWO_ORDERS) == ""


@pytest.mark.parametrize(
    "rules", ["[", "{}", '{"rules": [{"no_such": {}}]}', '{"rules": [{"order_count": {"min": -1}}]}']
)
def test_rules_that_cannot_be_used_leave_an_empty_form_and_a_message(rules: str) -> None:
    user = editor("add_segment")
    client = Client()
    client.force_login(user)

    answer = client.get(ADD, {"name": "Loyal", "rules": rules})

    assert answer.status_code == 200
    assert "These rules cannot be used" in answer.content.decode()
    assert len(answer.context["form"].instance.rules) == 0


def test_the_listing_says_how_many_contacts_a_segment_had_last() -> None:
    segment, at = make_segment(name="Loyal"), datetime(2026, 3, 1, tzinfo=UTC)
    for ago, count in ((2, 999), (1, 1234), (0, None)):
        SegmentSize.objects.create(
            segment=segment, measured_on=(at - timedelta(days=ago)).date(), contact_count=count, measured_at=at
        )
    client = Client()
    client.force_login(editor("view_segment", "change_segment"))

    page = client.get(reverse("wagtailsnippets_wagtail_precise_mail_segment:list")).content.decode()

    assert "1,234" in page
    assert "999" not in page
