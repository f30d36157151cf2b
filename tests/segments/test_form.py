"""The form of a segment: what its rules say together."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.test.utils.form_data import nested_form_data, streamfield

from tests.factories.segments import make_rules, make_segment
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.services import save_segment

pytestmark = pytest.mark.django_db

GERMANS = {"country": {"countries": ["DE"]}}


def edit_url(segment: Segment) -> str:
    return reverse("wagtailsnippets_wagtail_precise_mail_segment:edit", args=[segment.pk])


def names(slug: str) -> tuple[str, dict[str, Any]]:
    return "in_segment", {"segments": {"count": "1", "0": {"deleted": "", "order": "0", "value": slug}}}


def form(segment: Segment, rules: list[Any], exclusions: list[Any] | None = None, **fields: Any) -> dict[str, Any]:
    values = {"name": segment.name, "slug": segment.slug, "description": ""}
    streams = {"rules": streamfield(rules), "exclusions": streamfield(exclusions or [])}
    return nested_form_data({**values, **streams, **fields})


@pytest.mark.parametrize("where", ["rules", "exclusions"])
def test_a_circle_is_not_published_and_may_be_a_draft(admin_client: Client, where: str) -> None:
    first = make_segment(GERMANS, slug="a", name="A")
    save_segment("b", name="B", rules=make_rules({"in_segment": {"segments": ["a"]}}))
    streams = (
        {"rules": [names("b")]} if where == "rules" else {"rules": [("everybody", {})], "exclusions": [names("b")]}
    )
    answer = admin_client.post(edit_url(first), {**form(first, **streams), "action-publish": "1"})
    assert answer.status_code == 200
    html = answer.content.decode().replace("\\u2192", "→")
    assert "segments go round in a circle: a → b → a" in html
    assert admin_client.post(edit_url(first), form(first, **streams)).status_code == 302
    assert Segment.objects.get(slug="a").read_rules() == make_rules(GERMANS)


def test_exclusions_are_entered_beside_the_rules_and_published(admin_client: Client) -> None:
    inner, outer = make_segment(GERMANS, slug="inner"), make_segment(slug="outer")
    data = form(outer, [("everybody", {})], [names("inner")])
    assert admin_client.post(edit_url(outer), {**data, "action-publish": "1"}).status_code == 302
    assert Segment.objects.get(slug="outer").read_rules().exclusions is not None
    assert inner.slug == "inner"


def test_a_slug_that_other_rules_name_stays(admin_client: Client) -> None:
    inner = make_segment(slug="inner")
    free = make_segment(slug="free")
    save_segment("outer", name="Outer", rules=make_rules({"in_segment": {"segments": ["inner"]}}))
    answer = admin_client.post(edit_url(inner), form(inner, [("everybody", {})], slug="other"))
    assert "Other segments name “inner” in their rules" in answer.content.decode()
    assert admin_client.post(edit_url(free), form(free, [("everybody", {})], slug="freed")).status_code == 302
