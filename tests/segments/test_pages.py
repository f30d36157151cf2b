"""The pages of segments: overview, JSON, templates, comparison, hashed audience."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories.campaigns import make_campaign
from tests.factories.commerce import make_category, make_product
from tests.factories.contacts import grant, make_contact, make_list, make_topic
from tests.factories.segments import make_rules, make_segment
from wagtail_precise_mail.contacts.exports import ContactExport
from wagtail_precise_mail.contacts.models import Suppression
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.overlap import overlap
from wagtail_precise_mail.segments.panels import SegmentPanel, segment_panels
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.segments.services import draft_segment, save_segment
from wagtail_precise_mail.segments.sizes import SegmentSize
from wagtail_precise_mail.segments.templates import available_templates, segment_templates

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
GERMANS = {"country": {"countries": ["DE"]}}
EXPORT = ("view_contact", "view_contact_address", "export_contact")


def url(name: str, *args: Any) -> str:
    return reverse(f"wagtailsnippets_wagtail_precise_mail_segment:{name}", args=args)


def client_of(*codenames: str) -> Client:
    user = User.objects.create_user(f"somebody-{User.objects.count()}", password="x")
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", *codenames]))
    client = Client()
    client.force_login(user)
    return client


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return " ".join(answer.content.decode().split())


def test_the_overview_says_the_rules_the_sizes_and_the_uses() -> None:
    segment = save_segment("germans", name="Germans", rules=make_rules(GERMANS))
    for ago, count in ((2, 10), (1, None), (0, 14)):
        day = timezone.localdate() - timedelta(days=ago)
        problem = "" if count else "it was gone"
        SegmentSize.objects.create(
            segment=segment, measured_on=day, contact_count=count, measured_at=AT, problem=problem
        )
    campaign = make_campaign(segment=segment, name="Spring sale")
    save_segment("others", name="Others", rules=make_rules({"none": [{"in_segment": {"segments": ["germans"]}}]}))
    html = text_of(client_of("view_segment").get(url("inspect", segment.pk)))
    assert "Contacts who live in Germany." in html
    assert "it was gone" in html
    assert campaign.name in html
    assert "Others" in html
    assert "in its rules" in html
    assert '<svg class="wpm-chart' in html or "<svg" in html


def test_the_overview_of_broken_rules_is_a_message() -> None:
    segment = make_segment(GERMANS)
    Segment.objects.filter(pk=segment.pk).update(rules=[{"type": "gone", "value": {}, "id": "1"}])
    client = client_of("view_segment")
    assert "not known here any more" in text_of(client.get(url("inspect", segment.pk)))
    assert "not known here any more" in text_of(client.get(url("panel", segment.pk, "members")))


def test_the_panel_counts_members_and_those_who_may_be_written_to() -> None:
    topic = make_topic(name="News")
    reachable, silent, held = (make_contact(country="DE", first_name="Ada") for _index in range(3))
    for contact in (reachable, held):
        grant(contact, topic)
    Suppression.objects.create(address_hash=held.address_hash, reason="complaint", created_at=AT)
    make_contact(country="FR")
    segment = make_segment(GERMANS)
    html = text_of(client_of("view_segment", *EXPORT).get(url("panel", segment.pk, "members")))
    assert "<strong>3</strong> contacts belong" in html
    assert "75.0% of 4" in html
    assert "may get “News”</dt><dd>1</dd>" in html
    assert silent.email in html
    assert "DE" in html


def test_other_rooms_add_panels_that_may_be_closed() -> None:
    class Panel(SegmentPanel):
        title = "Hours"
        template_name = "wagtail_precise_mail/segments/panel_problem.html"

        def is_shown(self, user: Any) -> bool:
            return user.has_perm("wagtail_precise_mail.view_campaign")

        def context(self, segment: Any, rules: Any, *, at: datetime, user: Any) -> dict[str, Any]:
            return {"problem": f"{members(rules, at=at).count()} of {segment.slug}"}

    make_contact(country="DE")
    segment = make_segment(GERMANS, slug="germans")
    with segment_panels.temporarily("hours", Panel):
        inside, outside = client_of("view_segment", "view_campaign"), client_of("view_segment")
        assert "Hours" in text_of(inside.get(url("inspect", segment.pk)))
        assert "1 of germans" in text_of(inside.get(url("panel", segment.pk, "hours")))
        assert "Hours" not in text_of(outside.get(url("inspect", segment.pk)))
        assert outside.get(url("panel", segment.pk, "hours")).status_code in (302, 403)
    assert inside.get(url("panel", segment.pk, "gone")).status_code == 404


def test_the_listing_says_the_rules_of_every_segment_looking_up_names_once() -> None:
    client = client_of("view_segment", "change_segment")
    one = make_list(slug="vips", name="VIPs")
    for number in range(3):
        make_segment({"in_list": {"lists": ["vips"]}}, name=f"S{number}")
    broken = make_segment(GERMANS, name="Broken", description="What it was")
    with CaptureQueriesContext(connection) as queries:
        assert "are on the list VIPs (vips)" in text_of(client.get(url("list")))
    looked_up = [one for one in queries if '"wagtail_precise_mail_contactlist" WHERE' in one["sql"]]
    assert len(looked_up) == 1
    Segment.objects.filter(pk=broken.pk).update(rules=[{"type": "gone", "value": {}, "id": "1"}])
    html = text_of(client.get(url("list")))
    assert "What it was" in html
    assert f"are on the list {one.name}" in html


def test_the_rules_go_out_as_json_and_come_in_as_a_draft() -> None:
    rules = make_rules(GERMANS, {"none": [{"age": {"max": 17}}]})
    segment = save_segment("germans", name="Germans", rules=rules, description="Grown up")
    answer = client_of("view_segment").get(url("download", segment.pk))
    assert answer["Content-Disposition"] == 'attachment; filename="germans.json"'
    file = SimpleUploadedFile("germans.json", answer.content)
    made = client_of("add_segment", "change_segment").post(url("upload"), {"file": file})
    assert made.status_code == 302
    draft = Segment.objects.exclude(pk=segment.pk).get(name="Germans")
    assert (draft.slug, draft.live, draft.description) == ("germans-2", False, "Grown up")
    assert draft.read_rules() == rules
    assert draft.latest_revision.as_object().read_rules() == rules


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this is not JSON: line 1, column 2"),
        ("[" * 5000, "nested too deeply"),
        ('{"rules": [{"age": {"min": 1, "min": 2}}]}', "is there twice"),
        ('{"rules": [{"age": {"min": NaN}}]}', "NaN is not a number"),
        ('{"rules": []}', "has no rules"),
        ("[]", "must be an object"),
        ('{"rules": [{"everybody": {}}], "except": [{"none": [{"in_list": {"lists": ["gone"]}}]}]}', "Except › rule 1"),
        ('{"rules": [{"everybody": {}}]}', "The file has no name"),
        ("", "Give either a file or a text."),
        ('{"name": 7, "rules": [{"everybody": {}}]}', "The file has no name"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_at_its_place(text: str, message: str) -> None:
    before = Segment.objects.count()
    html = text_of(client_of("add_segment").post(url("upload"), {"text": text}))
    assert message in html
    assert Segment.objects.count() == before


def test_a_file_that_is_no_text_or_too_large_is_refused() -> None:
    client = client_of("add_segment")
    for content, message in ((b"\xff\xfe\x00", "not text in UTF-8"), (b" " * 1_000_001, "too large")):
        html = text_of(client.post(url("upload"), {"file": SimpleUploadedFile("x.json", content)}))
        assert message in html


def test_every_template_whose_conditions_are_here_reads_without_an_error() -> None:
    make_category(name="Tea")
    make_product("A")
    found = available_templates()
    for key, template in found.items():
        choices = [value for value, _label in template.choices()] or [""]
        rules = template.read(choices[0])
        assert members(rules, at=AT).count() == 0, key
        assert rules.sentence()
    assert len(found) >= 18
    assert set(found) <= set(segment_templates)


def test_a_template_that_asks_for_a_category_hides_where_there_is_none() -> None:
    assert "category_fans" not in available_templates()
    make_category(name="Tea")
    assert "category_fans" in available_templates()


def test_a_template_becomes_a_draft_in_the_editor() -> None:
    make_category(name="Tea")
    client = client_of("add_segment", "change_segment")
    html = text_of(client.get(url("templates")))
    assert "Fans of a category" in html
    assert "Tea" in html
    answer = client.post(url("templates"), {"template": "category_fans", "choice": "tea"})
    draft = Segment.objects.get(name="Fans of a category: Tea")
    assert answer["Location"] == url("edit", draft.pk)
    assert not draft.live
    assert "Tea" in draft.read_rules().sentence()
    assert client.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize("data", [{}, {"template": "gone"}, {"template": "category_fans", "choice": "gone"}])
def test_a_template_that_cannot_be_used_makes_nothing(data: dict[str, str]) -> None:
    make_category(name="Tea")
    before = Segment.objects.count()
    answer = client_of("add_segment").post(url("templates"), data, follow=True)
    assert "This template cannot be used" in answer.content.decode()
    assert Segment.objects.count() == before


def test_segments_are_compared_by_one_query() -> None:
    for country, gender in (("DE", "f"), ("DE", "m"), ("DE", "f"), ("FR", "f"), ("", "")):
        make_contact(country=country, gender=gender, birthday_on=date(1990, 1, 1))
    germans = make_segment(GERMANS)
    women = make_segment({"contact_field": {"field": "gender", "operator": "is", "values": ["f"]}})
    french = make_segment({"country": {"countries": ["FR"]}})
    with CaptureQueriesContext(connection) as queries:
        found = overlap([germans, women, french], at=AT)
    assert len(queries) == 1
    assert {one.places: one.count for one in found.combinations} == {
        frozenset({0, 1}): 2,
        frozenset({0}): 1,
        frozenset({1, 2}): 1,
    }
    for first, one in enumerate(found.segments):
        for second, other in enumerate(found.segments):
            both = members(one, at=AT).filter(pk__in=members(other, at=AT).values("pk")).count()
            assert found.shared(first, second) == both
    assert found.union_count == 4


def test_the_comparison_shows_a_matrix_and_bars() -> None:
    make_contact(country="DE")
    germans, everybody = make_segment(GERMANS, name="Germans"), make_segment(name="Everybody")
    broken = make_segment(GERMANS, name="Broken")
    Segment.objects.filter(pk=broken.pk).update(rules=[{"type": "gone", "value": {}, "id": "1"}])
    client = client_of("view_segment")
    page = url("overlap")
    assert "Every pair" not in text_of(client.get(page))
    assert "Choose one more." in text_of(client.get(f"{page}?segment={germans.pk}"))
    html = text_of(client.get(f"{page}?segment={germans.pk}&segment={everybody.pk}&segment=x"))
    assert "Every pair" in html
    assert "1 contact is in at least one of them." in html
    assert "not known" in text_of(client.get(f"{page}?segment={germans.pk}&segment={broken.pk}"))
    many = "&".join(f"segment={make_segment(GERMANS).pk}" for _index in range(9))
    assert "Choose at most 8 segments." in text_of(client.get(f"{page}?{many}"))


def test_a_hashed_audience_has_only_those_who_agreed_to_it() -> None:
    topic, other = make_topic(slug="ads"), make_topic(slug="news")
    segment = make_segment(GERMANS, slug="germans")
    people: dict[str, Any] = {
        "yes": {},
        "no-consent": {},
        "other-topic": {},
        "no-profiling": {"is_profiling_allowed": False},
        "no-tracking": {"is_tracking_allowed": False},
        "quarantined": {"quarantined_at": AT},
        "suppressed": {},
        "abroad": {"country": "FR"},
    }
    for name, values in people.items():
        contact = make_contact(**{"email": f"{name.title()}@Example.com", "country": "DE", **values})
        if name not in ("no-consent", "other-topic"):
            grant(contact, topic)
        if name == "other-topic":
            grant(contact, other)
        if name == "suppressed":
            Suppression.objects.create(
                address_hash=contact.address_hash, reason="unsubscribed", scope="marketing", created_at=AT
            )
    answer = client_of("view_segment", *EXPORT).post(
        url("hashed", segment.pk), {"topic": topic.pk, "explanation": "Spring, at Meta"}
    )
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").split()
    assert lines == ["email", hashlib.sha256(b"yes@example.com").hexdigest()]
    log = ContactExport.objects.get()
    assert (log.kind, log.purpose, log.row_count) == ("hashed", "ads", 1)
    assert log.filters == "segment=germans&topic=ads"
    assert log.explanation == "Spring, at Meta"


def test_a_hashed_audience_needs_a_purpose_a_topic_and_published_rules() -> None:
    topic, client = make_topic(), client_of("view_segment", *EXPORT)
    segment, draft = make_segment(GERMANS), draft_segment("Draft", rules=make_rules(GERMANS))
    good = {"topic": topic.pk, "explanation": "Spring, at Meta"}
    for data in ({}, {**good, "explanation": "x"}, {**good, "topic": 0}):
        assert client.post(url("hashed", segment.pk), data).status_code == 200
    assert "is not published" in text_of(client.post(url("hashed", draft.pk), good))
    assert not ContactExport.objects.exists()


@pytest.mark.parametrize("name", ["inspect", "panel", "download", "upload", "templates", "overlap", "hashed"])
@pytest.mark.parametrize("codenames", [[], ["view_contact"], EXPORT], ids=["admin", "contacts", "exporter"])
def test_no_page_is_open_without_the_right_to_segments(name: str, codenames: list[str]) -> None:
    segment = make_segment()
    args = {"panel": [segment.pk, "members"], "upload": [], "templates": [], "overlap": []}.get(name, [segment.pk])
    client = client_of(*codenames)
    for answer in (client.get(url(name, *args)), client.post(url(name, *args))):
        assert answer.status_code in (302, 403, 405)
        if answer.status_code == 302:
            assert answer["Location"] == reverse("wagtailadmin_home")
    assert not ContactExport.objects.exists()


@pytest.mark.parametrize("name", ["upload", "templates", "hashed"])
def test_seeing_segments_is_not_enough_to_make_or_export_them(name: str) -> None:
    segment = make_segment()
    answer = client_of("view_segment").get(url(name, *([segment.pk] if name == "hashed" else [])))
    assert answer.status_code in (302, 403)


def test_the_json_of_a_segment_is_what_the_command_reads(tmp_path: Any) -> None:
    from django.core.management import call_command

    make_contact(country="DE")
    segment = save_segment("germans", name="Germans", rules=make_rules(GERMANS))
    path = tmp_path / "germans.json"
    path.write_bytes(client_of("view_segment").get(url("download", segment.pk)).content)
    assert json.loads(path.read_text())["name"] == "Germans"
    from io import StringIO

    out = StringIO()
    call_command("precise_mail_segment", rules=str(path), count=True, stdout=out)
    assert out.getvalue().strip() == "1"
