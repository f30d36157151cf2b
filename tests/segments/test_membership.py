"""The segments of one contact, and why."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.contacts.colleagues import client_with, is_refused
from tests.factories.contacts import make_contact, make_field, make_tag
from tests.factories.segments import make_segment
from wagtail_precise_mail.segments.membership import memberships

pytestmark = pytest.mark.django_db


def country(code: str) -> dict[str, Any]:
    return {"country": {"countries": [code]}}


def names(contact: Any) -> list[str]:
    return [one.segment.name for one in memberships(contact) if not one.segment.is_system]


def test_only_segments_that_they_belong_to() -> None:
    contact = make_contact(country="GB")
    make_segment(country("GB"), name="Britons")
    make_segment(country("FR"), name="French")
    make_segment({"none": [country("FR")]}, name="Not French")
    make_segment(country("GB"), name="Draft", live=False)
    assert names(contact) == ["Britons", "Not French"]


def test_each_says_why() -> None:
    contact = make_contact(country="GB")
    make_tag(contact, slug="vip", name="VIP")
    make_segment(country("GB"), {"tag": {"tags": ["vip"]}}, name="British VIPs")
    [one] = [one for one in memberships(contact) if one.segment.name == "British VIPs"]
    assert one.sentence == "Contacts who live in United Kingdom and have the tag VIP (vip)."
    assert one.facts == ("GB", "tags: VIP")


def test_a_segment_that_cannot_be_evaluated_is_left_out() -> None:
    make_segment(
        {"contact_field": {"field": "attribute", "attribute": "x", "operator": "is", "values": ["1"]}}, name="X"
    )
    contact = make_contact(attributes={"x": "1"})
    assert names(contact) == ["X"]
    make_field("x", classification="sensitive")
    assert names(contact) == []


def test_the_panel_of_the_profile_is_for_those_who_see_contacts() -> None:
    contact = make_contact(country="GB")
    make_segment(country("GB"), name="Britons")
    url = reverse("precise-mail-contacts:panel", args=[contact.pk, "segments"])
    html = client_with("view_contact").get(url).content.decode()
    assert "Britons" in html
    assert "Contacts who live in United Kingdom." in html
    assert is_refused(client_with("view_segment").get(url))
    assert client_with("view_contact").get(url.replace("segments", "dreams")).status_code == 404
