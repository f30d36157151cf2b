"""One compiled email, read differently: parts for some segments, columns that are left out, lists for each reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone
from django.utils.safestring import mark_safe
from wagtail.blocks import CharBlock

from tests.factories.contacts import make_contact
from tests.factories.emails import BASE_URL, compiled, make_email, raw_block
from tests.factories.segments import make_segment
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails import audience, mjml
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.marks import Place
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.personalize import FilledEmail, Personalizer
from wagtail_precise_mail.emails.readers import Item, ItemSource, Occasion, Reader, ReaderLoader, Spec, item_sources
from wagtail_precise_mail.exceptions import RenderError

pytestmark = pytest.mark.django_db


def text(words: str, **settings: Any) -> dict[str, Any]:
    return raw_block("rich_text", content=f"<p>{words}</p>", **settings)


def only(*segments: Any, show: str = "only") -> dict[str, Any]:
    return {"show": show, "segments": [segment.pk for segment in segments]}


def read(email: Email, *segment_ids: int, lists: Mapping[str, Sequence[Item]] | None = None) -> FilledEmail:
    return Personalizer(compiled(email)).fill(
        Reader({}, frozenset(segment_ids), lists or {}),
        rewrite_link=lambda link: link.url,
        system={"unsubscribe_url": f"{BASE_URL}/leave"},
    )


def is_whole(html: str) -> bool:
    """Whether the tables for Outlook, which stand in comments, are as balanced as those for everybody."""
    as_outlook_reads = html.replace("<!--[if mso | IE]>", "").replace("<![endif]-->", "")
    return all(
        as_outlook_reads.count(f"<{tag}") == as_outlook_reads.count(f"</{tag}>") for tag in ("table", "tr", "td", "div")
    ) and html.count("<!--[if") == html.count("<![endif]-->")


@pytest.mark.parametrize("expression", [["in", 1, 2], ["not", ["in", 3]], ["all", ["in", 1], ["not", ["in", 2]]]])
def test_negation_is_the_complement(expression: list[Any]) -> None:
    for members in [set(), {1}, {2}, {3}, {1, 2, 3}]:
        assert audience.holds(expression, members) != audience.holds(audience.negate(expression), members)


def test_block_is_shown_only_to_its_segment() -> None:
    fans = make_segment()
    email = make_email(text("For all."), text("For fans.", audience=only(fans)), text("Bye."))
    member, other = read(email, fans.pk), read(email)
    assert "For fans." in member.html
    assert "For fans." in member.text
    assert "For fans." not in other.html
    assert other.text.startswith("For all.\n\nBye.")
    assert is_whole(member.html)
    assert is_whole(other.html)


def test_block_is_hidden_from_a_segment() -> None:
    buyers = make_segment()
    email = make_email(text("Buy it.", audience=only(buyers, show="except")))
    assert "Buy it." not in read(email, buyers.pk).html
    assert "Buy it." in read(email).html


def test_block_in_a_column_is_shown_only_to_its_segment() -> None:
    fans = make_segment()
    column = {"content": [text("One."), text("Two.", audience=only(fans))]}
    email = make_email(raw_block("columns", columns=[column]))
    assert "Two." in read(email, fans.pk).html
    assert "Two." not in read(email).html
    assert is_whole(read(email).html)


def test_column_that_is_left_out_leaves_no_gap() -> None:
    fans = make_segment()
    columns = [{"content": [text("One.")]}, {"content": [text("Two.")], "audience": only(fans)}]
    email = make_email(raw_block("columns", columns=columns))
    both, one = read(email, fans.pk), read(email)
    assert len(BeautifulSoup(both.html, "html.parser").find_all(class_="wpm-column")) == 2
    assert [tag["class"] for tag in BeautifulSoup(one.html, "html.parser").find_all(class_="mj-column-per-100")]
    assert len(BeautifulSoup(one.html, "html.parser").find_all(class_="wpm-column")) == 1
    assert both.text.startswith("One.\n\nTwo.")
    assert one.text.startswith("One.\n\n---")
    assert is_whole(both.html)
    assert is_whole(one.html)


def test_each_reader_gets_exactly_one_variant() -> None:
    fashion, quality = make_segment(), make_segment()
    variants = [
        {"segments": [fashion.pk], "content": [text("In fashion.")]},
        {"segments": [quality.pk], "content": [text("Made to last.")]},
    ]
    email = make_email(raw_block("variants", variants=variants, default=[text("For everybody.")]))
    shown = {
        "In fashion.": read(email, fashion.pk).text,
        "Made to last.": read(email, quality.pk).text,
        "For everybody.": read(email).text,
    }
    for words, got in shown.items():
        assert [one for one in shown if one in got] == [words]
    assert "Made to last." not in read(email, fashion.pk, quality.pk).text


def test_part_for_a_deleted_segment_is_an_error_and_not_for_all() -> None:
    fans = make_segment()
    email = make_email(text("For fans.", audience=only(fans)))
    payload = compiled(email).payload
    fans.delete()
    with pytest.raises(RenderError, match="no longer exists"):
        ReaderLoader(payload).load([make_contact()], at=timezone.now(), base_url=BASE_URL)
    with pytest.raises(RenderError, match="Choose whom"):
        compiled(Email.objects.get(pk=email.pk))


def test_any_number_of_audiences_costs_one_compile() -> None:
    fans, buyers = make_segment(), make_segment()
    sizes: list[int] = []

    def count(size: int, **kwargs: Any) -> None:
        sizes.append(size)

    mjml.compiled.connect(count)
    try:
        email = make_email(text("A", audience=only(fans)), text("B", audience=only(buyers, show="except")))
        payload = compiled(email).payload
    finally:
        mjml.compiled.disconnect(count)
    assert len(sizes) == 1
    assert ReaderLoader(payload).is_varied


@pytest.mark.parametrize("background", ["tint", "primary", "dark"])
def test_settings_change_ground_and_space_of_any_block(background: str) -> None:
    email = make_email(text("On a ground.", background=background, padding="large", align="center"))
    html = read(email).html
    ground = BeautifulSoup(html, "html.parser").find(class_=f"wpm-on-{background}")
    assert ground is not None
    assert "padding-top:56px" in html.replace(" ", "") or "padding:56px" in html.replace(" ", "")
    assert "text-align:center" in html.replace(" ", "")


class ShelfBlock(EmailBlock):
    """Two books beside each other, chosen for each reader."""

    title = CharBlock(default="Books")

    def prepare(self, value: Any, context: Any) -> dict[str, Any]:
        return {"shelf": context.item_list("shelf", count=3, shelf="novels")}

    def compile_section(self, value: Any, context: Any) -> Any:
        shelf = self.facts(value, context)["shelf"]
        price = shelf.when("price", f" costs {shelf.value('price')}", Place.INLINE)
        cell = (
            f'<mj-image src="{shelf.value("image_url")}" alt="{shelf.value("name")}" />'
            f'<mj-text><a href="{shelf.link()}">{shelf.value("name")}</a>'
            f"{price}</mj-text>"
        )
        columns = "".join(f"<mj-column>{shelf.slot(number, cell, Place.COLUMN)}</mj-column>" for number in range(2))
        row = shelf.repeat(f"<mj-section>{columns}</mj-section>", Place.SECTION, per_row=2)
        none = shelf.empty(
            "<mj-section><mj-column><mj-text>No books.</mj-text></mj-column></mj-section>", Place.SECTION
        )
        return mark_safe(row + none)

    def text(self, value: Any, context: Any) -> str:
        shelf = self.facts(value, context)["shelf"]
        return shelf.repeat(f"- {shelf.value('name')}: {shelf.link()}\n", Place.INLINE)


class Shelf(ItemSource):
    """Everybody's books carry their id; some are the same for all."""

    def load(
        self, spec: Spec, contacts: Sequence[Contact], *, limit: int, occasion: Occasion
    ) -> dict[int, Sequence[Item]]:
        return {contact.pk or 0: [book(number) for number in range(1, limit + 1)] for contact in contacts}


def book(number: int, **facts: str) -> dict[str, str]:
    url = f"https://books.example/{number}"
    return {"key": f"book:{number}", "name": f"Book <{number}>", "url": url, "image_url": f"{url}.jpg", **facts}


@pytest.fixture
def shelf() -> Iterator[Email]:
    with email_blocks.temporarily("shelf", ShelfBlock), item_sources.temporarily("shelf", Shelf):
        yield make_shelf(1)


def make_shelf(count: int) -> Email:
    from wagtail_precise_mail.emails.body import make_body_block

    block = make_body_block()
    blocks = [raw_block("shelf", title=f"Shelf {number}") for number in range(count)]
    return make_email(body=block.to_python(blocks))


def test_list_shows_what_the_reader_gets(shelf: Email) -> None:
    filled = read(shelf, lists={"list0": [book(1, price="£3 & up"), book(2), book(3)]})
    soup = BeautifulSoup(filled.html, "html.parser")
    assert [a.get_text() for a in soup.find_all("a") if "books" in a["href"]] == ["Book <1>", "Book <2>", "Book <3>"]
    assert "costs £3 &amp; up" in filled.html
    assert filled.html.count(" costs ") == 1
    assert "No books." not in filled.html
    assert "- Book <2>: https://books.example/2\n" in filled.text
    assert is_whole(filled.html)


def test_reader_with_an_empty_list_reads_what_is_meant_for_them(shelf: Email) -> None:
    filled = read(shelf)
    assert "No books." in filled.html
    assert is_whole(filled.html)


def test_links_of_a_list_are_counted_by_item(shelf: Email) -> None:
    seen = []
    Personalizer(compiled(shelf)).fill(
        Reader(lists={"list0": [book(1), book(2)]}),
        rewrite_link=lambda link: seen.append((link.label, link.url)) or link.url,
        system={"unsubscribe_url": "#"},
    )
    assert [pair for pair in seen if pair[0]][-2:] == [
        ("Book <1>", "https://books.example/1"),
        ("Book <2>", "https://books.example/2"),
    ]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil.example", 'https://a.example/"><script>'])
def test_address_of_an_item_cannot_break_out(shelf: Email, url: str) -> None:
    filled = read(shelf, lists={"list0": [book(1, url=url, image_url=url)]})
    soup = BeautifulSoup(filled.html, "html.parser")
    assert not soup.find_all("script")
    assert all(not str(tag["href"]).startswith(("javascript", "//")) for tag in soup.find_all("a"))


def test_two_lists_of_an_email_never_show_the_same(shelf: Email) -> None:
    email, contacts = make_shelf(2), [make_contact(), make_contact()]
    readers = ReaderLoader(compiled(email).payload).load(contacts, at=timezone.now(), base_url=BASE_URL)
    for reader in readers.values():
        assert len(reader.item_keys) == len(set(reader.item_keys)) == 6


def test_reader_survives_the_way_through_json() -> None:
    reader = Reader({"contact.city": "Bath"}, frozenset({3, 1}), {"list0": [book(1)]})
    assert Reader.from_json(reader.to_json()) == reader
