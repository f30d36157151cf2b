"""Picking a merge field, and what becomes of it in rich text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from wagtail.admin.rich_text.converters.contentstate import ContentstateConverter
from wagtail.rich_text import RichText

from tests.emails.conftest import fill
from tests.factories.contacts import make_contact
from tests.factories.emails import make_email, raw_block
from wagtail_precise_mail.emails.admin.picking import chip_text
from wagtail_precise_mail.emails.attribute_words import check_words
from wagtail_precise_mail.emails.merge import parse_tag
from wagtail_precise_mail.emails.merge_fields import MergeField, contact_fields
from wagtail_precise_mail.emails.richtext import FEATURES

pytestmark = pytest.mark.django_db

TAG = '{{ contact.first_name | default: "friend" }}'
SPAN = f'<span data-wpm-merge="">{TAG}</span>'


def sign_in(client: Client, *codenames: str) -> None:
    user = User.objects.create_user("editor", password="x")
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", *codenames]))
    client.force_login(user)


@pytest.fixture
def editor(client: Client) -> Client:
    cache.clear()
    sign_in(client, "change_email")
    return client


def pick_url() -> str:
    return reverse("precise_mail_merge_fields")


def write_url(name: str) -> str:
    return reverse("precise_mail_merge_tag", args=[name])


def write(client: Client, name: str, **values: str) -> dict[str, Any]:
    response = client.post(write_url(name), {f"wpm-{key}": value for key, value in values.items()})
    assert response.status_code == 200
    return response.json()


def test_list_shows_every_field_with_its_group_and_a_made_up_example(editor: Client) -> None:
    make_contact(first_name="Real", attributes={"points": 77})
    answer = editor.get(pick_url()).json()
    assert answer["step"] == "pick"
    page = BeautifulSoup(answer["html"], "html.parser")
    assert [heading.get_text() for heading in page.find_all("h2")] == [
        "Contact",
        "Orders",
        "Email brand",
        "Digest",
        "Further fields",
    ]
    assert "Alex" in page.get_text()
    assert "May 12, 1990" in page.get_text()
    assert "contact.attributes.points" in page.get_text()
    assert "Real" not in page.get_text()
    assert "77" not in page.get_text()


def test_label_of_a_registered_field_is_escaped(editor: Client) -> None:
    with contact_fields.temporarily("points", MergeField("<b>Points</b>", lambda contact: "")):
        assert "<b>Points" not in editor.get(pick_url()).json()["html"]


@pytest.mark.parametrize(
    ("name", "values", "tag"),
    [
        ("contact.first_name", {"fallback": "friend"}, TAG),
        ("contact.first_name", {"fallback": 'the "one"'}, """{{ contact.first_name | default: 'the "one"' }}"""),
        ("contact.city", {"format": "upper", "fallback": "x"}, '{{ contact.city | upper | default: "x" }}'),
        ("contact.email", {}, "{{ contact.email }}"),
        ("contact.created_on", {"format": "date:year"}, '{{ contact.created_on | date: "year" }}'),
        ("contact.created_on", {}, None),
        ("contact.order_count", {"format": "number"}, "{{ contact.order_count | number }}"),
        (
            "contact.order_count",
            {"format": "plural", "one": "# order", "other": "# orders"},
            '{{ contact.order_count | plural: "# order", "# orders" }}',
        ),
        ("contact.order_count", {"format": "plural", "other": "# 单"}, '{{ contact.order_count | plural: "# 单" }}'),
        (
            "contact.attributes.credit",
            {"format": "money", "currency": "gbp", "fallback": "nothing"},
            '{{ contact.attributes.credit | money: "GBP" | default: "nothing" }}',
        ),
    ],
)
def test_form_answers_with_the_tag(editor: Client, name: str, values: dict[str, str], tag: str | None) -> None:
    answer = write(editor, name, **values)
    assert answer["step"] == "chosen"
    assert answer["tag"] == (tag or '{{ contact.created_on | date: "long" }}')
    assert parse_tag(answer["tag"][2:-2])


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("contact.first_name", {}, "This field is required."),
        ("contact.first_name", {"fallback": "x", "format": "date:long"}, "Select a valid choice"),
        ("contact.first_name", {"fallback": "a \"b\" 'c'"}, "cannot be read"),
        ("contact.first_name", {"fallback": "a }} b"}, "cannot be read"),
        ("contact.order_count", {"format": "money", "currency": "XQX"}, "Takes the three capitals of a currency"),
        ("contact.order_count", {"format": "plural", "one": "# a"}, None),
        ("contact.order_count", {"format": "plural"}, "Needs a text in quotes"),
    ],
)
def test_form_says_what_is_wrong(editor: Client, name: str, values: dict[str, str], said: str | None) -> None:
    answer = write(editor, name, **values)
    if said is None:  # one text is for every number
        assert answer["step"] == "chosen"
        return
    assert answer["step"] == "write"
    assert said in BeautifulSoup(answer["html"], "html.parser").get_text()


def test_tag_that_is_there_is_edited(editor: Client) -> None:
    tag = '{{ contact.attributes.x | plural: "# a", "# b" | default: "none" }}'
    page = BeautifulSoup(editor.get(pick_url(), {"tag": tag}).json()["html"], "html.parser")
    shown = {field["name"]: field.get("value", "") for field in page.find_all("input") if field.get("name")}
    assert shown["wpm-one"] == "# a"
    assert shown["wpm-fallback"] == "none"
    selected = page.select_one("option[selected]")
    assert selected is not None
    assert selected["value"] == "plural"


@pytest.mark.parametrize(
    "tag",
    [
        '{{ contact.city | upper | title | default: "x" }}',
        '{{ contact.city | phrase: "in #", "x" }}',
        '{{ contact.attributes.x | plural: "one = a", "few = b", "other = c" | default: "none" }}',
        '{{ contact.city | default: "x" | upper }}',
    ],
)
def test_tag_that_says_more_than_the_form_is_edited_as_it_is_typed(editor: Client, tag: str) -> None:
    page = BeautifulSoup(editor.get(pick_url(), {"tag": tag}).json()["html"], "html.parser")
    written = page.select_one("[name=wpm-written]")
    form = page.find("form")
    assert written is not None
    assert form is not None
    assert written["value"] == tag
    answer = editor.post(str(form["action"]), {"wpm-written": tag.replace("x", "y")}).json()
    assert answer["step"] == "chosen"
    wrong = editor.post(str(form["action"]), {"wpm-written": "{{ contact.nothing }} and more"}).json()
    assert "no field" in wrong["html"]


def test_damaged_tag_leads_to_the_list(editor: Client) -> None:
    assert editor.get(pick_url(), {"tag": "{{ nonsense"}).json()["step"] == "pick"


def test_unknown_field_is_not_found(editor: Client) -> None:
    assert editor.get(write_url("contact.nothing")).status_code == 404
    assert editor.post(write_url("settings.SECRET_KEY")).status_code == 404


@pytest.mark.parametrize("address", [pick_url, lambda: write_url("contact.city")])
def test_picker_is_closed_to_people_who_may_not_write_emails(client: Client, address: Any) -> None:
    sign_in(client, "view_contact", "view_email")
    assert client.get(address()).status_code in (302, 403)
    assert client.post(address()).status_code in (302, 403)


def convert(html: str) -> dict[str, Any]:
    return json.loads(ContentstateConverter(features=FEATURES).from_database_format(html))


def round_trip(html: str) -> str:
    converter = ContentstateConverter(features=FEATURES)
    written = converter.to_database_format(converter.from_database_format(html))
    soup = BeautifulSoup(written, "html.parser")
    for paragraph in soup.find_all(True):
        paragraph.attrs.pop("data-block-key", None)
    return str(soup)


def test_chip_reads_in_words_with_its_tag_behind_it() -> None:
    state = convert(f"<p>Dear {SPAN}, hi</p>")
    [block] = state["blocks"]
    assert block["text"] == "Dear {{ First name | friend }}, hi"
    assert block["entityRanges"] == [{"key": 0, "offset": 5, "length": 25}]
    assert state["entityMap"]["0"] == {"type": "WPM_MERGE", "mutability": "IMMUTABLE", "data": {"tag": TAG}}


@pytest.mark.parametrize(
    "html",
    [
        f"<p>Dear {SPAN}, hi</p>",
        f"<p>{SPAN}</p>",
        f"<p>{SPAN}{SPAN} {SPAN}</p>",
        f"<ul><li>one {SPAN}</li><li>{SPAN}</li></ul>",
        f"<p>a <b>b</b> {SPAN} c</p>",
        f'<p>a <span data-wpm-merge=""><b>{TAG}</b></span> c</p>',
        f'<p>a <span data-wpm-merge=""><b><i>{TAG}</i></b></span><b> c</b></p>',
        f"<p>typed {TAG} stays typed</p>",
        f'<p><a href="https://example.com/">in a link {TAG}</a></p>',
        '<p><span data-wpm-merge="">{{ contact.city | default: \'say "hi"\' }}</span></p>',
        '<p><span data-wpm-merge="">{{ contact.city | default: "a &amp; b &lt;i&gt;" }}</span></p>',
    ],
)
def test_rich_text_comes_back_from_the_editor_as_it_was(html: str) -> None:
    assert round_trip(html) == html
    assert round_trip(round_trip(html)) == html


@pytest.mark.parametrize("inside", ["{{ contact.gone | default: 'x' }}", "no tag at all", "{{ contact.city", ""])
def test_damaged_chip_becomes_text_and_is_refused_when_it_is_a_wrong_tag(inside: str) -> None:
    html = round_trip(f'<p>a <span data-wpm-merge="">{inside}</span> b</p>')
    assert "<span" not in html
    assert inside in BeautifulSoup(html, "html.parser").get_text()
    if "{{" in inside:
        with pytest.raises(ValidationError):
            check_words(RichText(html))


def test_hostile_data_of_a_chip_is_written_as_text() -> None:
    block = {"key": "a", "text": "chip", "type": "unstyled", "depth": 0, "inlineStyleRanges": []}
    ranges = [{"offset": 0, "length": 4, "key": 0}]
    entity = {"type": "WPM_MERGE", "mutability": "IMMUTABLE", "data": {"tag": "<script>alert(1)</script>"}}
    state = {"blocks": [{**block, "entityRanges": ranges}], "entityMap": {"0": entity}}
    html = ContentstateConverter(features=FEATURES).to_database_format(json.dumps(state))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_copy_of_a_chip_in_a_plain_text_is_refused_with_the_field_that_is_meant() -> None:
    with pytest.raises(ValidationError, match=r"contact\.first_name"):
        check_words(RichText(f"<p>{chip_text(parse_tag(TAG[2:-2]))}</p>"))


def test_chip_is_filled_in_html_and_text() -> None:
    email = make_email(raw_block("rich_text", content=f"<p>Dear <b>{SPAN}</b>,</p>"))
    filled = fill(email, first_name="<Ada>")
    assert "Dear <b>&lt;Ada&gt;</b>," in filled.html
    assert "Dear <Ada>," in filled.text
    assert "Dear friend," in fill(email).text
    assert "data-wpm-merge" not in filled.html
