"""The grammar of merge tags."""

from __future__ import annotations

import html

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from wagtail_precise_mail.emails.merge import Tag, parse, parse_tag


def test_text_without_tags_is_itself() -> None:
    assert parse("Hello }} {% now %} {x}") == ["Hello }} {% now %} {x}"]


def test_tag_with_a_fallback_stands_between_its_texts() -> None:
    tag = Tag("contact.first_name", (("default", "friend"),))
    assert parse('Hi {{ contact.first_name | default: "friend" }}!') == ["Hi ", tag, "!"]


@pytest.mark.parametrize(
    "written",
    [
        "contact.first_name|default:'friend'",
        "contact.first_name | default: “friend”",
        "contact.first_name\u00a0|\u00a0default:\u00a0„friend“",
        "\u200bcontact.first_name | default : ‘friend’",
        'contact.first_name\n| default: "friend"',
    ],
)
def test_quotes_and_spaces_of_word_processors_are_read(written: str) -> None:
    assert parse_tag(written) == Tag("contact.first_name", (("default", "friend"),))


def test_apostrophe_in_a_fallback_is_kept() -> None:
    assert parse_tag('contact.first_name | default: "dear l’amie"').fallback == "dear l’amie"


def test_filters_apply_in_their_order() -> None:
    assert parse_tag('contact.city | default: "your town" | upper').fill("  ", "en") == "YOUR TOWN"
    assert parse_tag('contact.city | upper | default: "your town"').fill("", "en") == "your town"
    assert parse_tag('contact.city | capitalize | default: "x"').fill("bath spa", "en") == "Bath spa"


def test_field_that_is_always_filled_needs_no_fallback() -> None:
    assert parse_tag("contact.email") == Tag("contact.email")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{{ contact.first_name }}", "needs a fallback"),
        ('{{ contact.first_name | default: " " }}', "needs a fallback"),
        ('{{ contact.shoe_size | default: "x" }}', "no field “contact.shoe_size”"),
        ('{{ contact.first_name | reverse | default: "x" }}', "no filter “reverse”"),
        ('{{ contact.first_name | upper: "x" }}', "takes no text"),
        ("{{ contact.email | default }}", "needs a text in quotes"),
        ('{{ contact.first_name | default: "x" + 1 }}', "cannot be read from “+ 1”"),
        ("{{ contact.first_name.__class__ }}", "no field"),
        ("{{ settings.SECRET_KEY }}", "no field"),
        ("{{ }}", "names no field"),
        ("Hi {{ contact.first_name", "does not end"),
    ],
)
def test_wrong_tag_is_refused_with_its_reason(written: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse(written)
    assert said in caught.value.messages[0]


def test_further_field_of_a_contact_can_be_named() -> None:
    assert parse_tag('contact.attributes.shoe-size | default: "your size"').field == "contact.attributes.shoe-size"


def test_tag_reads_back_from_how_it_is_written() -> None:
    tag = Tag("contact.first_name", (("default", "friend"), ("upper",)))
    assert parse(str(tag)) == [tag]


_SIGNS = [
    "{{",
    "}}",
    "{",
    "}",
    "|",
    ":",
    '"',
    "“",
    "”",
    "'",
    "\\",
    "<b>",
    "{%",
    "%}",
    "é",
    " ",
    "\n",
    "\u00a0",
    "\u202e",
]
_WORDS = ["contact.", "first_name", "email", "default", "upper", "attributes.", "\ud800"]
_PIECES = st.lists(st.sampled_from([*_SIGNS, *_WORDS]), max_size=24).map("".join)


@given(_PIECES | st.text(max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        parts = parse(text)
    except ValidationError:
        return
    assert all(isinstance(part, str) or html.escape(part.fill("x", "en")) is not None for part in parts)


@given(st.text(max_size=200) | _PIECES)
def test_literal_text_is_never_lost(text: str) -> None:
    try:
        parts = parse(text)
    except ValidationError:
        return
    if "{{" not in text:
        assert "".join(str(part) for part in parts) == text
