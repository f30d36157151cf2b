"""From the blocks of a page to the blocks of an email."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from copy import copy
from typing import Any

import pytest
from django.core.files.base import ContentFile
from wagtail.blocks import CharBlock, IntegerBlock, TextBlock
from wagtail.documents import get_document_model
from wagtail.models import Page
from wagtail.rich_text import RichText

from tests.factories.commerce import make_product
from tests.factories.emails import default_site, make_image
from tests.factories.pages import make_page
from tests.testapp.models import MixedPage, StoryPage, StreamPage
from wagtail_precise_mail.emails.blocks import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.bridge import MappedBody, body_of, map_body, register_page_body
from wagtail_precise_mail.emails.bridge.mapping import page_bodies
from wagtail_precise_mail.emails.bridge.pieces import bullets, quotation, rich_text
from wagtail_precise_mail.exceptions import RegistrationError

pytestmark = pytest.mark.django_db


def shown(body: MappedBody) -> list[tuple[str, Any]]:
    """Blocks with what they say, rich text as its source."""
    return [(key, _said(key, value)) for key, value in body.blocks]


def _said(key: str, value: Any) -> Any:
    if key == "rich_text":
        return value["content"].source
    return (value["title"], value["level"]) if key == "heading" else value


class TestDefaults:
    def test_rich_text_is_text(self) -> None:
        page = make_page(("words", "<p>Moss, <b>mostly</b>.</p>"))
        assert shown(body_of(page)) == [("rich_text", "<p>Moss, <b>mostly</b>.</p>")]

    @pytest.mark.parametrize(("name", "level"), [("heading", "2"), ("h3", "3"), ("claim", "2")])
    def test_line_is_a_heading_by_its_name_or_its_look(self, name: str, level: str) -> None:
        assert shown(body_of(make_page((name, "Ferns")))) == [("heading", ("Ferns", level))]

    def test_other_lines_are_left_out(self) -> None:
        body = body_of(make_page(("anchor", "top")))
        assert body.blocks == []
        assert [one.label for one in body.left_out] == ["Anchor, block 1"]

    def test_plain_text_keeps_its_paragraphs_and_no_markup(self) -> None:
        body = body_of(make_page(("plain", "One <b>\n\nTwo & three")))
        assert shown(body) == [("rich_text", "<p>One &lt;b&gt;</p>\n\n<p>Two &amp; three</p>")]

    def test_image_takes_its_description_from_the_library(self) -> None:
        image = make_image()
        image.description = "A fern"
        image.save()
        [(key, value)] = body_of(make_page(("image", image))).blocks
        assert (key, value["image"]["image"].pk, value["image"]["alt_text"]) == ("image", image.pk, "A fern")
        assert not value["image"]["decorative"]

    def test_image_keeps_what_its_page_says_of_it(self) -> None:
        image = make_image()
        described = {"image": image, "alt_text": "The same fern, later", "decorative": False}
        decorative = {"image": copy(image), "alt_text": "", "decorative": True}
        page = make_page(("described_image", described), ("described_image", decorative))
        said = [value["image"] for _key, value in body_of(page).blocks]
        assert [(one["alt_text"], one["decorative"]) for one in said] == [("The same fern, later", False), ("", True)]

    def test_page_and_product_stay_references(self) -> None:
        other, product = make_page(title="Other"), make_product()
        body = body_of(make_page(("page", other), ("product", product)))
        assert [key for key, _value in body.blocks] == ["page", "product"]
        assert body.blocks[0][1]["page"].pk == other.pk
        assert body.blocks[1][1]["product"] == product

    def test_document_becomes_a_link_to_it(self) -> None:
        file = ContentFile(b"x", name="x.txt")
        document = get_document_model().objects.create(title="Care & water", file=file)
        link = f'<p><a linktype="document" id="{document.pk}">Care &amp; water</a></p>'
        assert shown(body_of(make_page(("document", document)))) == [("rich_text", link)]

    def test_lists_and_streams_inside_are_taken_apart(self) -> None:
        page = make_page(("several", ["<p>One</p>", "<p>Two</p>"]), ("inside", [("heading", "Three")]))
        assert shown(body_of(page)) == [
            ("rich_text", "<p>One</p>"),
            ("rich_text", "<p>Two</p>"),
            ("heading", ("Three", "2")),
        ]

    @pytest.mark.parametrize("name", ["markup", "box"])
    def test_what_has_no_counterpart_is_left_out_and_named(self, name: str) -> None:
        value = "<hr>" if name == "markup" else {"title": "Tip", "text": "<p>Water.</p>"}
        body = body_of(make_page(("heading", "Ferns"), (name, value)))
        assert len(body.blocks) == 1
        assert str(body.left_out[0]) == f"{name.capitalize()}, block 2 (emails have nothing like it)"

    def test_empty_blocks_are_nothing_to_report(self) -> None:
        body = body_of(make_page(("heading", ""), ("words", ""), ("plain", "")))
        assert (body.blocks, body.left_out) == ([], [])

    def test_deleted_things_are_left_out_and_named(self) -> None:
        product = make_product()
        page = make_page(("product", product))
        product.delete()
        [left_out] = body_of(MixedPage.objects.get(pk=page.pk)).left_out
        assert str(left_out) == "Product, block 1 (what it showed was deleted)"

    def test_rich_text_fields_come_in_the_order_of_the_model(self) -> None:
        page = make_page(("words", "<p>Second</p>"), before="<p>First</p>", lead="Not asked for")
        assert shown(body_of(page)) == [("rich_text", "<p>First</p>"), ("rich_text", "<p>Second</p>")]

    def test_page_without_the_mixin_has_the_defaults(self) -> None:
        page = StreamPage(title="Ferns", content=[("title", "A title"), ("words", "<p>Words</p>")])
        assert shown(body_of(page)) == [("heading", ("A title", "2")), ("rich_text", "<p>Words</p>")]


class TestQuotes:
    def test_quote_is_a_quote(self) -> None:
        assert shown(body_of(make_page(("quote", "More time")))) == [("quote", {"words": "More time"})]

    def test_words_and_name_go_into_the_first_fields_for_words_whatever_they_are_called(self) -> None:
        class OwnQuote(EmailBlock):
            stars = IntegerBlock(required=False)
            praise = TextBlock()
            by = CharBlock(required=False)

        with email_blocks.temporarily("quote", OwnQuote):
            assert quotation("More time", "Ada") == ("quote", {"praise": "More time", "by": "Ada"})

    def test_without_a_quote_block_it_is_a_paragraph_in_italics(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delitem(email_blocks._items, "quote")
        _key, value = quotation("More <time>", "Ada & Co")
        assert value["content"].source == "<p><i>“More &lt;time&gt;”</i><br/>— Ada &amp; Co</p>"


class TestRichText:
    def test_headings_become_blocks(self) -> None:
        blocks = rich_text("<p>One</p><h2>Two <b>bold</b></h2><p>Three</p><h4>Four</h4>")
        assert [key for key, _value in blocks] == ["rich_text", "heading", "rich_text", "heading"]
        assert blocks[1][1] == {"title": "Two bold", "level": "2"}
        assert blocks[3][1]["level"] == "3"

    def test_pictures_become_blocks_with_their_description(self) -> None:
        image = make_image()
        embed = f'<embed embedtype="image" format="left" id="{image.pk}" alt="A fern"/>'
        blocks = rich_text(f"<p>One</p>{embed}<p>Two {embed} three</p>")
        assert [key for key, _value in blocks] == ["rich_text", "image", "rich_text", "image"]
        assert blocks[1][1]["image"]["alt_text"] == "A fern"

    def test_videos_become_links(self) -> None:
        [(_key, value)] = rich_text('<embed embedtype="media" url="https://video.example/1?a=1&amp;b=2"/>')
        url = "https://video.example/1?a=1&amp;b=2"
        assert value["content"].source == f'<p><a href="{url}">{url}</a></p>'

    def test_pictures_of_a_text_cost_one_query(self, django_assert_num_queries: Any) -> None:
        images = [make_image(f"Fern {number}") for number in range(4)]
        source = "".join(f'<embed embedtype="image" id="{image.pk}" alt="x"/>' for image in images)
        with django_assert_num_queries(1):
            assert len(rich_text(source)) == 4

    def test_links_to_pages_stay_references(self) -> None:
        source = '<p>See <a id="2" linktype="page">there</a>.</p>'
        assert rich_text(source)[0][1]["content"].source == source

    def test_list_of_texts_has_one_paragraph_per_item(self) -> None:
        _key, value = bullets([RichText("<p>One</p>"), "<p>Two</p><p>and <i>a half</i></p>"], ordered=True)
        assert value["content"].source == "<ol><li>One</li><li>Two<br/>and <i>a half</i></li></ol>"


class TestConverters:
    def test_converter_is_found_by_the_name_of_the_block(self) -> None:
        page = make_page(("box", {"title": "Tip", "text": "<p>Water.</p>"}))
        body = map_body(page, blocks={"box": lambda value: [("heading", {"title": value["title"], "level": "3"})]})
        assert shown(body) == [("heading", ("Tip", "3"))]
        assert body.left_out == []

    def test_converter_comes_before_the_default_at_any_depth(self) -> None:
        page = make_page(("heading", "One"), ("inside", [("heading", "Two")]))
        body = map_body(page, blocks={"heading": lambda value: [("heading", {"title": f"{value}!", "level": "3"})]})
        assert shown(body) == [("heading", ("One!", "3")), ("heading", ("Two!", "3"))]

    def test_none_leaves_a_block_out_on_purpose(self) -> None:
        body = map_body(make_page(("markup", "<hr>")), blocks={"markup": None})
        assert (body.blocks, body.left_out) == ([], [])

    @pytest.mark.parametrize(
        ("result", "reason"),
        [
            ([("carousel", {"title": "x"})], "There is no email block 'carousel'"),
            ([("heading", {"titel": "x"})], "The email block 'heading' has no titel"),
            ([("columns", {"columns": [{"content": [("carousel", {})]}]})], "no email block 'carousel' here"),
            ([("columns", {"columns": [[("heading", {})]]})], "takes a dict of its fields"),
            ([("heading", "x")], "The email block 'heading' takes a dict of its fields"),
            (None, "NoneType"),
        ],
    )
    def test_wrong_result_leaves_one_block_out_and_is_logged(
        self, result: Any, reason: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        page = make_page(("markup", "<hr>"), ("heading", "Ferns"))
        with caplog.at_level(logging.ERROR):
            body = map_body(page, blocks={"markup": lambda value: result})
        assert shown(body) == [("heading", ("Ferns", "2"))]
        assert "its conversion failed" in str(body.left_out[0])
        assert reason in caplog.text

    def test_error_in_a_converter_leaves_one_block_out(self) -> None:
        page = make_page(("markup", "<hr>"), ("heading", "Ferns"))
        body = map_body(page, blocks={"markup": lambda value: [1 / 0]})
        assert (len(body.blocks), len(body.left_out)) == (1, 1)

    def test_fields_of_the_body_are_chosen_and_plain_text_is_one(self) -> None:
        page = make_page(("words", "<p>Third</p>"), before="<p>Second</p>", lead="First & last")
        assert shown(map_body(page, fields=["lead", "content"])) == [
            ("rich_text", "<p>First &amp; last</p>"),
            ("rich_text", "<p>Third</p>"),
        ]


class TestAdapters:
    @pytest.fixture(autouse=True)
    def _clean(self) -> Iterator[None]:
        before = dict(page_bodies)
        yield
        page_bodies.clear()
        page_bodies.update(before)

    def test_model_that_cannot_be_changed_has_an_adapter(self) -> None:
        @register_page_body(StoryPage)
        def story_body(page: StoryPage) -> MappedBody:
            return map_body(page, fields=["intro"])

        page = StoryPage(title="Ferns", intro="Moss", body="<p>Words</p>")
        assert shown(body_of(page)) == [("rich_text", "<p>Moss</p>")]

    def test_subclasses_inherit_it(self) -> None:
        register_page_body(Page)(lambda page: MappedBody([("divider", {})]))
        assert body_of(StoryPage(title="Ferns")).blocks == [("divider", {})]

    def test_page_that_says_it_itself_comes_first(self) -> None:
        register_page_body(MixedPage)(lambda page: MappedBody([("divider", {})]))
        assert shown(body_of(make_page(("heading", "Ferns")))) == [("heading", ("Ferns", "2"))]

    def test_second_adapter_for_a_model_is_refused(self) -> None:
        register_page_body(StoryPage)(map_body)
        with pytest.raises(RegistrationError, match="StoryPage"):
            register_page_body(StoryPage)(map_body)


def test_every_block_that_pieces_write_exists_with_its_fields() -> None:
    """A block that is renamed would be left out of every email made from a page."""
    image, product = make_image(), make_product()
    page = make_page(
        ("heading", "One"), ("words", "<p>Two</p>"), ("image", image), ("product", product), ("quote", "Three")
    )
    other = default_site().root_page
    body = body_of(make_page(("page", other)))
    assert (body_of(page).left_out, body.left_out) == ([], [])
    assert issubclass(email_blocks.get("heading"), EmailBlock)
