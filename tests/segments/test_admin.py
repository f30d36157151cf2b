"""Segments in the Wagtail admin: the form, the preview, permission, deletion."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.test.utils.form_data import nested_form_data, streamfield

from tests.factories.commerce import make_order, make_product
from tests.factories.contacts import make_contact
from tests.factories.segments import make_segment
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import members

pytestmark = pytest.mark.django_db

URL = "wagtailsnippets_wagtail_precise_mail_segment"


def login(client: Client, *codenames: str) -> User:
    user = User.objects.create_user("editor", "editor@example.com", "secret")
    group = Group.objects.create(name="segment editors")
    group.permissions.add(*Permission.objects.filter(codename__in=["access_admin", *codenames]))
    user.groups.add(group)
    client.force_login(user)
    return user


def form(rules: list[tuple[str, Any]], **fields: Any) -> dict[str, Any]:
    return nested_form_data(
        {
            "name": "Buyers",
            "slug": "buyers",
            "description": "",
            "rules": streamfield(rules),
            "exclusions": streamfield([]),
            **fields,
        }
    )


def spend(**values: Any) -> tuple[str, dict[str, Any]]:
    return "net_spend", {"min": "", "max": "", "over": "", "days": "", "currency": "", **values}


def bought(product_pks: list[int]) -> tuple[str, dict[str, Any]]:
    lists = dict.fromkeys(("categories", "variants", "brands", "tags"), list_block([]))
    empty = {**lists, "orders": "", "quantity": "", "days": ""}
    return "bought_product", {"products": list_block(product_pks), **empty}


def list_block(values: list[Any]) -> dict[str, Any]:
    """The form data of a ListBlock."""
    items = {str(i): {"deleted": "", "order": str(i), "value": str(value)} for i, value in enumerate(values)}
    return {"count": str(len(values)), **items}


@pytest.fixture
def editor(client: Client) -> Client:
    login(
        client,
        "add_segment",
        "change_segment",
        "publish_segment",
        "delete_segment",
        "view_contact",
        "view_contact_address",
    )
    return client


def preview(client: Client, data: dict[str, Any], segment: Segment | None = None) -> str:
    url = reverse(f"{URL}:preview_on_edit", args=[segment.pk]) if segment else reverse(f"{URL}:preview_on_add")
    answer = client.post(url, data)
    assert answer.json() == {"is_valid": True, "is_available": True}
    shown = client.get(url, {"in_preview_panel": "true"})
    assert shown.status_code == 200
    assert "sandbox" in shown["Content-Security-Policy"]
    assert "<script" not in shown.content.decode()
    return " ".join(shown.content.decode().split())


def test_a_segment_is_made_and_published(admin_client: Client) -> None:
    contact = make_contact()
    make_order(contact, [("A", 1, 100)])
    rules = [
        ("group", {"match": "any", "rules": streamfield([spend(min="100"), ("everybody", {})])}),
        spend(over="99.5"),
    ]
    answer = admin_client.post(reverse(f"{URL}:add"), {**form(rules), "action-publish": "1"})
    assert answer.status_code == 302
    segment = Segment.objects.get(slug="buyers")
    assert list(members(segment)) == [contact]


def test_an_unfinished_segment_is_saved_as_a_draft_but_not_published(admin_client: Client) -> None:
    rules = [
        spend(),
        bought([]),
    ]
    answer = admin_client.post(reverse(f"{URL}:add"), {**form(rules), "action-publish": "1"})
    assert answer.status_code == 200
    assert "give min, max or both" in answer.content.decode()
    assert not Segment.objects.filter(slug="buyers").exists()
    assert admin_client.post(reverse(f"{URL}:add"), form(rules)).status_code == 302
    assert not Segment.objects.get(slug="buyers").live


def test_the_preview_shows_the_rules_the_count_and_a_sample(editor: Client) -> None:
    buyer = make_contact(email="buyer@example.com", first_name="Ada", country="GB")
    make_order(buyer, [("A", 1, 100)])
    make_contact(email="other@example.com")
    html = preview(editor, form([spend(min="50", days="9999")]))
    assert "<strong>1</strong> contact belongs" in html
    assert "spent at least 50 net of refunds within 9,999 days" in html
    assert "buyer@example.com" in html
    assert "Ada" in html
    assert "other@example.com" not in html


def test_the_preview_follows_the_form_and_not_what_is_stored(editor: Client) -> None:
    make_contact()
    segment = make_segment({"everybody": {}})
    assert "<strong>0</strong>" in preview(editor, form([spend(min="1")]), segment)
    assert "<strong>1</strong>" in preview(editor, form([("everybody", {})]), segment)


def test_who_may_not_view_contacts_sees_the_count_and_no_person(client: Client) -> None:
    login(client, "add_segment", "change_segment")
    make_contact(email="secret@example.com", first_name="Ada")
    html = preview(client, form([("everybody", {})]))
    assert "<strong>1</strong>" in html
    assert "secret@example.com" not in html
    assert "Ada" not in html
    assert "You may not view contacts" in html


@pytest.mark.parametrize(
    ("rules", "place", "message"),
    [
        ([], "", "No rules yet"),
        ([spend()], "Rule 1 › Net spend", "Give min, max or both."),
        ([("everybody", {}), spend(min="9", max="3")], "Rule 2 › Net spend › At most", "Must not be below min."),
        ([("group", {"match": "none", "rules": streamfield([])})], "Rule 1 › None of these", "Has no rules"),
        ([("group", {"match": "", "rules": streamfield([])})], "Rule 1", "Choose all, any or none."),
        (
            [("contact_field", {"field": "", "operator": "", "attribute": "", "values": ""})],
            "Rule 1 › Field of the contact › Field",
            "Is missing.",
        ),
    ],
)
def test_unfinished_rules_are_a_message_that_names_the_place(
    editor: Client, rules: list[Any], place: str, message: str
) -> None:
    html = preview(editor, form(rules))
    assert message in html
    assert place in html
    assert "<strong>" not in html


def test_a_deleted_product_is_a_message_in_the_preview(editor: Client) -> None:
    kept, gone = make_product("A"), make_product("B")
    data = form([("group", {"match": "none", "rules": streamfield([bought([kept.pk, gone.pk])])})])
    assert "bought Product A (A) or Product B (B)" in preview(editor, data)
    gone.delete()
    html = preview(editor, data)
    assert "Rule 1 › None of these › rule 1 › Bought a product › Products, number 2" in html


def test_names_in_the_preview_are_text_and_not_html(editor: Client) -> None:
    make_contact(first_name="<img src=x onerror=alert(1)>", city="{{ 7 }}<b>")
    rule = ("contact_field", {"field": "city", "operator": "is", "attribute": "", "values": "{{ 7 }}<b>"})
    html = preview(editor, form([rule]))
    assert "<strong>1</strong>" in html
    assert "<img" not in html
    assert "{{ 7 }}&lt;b&gt;" in html


@pytest.mark.parametrize("view", ["list", "add", "edit", "delete", "preview_on_add", "preview_on_edit", "usage"])
@pytest.mark.parametrize("codenames", [[], ["view_contact"]], ids=["admin only", "contacts only"])
def test_nothing_is_open_without_permission(client: Client, codenames: list[str], view: str) -> None:
    login(client, *codenames)
    args = [make_segment().pk] if view in ("edit", "delete", "preview_on_edit", "usage") else []
    answer = client.get(reverse(f"{URL}:{view}", args=args))
    assert answer.status_code in (302, 403)
    assert answer.status_code == 403 or answer["Location"] == reverse("wagtailadmin_home")


@pytest.mark.parametrize("slug", ["customers", "prospects"])
def test_a_system_segment_is_not_deleted_in_the_admin(editor: Client, slug: str) -> None:
    segment = Segment.objects.get(slug=slug)
    answer = editor.post(reverse(f"{URL}:delete", args=[segment.pk]), follow=True)
    assert "belongs to the system and cannot be deleted" in answer.content.decode()
    bulk = reverse("wagtail_bulk_action", args=["wagtail_precise_mail", "segment", "delete"])
    editor.raise_request_exception = False  # Wagtail 7.4 answers 500 where 8 explains
    editor.post(f"{bulk}?id={segment.pk}")
    assert Segment.objects.filter(slug=slug).exists()


def test_deleting_asks_first(editor: Client) -> None:
    segment = make_segment()
    url = reverse(f"{URL}:delete", args=[segment.pk])
    assert editor.get(url).status_code == 200
    assert Segment.objects.filter(pk=segment.pk).exists()
    editor.post(url)
    assert not Segment.objects.filter(pk=segment.pk).exists()


def test_the_listing_asks_the_same_however_many_there_are(editor: Client) -> None:
    url, counts = reverse(f"{URL}:list"), []
    editor.get(url)  # what the session asks for once
    for count in (3, 12):
        for _index in range(count):
            segment = make_segment({"country": {"countries": ["GB"]}})
            segment.save_revision()  # live, and a draft beside it
        with CaptureQueriesContext(connection) as queries:
            assert editor.get(url).status_code == 200
        counts.append([query["sql"] for query in queries])
    assert len(counts[0]) == len(counts[1]), set(counts[1]) - set(counts[0])


def test_a_time_of_ones_own_needs_an_hour(admin_client: Client) -> None:
    url = reverse(f"{URL}:add")
    rules = [("everybody", {})]
    half = form(rules, timing="fixed", send_weekday="3", send_hour="")
    answer = admin_client.post(url, {**half, "action-publish": "1"})
    assert "Choose the hour" in answer.content.decode()
    assert not Segment.objects.filter(slug="buyers").exists()
    admin_client.post(url, {**form(rules, timing="fixed", send_weekday="3", send_hour="18"), "action-publish": "1"})
    segment = Segment.objects.get(slug="buyers")
    assert (segment.timing, segment.send_weekday, segment.send_hour) == ("fixed", 3, 18)


def test_the_listing_says_what_is_scheduled(editor: Client) -> None:
    waiting, other = make_segment(name="Waiting"), make_segment(name="Other")
    waiting.save_revision().publish()
    waiting.refresh_from_db()
    waiting.go_live_at = timezone.now() + timedelta(days=1)
    waiting.save_revision().publish()
    assert Segment.objects.get(pk=waiting.pk).approved_schedule
    assert not Segment.objects.get(pk=other.pk).approved_schedule
    assert editor.get(reverse(f"{URL}:list")).content.decode().count("live + scheduled") == 1


def test_the_listing_asks_once_for_what_is_protected(editor: Client) -> None:
    for _index in range(5):
        make_segment()
    with CaptureQueriesContext(connection) as queries:
        assert editor.get(reverse(f"{URL}:list")).status_code == 200
    assert len([query for query in queries if "excluded_segments" in query["sql"]]) == 1
