"""The grammar of merge tags."""

from __future__ import annotations

import time

import pytest
from django.core.exceptions import ValidationError
from hypothesis import example, given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from wagtail_precise_mail.emails.merge import Tag, as_read, parse, parse_tag, tags_in
from wagtail_precise_mail.emails.merge_fields import MergeField, contact_fields, field_names
from wagtail_precise_mail.emails.merge_filters import DATE_FORMS, FILTERS, Kind

# Whether a further field is sensitive is asked of the database.
pytestmark = pytest.mark.django_db


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


def test_joiners_in_a_fallback_are_kept() -> None:
    assert parse_tag('contact.first_name | default: "دوست\u200cداشتنی"').fallback == "دوست\u200cداشتنی"


def test_filters_apply_in_their_order() -> None:
    assert parse_tag('contact.city | default: "your town" | upper').fill("  ", "en") == "YOUR TOWN"
    assert parse_tag('contact.city | upper | default: "your town"').fill("", "en") == "your town"
    assert parse_tag('contact.city | capitalize | default: "x"').fill("bath spa", "en") == "Bath spa"


def test_field_that_is_always_filled_needs_no_fallback() -> None:
    assert parse_tag("contact.email") == Tag("contact.email")


def test_filter_takes_several_texts() -> None:
    tag = parse_tag("contact.order_count | plural: “# order”,'# orders'")
    assert tag.filters == (("plural", "# order", "# orders"),)


def test_date_is_written_out_where_the_tag_does_not_say_how() -> None:
    tag = parse_tag('contact.birthday_on | default: "your day"')
    assert tag.filters == (("date", "long"), ("default", "your day"))
    assert tag.fill("1990-05-12", "en") == "May 12, 1990"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{{ contact.first_name }}", "needs a fallback"),
        ('{{ contact.first_name | default: " " }}', "needs a fallback"),
        ("{{ contact.attributes.points | number }}", "needs a fallback"),
        ('{{ contact.shoe_size | default: "x" }}', "no field “contact.shoe_size”"),
        ('{{ contact.first_name | reverse | default: "x" }}', "no filter “reverse”"),
        ('{{ contact.first_name | upper: "x" }}', "upper takes no text"),
        ('{{ contact.first_name | phrase: "Dear #" }}', "phrase needs two texts in quotes"),
        ('{{ contact.first_name | phrase: " ", "Hello" }}', "phrase needs words in its quotes"),
        ("{{ contact.email | default }}", "default needs a text in quotes"),
        ('{{ contact.email | default: "a", "b" }}', "default takes 1 texts in quotes at the most"),
        ('{{ contact.first_name | default: "x" + 1 }}', "cannot be read from “+ 1”"),
        ("{{ contact.first_name.__class__ }}", "no field"),
        ("{{ settings.SECRET_KEY }}", "no field"),
        ("{{ }}", "names no field"),
        ("Hi {{ contact.first_name", "does not end"),
        ('{{ contact.birthday_on | date: "yesterday" | default: "x" }}', 'Write it like this: date: "long"'),
        ('{{ contact.birthday_on | date: "yesterday" | default: "x" }}', "takes one of short, medium, long"),
        ('{{ contact.first_name | date | default: "x" }}', "date cannot read “First name”, which is no date"),
        ('{{ contact.birthday_on | number | default: "x" }}', "which is no number"),
        ('{{ contact.birthday_on | default: "x" | date }}', "date stands before all other filters"),
        ('{{ contact.order_count | number | plural: "#" }}', "plural stands before all other filters"),
        ('{{ contact.order_count | money: "gbp" }}', "the three capitals of a currency"),
        ('{{ contact.order_count | money: "XQX" }}', "the three capitals of a currency"),
        ('{{ contact.order_count | plural: "one = # pot" }}', "needs a text for all other numbers"),
        ('{{ contact.order_count | plural: "a", "b", "c" }}', "texts that all start with what they are for"),
        ('{{ contact.order_count | plural: "other = a", "other = b" }}', "two texts for the same number"),
        ("{{ " + "x" * 2000 + " }}", "is too long"),
    ],
)
def test_wrong_tag_is_refused_with_its_reason(written: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse(written)
    assert said in caught.value.messages[0]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('{{ contact.frist_name | default: "x" }}', "contact.first_name"),
        ('{{ first_name | default: "x" }}', "contact.first_name"),
        ('{{ contact.birthday | default: "x" }}', "contact.birthday_on"),
        ('{{ contact.city | defualt: "x" }}', "default"),
        ("{{ First and last name | friend }}", "contact.full_name"),
        ('{{ contact.attributes.shoe size | default: "x" }}', "cannot be read"),
        ('{{ contact.attributes | default: "x" }}', "contact.attributes.key"),
    ],
)
def test_typing_error_gets_a_suggestion(written: str, meant: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse(written)
    assert meant in caught.value.messages[0].partition("”")[2] or meant in caught.value.messages[0].partition(".")[2]


def test_nothing_is_suggested_for_what_is_like_nothing() -> None:
    with pytest.raises(ValidationError) as caught:
        parse("{{ zzz }}")
    assert "Did you mean" not in caught.value.messages[0]


def test_further_field_of_a_contact_can_be_named() -> None:
    assert parse_tag('contact.attributes.shoe-size | default: "your size"').field == "contact.attributes.shoe-size"


def test_own_field_of_a_kind_can_be_written_out() -> None:
    points = MergeField("Points", lambda contact: "12", is_always_filled=True, kind=Kind.NUMBER)
    with contact_fields.temporarily("points", points):
        assert parse_tag('contact.points | plural: "# point", "# points"').fill("1", "en") == "1 point"


def test_own_field_that_may_hold_anything_needs_a_fallback_for_what_a_filter_cannot_read() -> None:
    field = MergeField("Since", lambda contact: "?", is_always_filled=True, kind=Kind.ANY)
    with contact_fields.temporarily("since", field), pytest.raises(ValidationError, match="needs a fallback"):
        parse_tag("contact.since | date")


def test_tags_are_found_wherever_they_stand_in_a_payload() -> None:
    tag, other = parse_tag('contact.city | default: "x"'), parse_tag("contact.email")
    hole = {"merge": {"field": tag.field, "filters": [list(one) for one in tag.filters], "escape": "html"}}
    url = {"field": other.field, "filters": [], "escape": "url"}
    assert tags_in({"html": ["a", hole, {"link": 0}], "if": {"then": [hole]}, "links": [{"url": [url]}]}) == [
        tag,
        other,
    ]


def test_a_megabyte_of_braces_is_read_in_no_time() -> None:
    started = time.perf_counter()
    refusals = []
    for text in [
        "{{" * 500_000,
        "{{}}" * 250_000,
        "{{ contact.email | " + "upper | " * 100_000,
        "{{ contact.email }}" * 50_000,
    ]:
        try:
            parse(text)
        except ValidationError as error:
            refusals += error.messages
    assert len(refusals) == 3
    assert max(len(message) for message in refusals) < 400
    assert time.perf_counter() - started < 10


_SIGNS = [
    *(
        "{{",
        "}}",
        "{",
        "}",
        "|",
        ":",
        ",",
        '"',
        "“",
        "”",
        "«",
        "'",
        "’",
        "\\",
        "<b>",
        "{%",
        "%}",
        "é",
        " ",
        "\n",
        "=",
        "#",
    ),
    *("\u00a0", "\u202e", "\u200d", "\ud800"),
]
_WORDS = [
    "contact.",
    "brand.",
    "first_name",
    "email",
    "order_count",
    "birthday_on",
    "attributes.",
    "other = ",
    "%(tag)s",
]
_PIECES = st.lists(st.sampled_from([*_SIGNS, *_WORDS, *FILTERS, *DATE_FORMS]), max_size=24).map("".join)

_QUOTED = st.text(max_size=12).map(lambda text: f'"{text}"') | st.sampled_from(
    ['"long"', "'EUR'", '"2"', '"# a"', '"x"']
)
_ARGUMENTS = st.lists(_QUOTED, max_size=3).map(lambda texts: f": {', '.join(texts)}" if texts else "")
_FILTERS = st.lists(st.tuples(st.sampled_from(list(FILTERS)), _ARGUMENTS).map("".join), max_size=3).map(" | ".join)
_NAMES = st.sampled_from([*field_names(), "contact.attributes.x-1", "contact.nothing"])
_LIKE_TAGS = st.tuples(_NAMES, _FILTERS).map(lambda pair: f"{{{{ {pair[0]} | {pair[1]} }}}}")


@given(_PIECES | _LIKE_TAGS | st.text(max_size=60))
@example("{{ contact.city | default: 'say \"hi\"' }}")
@example("{{ contact.city | default: “it’s” }}")
@example("{{ contact.city | \ud800")
@example("{{ contact.email | upper \ud800 }}")
@example("{{ contact.\ud800 }}")
def test_any_text_parses_or_is_refused_and_every_tag_reads_back(text: str) -> None:
    try:
        parts = parse(text)
    except ValidationError as error:
        " ".join(error.messages).encode()  # it can be shown
        return
    for part in parts:
        if isinstance(part, Tag):
            assert parse(str(part)) == [part]


@given(st.text(max_size=200) | _PIECES)
def test_literal_text_is_never_lost(text: str) -> None:
    try:
        parts = parse(text)
    except ValidationError:
        return
    if "{{" not in text:
        assert "".join(str(part) for part in parts) == text


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ('Hi {{ contact.first_name | default: "friend" | upper }}!', "Hi FRIEND!"),
        ('{{ contact.attributes.shoe | default: "your size" }}', "your size"),
        ("Hi {{ contact.first_name }}!", "Hi {{ contact.first_name }}!"),
        ("Hi {{", "Hi {{"),
        ("", ""),
    ],
)
def test_a_line_is_read_with_fallbacks_without_a_query(
    line: str, read: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert as_read(line) == read
