"""The numbers of links in the text part: without gaps in what each reader gets."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.emails.conftest import text_of
from tests.factories.emails import compiled, make_email, raw_block
from tests.factories.segments import make_segment
from wagtail_precise_mail.emails.editions import Edition
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.notes import note_mark, settled, with_notes
from wagtail_precise_mail.emails.personalize import Personalizer
from wagtail_precise_mail.emails.readers import Reader

pytestmark = pytest.mark.django_db


def paragraph(*names: str, **audience: Any) -> dict[str, Any]:
    links = " ".join(f'<a href="https://example.org/{name}">{name}</a>' for name in names)
    return raw_block("rich_text", content=f"<p>See {links}.</p>", **audience)


def only(segment: Any) -> dict[str, Any]:
    return {"audience": {"show": "only", "segments": [segment.pk]}}


def lines(email: Email, *segments: int, encoded: bool = False) -> list[str]:
    """The notes of somebody in these segments."""
    reader = Reader({}, segments=frozenset(segments))
    program, system = Personalizer(compiled(email)), {"unsubscribe_url": "https://x.example/leave"}
    if encoded:
        made = program.encode(reader, rewrite_link=lambda link: link.url, system=system)
        text = b"".join(made.text).decode()
    else:
        text = program.fill(reader, rewrite_link=lambda link: link.url, system=system).text
    return re.findall(r"^\[\d+\] \S+", text.replace("\r", ""), re.MULTILINE)


@pytest.mark.parametrize("encoded", [False, True])
def test_numbers_have_no_gap_whatever_is_left_out(encoded: bool) -> None:
    regulars = make_segment()
    email = make_email(paragraph("a"), paragraph("b", "c", **only(regulars)), paragraph("d", "a"))
    assert lines(email, regulars.pk, encoded=encoded) == [
        "[1] https://example.org/a",
        "[2] https://example.org/b",
        "[3] https://example.org/c",
        "[4] https://example.org/d",
        "[5] https://example.org/a",
    ]
    assert lines(email, encoded=encoded) == [
        "[1] https://example.org/a",
        "[2] https://example.org/d",
        "[3] https://example.org/a",
    ]


def test_number_in_the_sentence_is_the_one_below_it() -> None:
    email = make_email(paragraph("a", **only(make_segment())), paragraph("b", "c"))
    assert text_of(email) == "See b [1] c [2].\n\n[1] https://example.org/b\n[2] https://example.org/c"


def test_variants_start_where_the_text_before_them_ended() -> None:
    regulars = make_segment()
    variant = {"segments": [regulars.pk], "content": [paragraph("b", "c")]}
    email = make_email(paragraph("a"), raw_block("variants", variants=[variant], default=[paragraph("d")]))
    assert [line[:3] for line in lines(email, regulars.pk)] == ["[1]", "[2]", "[3]"]
    assert lines(email)[1] == "[2] https://example.org/d"


def test_columns_for_some_count_no_link_twice() -> None:
    column = {"content": [paragraph("b")], **only(regulars := make_segment())}
    email = make_email(raw_block("columns", columns=[{"content": [paragraph("a")]}, column]), paragraph("c"))
    assert [line[:3] for line in lines(email, regulars.pk)] == ["[1]", "[2]", "[3]"]
    assert [line[:3] for line in lines(email)] == ["[1]", "[2]"]


def test_number_takes_no_room_that_nobody_sees() -> None:
    words = " ".join(["word"] * 13)
    email = make_email(raw_block("rich_text", content=f'<p><a href="https://example.org/">{words}</a> end</p>'))
    assert text_of(email).splitlines()[0] == f"{words} [1] end"
    assert "\u200c" not in text_of(email)


def test_text_that_all_readers_get_has_no_holes_for_numbers() -> None:
    """Filling takes as long as with numbers that were written out when the email was compiled."""
    payload = compiled(make_email(paragraph("a", "b"))).payload
    assert any("note" in part for part in payload["text"] if isinstance(part, dict))
    program = Personalizer(compiled(make_email(paragraph("a", "b"))), edition=Edition.MAIL)
    assert not any("note" in part for part in program._parts["text"] if isinstance(part, dict))


def test_what_an_editor_types_in_brackets_stays() -> None:
    assert "See [7]." in text_of(make_email(raw_block("rich_text", content="<p>See [7].</p>")))


def test_parts_with_numbers_are_joined_again() -> None:
    parts = with_notes([f"a [{note_mark(4)}] b [{note_mark(9)}] c [{note_mark(4)}]", {"link": 0}, "d"])
    assert settled(parts) == ["a [1] b [2] c [1]", {"link": 0}, "d"]
