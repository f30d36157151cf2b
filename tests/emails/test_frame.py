"""What stands around the body: preheader, header and footer, automatic or as blocks."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from wagtail.blocks import StructBlockValidationError
from wagtail.models import Locale

from tests.emails.conftest import fill, soup
from tests.factories.emails import compiled, default_site, make_brand, make_email, make_image, raw_block
from wagtail_precise_mail.emails.blocks.frame import FooterBlock, HeaderBlock
from wagtail_precise_mail.emails.body import make_body_block, make_column_block, make_saved_body_block
from wagtail_precise_mail.emails.checks import check_email
from wagtail_precise_mail.emails.link_blocks import LinkBlock
from wagtail_precise_mail.emails.personalize import Personalizer
from wagtail_precise_mail.emails.themes import find_theme, themes
from wagtail_precise_mail.exceptions import RenderError

pytestmark = pytest.mark.django_db

LEAVE = "https://shop.example.com/leave"
MANAGE = "https://shop.example.com/mail/preferences"


def part(html: BeautifulSoup, name: str) -> Tag:
    found = html.find(class_=name)
    assert isinstance(found, Tag)
    return found


def link(label: str, url: str = "", page: int | None = None) -> dict[str, Any]:
    return {"label": label, "url": url, "page": page}


def stored(*links: dict[str, Any]) -> str:
    """Links of the brand as they are stored."""
    return json.dumps([{"type": "link", "value": one} for one in links])


def text_block() -> dict[str, Any]:
    return raw_block("rich_text", content="<p>Hello.</p>")


class TestHeader:
    def test_email_without_a_header_shows_the_name_that_leads_home(self) -> None:
        header = part(soup(make_email()), "wpm-header")
        assert [(a.get_text(), a["href"]) for a in header.find_all("a")] == [
            ("Fern & Kettle", "https://shop.example.com/")
        ]

    def test_header_block_takes_the_place_of_the_automatic_one(self) -> None:
        menu = [link("Teas", "/shop/teas/"), link("About", page=default_site().root_page.pk)]
        html = soup(make_email(raw_block("header", links=menu), text_block()))
        assert len(html.find_all(class_="wpm-header")) == 1
        assert [(a.get_text(), a["href"]) for a in part(html, "wpm-header").find_all("a")][1:] == [
            ("Teas", "https://shop.example.com/shop/teas/"),
            ("About", "https://shop.example.com/"),
        ]

    def test_header_is_above_the_panel_wherever_its_block_is(self) -> None:
        html = soup(make_email(text_block(), raw_block("header", links=[link("Teas", "/teas/")])))
        assert "Teas" not in part(html, "wpm-panel").get_text()
        assert part(html, "wpm-panel") in part(html, "wpm-header").find_all_next("div")

    def test_links_of_the_menu_are_counted_by_their_block(self) -> None:
        email = make_email(raw_block("header", "menu", links=[link("Teas", "/teas/")]), text_block())
        assert [(one.label, one.block_id) for one in Personalizer(compiled(email)).links] == [
            ("Teas", "menu"),
            ("Fern & Kettle", "menu"),
        ]

    def test_text_part_names_the_menu(self) -> None:
        email = make_email(raw_block("header", links=[link("Teas", "/teas/")]), text_block())
        assert fill(email).text.startswith("Teas: https://shop.example.com/teas/\n\nHello.")

    def test_menu_without_an_address_is_left_out_with_a_warning(self) -> None:
        email = make_email(raw_block("header", links=[link("Bad", "javascript:alert(1)")]), text_block())
        assert "Bad" not in fill(email).html
        findings = check_email(email, default_site())
        assert "The link “Bad” leads nowhere." in [finding.message for finding in findings]

    @pytest.mark.parametrize(("align", "columns"), [("left", 2), ("center", 1), ("right", 1)])
    def test_menu_stands_beside_the_logo_at_the_left_only(self, align: str, columns: int) -> None:
        html = soup(make_email(raw_block("header", align=align, links=[link("Teas", "/teas/")]), text_block()))
        assert len(part(html, "wpm-header").find_all(class_="mj-outlook-group-fix")) == columns

    def test_menu_has_five_links_at_the_most(self) -> None:
        block = HeaderBlock()
        links = [link(str(number), "https://example.com/") for number in range(6)]
        block.clean(block.to_python({"links": links[:5]}))
        with pytest.raises(StructBlockValidationError):
            block.clean(block.to_python({"links": links}))

    def test_second_header_is_left_out_with_a_warning(self) -> None:
        email = make_email(
            raw_block("header", links=[link("One", "/1/")]),
            raw_block("header", links=[link("Two", "/2/")]),
            text_block(),
        )
        header = part(soup(email), "wpm-header").get_text()
        assert "One" in header
        assert "Two" not in header
        assert any("has two of these" in finding.message for finding in check_email(email, default_site()))

    def test_header_of_a_language_from_the_right_begins_at_the_right(self) -> None:
        make_brand(theme="clean")
        email = make_email()
        email.locale = Locale.objects.create(language_code="ar")
        assert part(soup(email), "wpm-header").find("td", align="right") is not None

    def test_missing_file_of_the_logo_is_an_error_that_names_the_header(self) -> None:
        image = make_image(name="logo.png")
        make_brand(logo=image)
        image.file.storage.delete(image.file.name)
        with pytest.raises(RenderError, match="Header"):
            compiled(make_email())


class TestPreheader:
    def test_preheader_block_goes_before_the_field(self) -> None:
        words = 'For {{ contact.first_name | default: "you" }} &'
        filled = fill(make_email(raw_block("preheader", words=words), text_block(), preheader="Old"), first_name="Ada")
        assert filled.preheader == "For Ada &"
        assert "For Ada &amp;" in filled.html
        assert "Old" not in filled.html
        assert "For Ada" not in filled.text

    def test_empty_preheader_block_leaves_the_field(self) -> None:
        filled = fill(make_email(raw_block("preheader", words=""), text_block(), preheader="The field"))
        assert filled.preheader == "The field"

    def test_preheader_block_is_enough_for_the_checks(self) -> None:
        email = make_email(raw_block("preheader", words="For you"), text_block(), preheader="")
        assert "The email has no preheader." not in [finding.message for finding in check_email(email, default_site())]


class TestFooter:
    def test_email_without_a_footer_has_the_brands(self) -> None:
        make_brand(
            phone="+44 1632 960 442",
            contact_address="hello@example.com",
            reason="You asked for it.",
            footer_text="Number 1\nVAT 2",
            footer_links=stored(link("Imprint", "/imprint/")),
            social_accounts=json.dumps(
                [{"type": "account", "value": {"network": "mastodon", "url": "https://x.example/@fern"}}]
            ),
        )
        filled = fill(make_email())
        footer = part(BeautifulSoup(filled.html, "html.parser"), "wpm-footer")
        words = footer.get_text(" ", strip=True)
        for said in ("You asked for it.", "12 Moss Lane", "+44 1632 960 442", "hello@example.com", "Number 1 VAT 2"):
            assert said in words
        assert {a.get_text(): a["href"] for a in footer.find_all("a")} == {
            "Mastodon": "https://x.example/@fern",
            "hello@example.com": "mailto:hello@example.com",
            "Imprint": "https://shop.example.com/imprint/",
            "Manage preferences": MANAGE,
            "Unsubscribe": LEAVE,
        }
        assert filled.text.partition("-" * 40)[2].strip() == "\n\n".join(
            [
                "You asked for it.",
                "Fern & Kettle\n12 Moss Lane\nBristol BS1 4QA\n+44 1632 960 442\nhello@example.com",
                "Number 1\nVAT 2",
                "Imprint: https://shop.example.com/imprint/\nMastodon: https://x.example/@fern",
                f"Manage preferences:\n{MANAGE}\nUnsubscribe:\n{LEAVE}",
                "View in browser:\nhttps://shop.example.com/mail/web_version",
                "Got this from a friend? Subscribe:\nhttps://shop.example.com/mail/join",
            ]
        )

    def test_footer_block_takes_the_place_of_the_automatic_one(self) -> None:
        make_brand(reason="The brand's.", footer_links=stored(link("Imprint", "/imprint/")))
        words = 'Dear {{ contact.first_name | default: "reader" }}, you bought tea.'
        block = raw_block("footer", reason=words, unsubscribe_label="No more of this", show_links=False)
        filled = fill(make_email(block, text_block()), first_name="<Ada>")
        html = BeautifulSoup(filled.html, "html.parser")
        assert len(html.find_all(class_="wpm-footer")) == 1
        footer = part(html, "wpm-footer")
        assert "Dear <Ada>, you bought tea." in footer.get_text()
        assert "12 Moss Lane" in footer.get_text()
        links = [(a.get_text(), a["href"]) for a in footer.find_all("a")]
        assert links == [("Manage preferences", MANAGE), ("No more of this", LEAVE)]
        assert "Dear <Ada>, you bought tea." in filled.text
        assert f"No more of this:\n{LEAVE}" in filled.text

    @pytest.mark.parametrize("label", ["", "   ", "\u200b\u2060", "\u202e", "…"])
    def test_unsubscribe_link_can_always_be_seen(self, label: str) -> None:
        html = soup(make_email(raw_block("footer", unsubscribe_label=label), text_block()))
        assert part(html, "wpm-footer").find_all("a")[-1].get_text() == "Unsubscribe"

    def test_words_that_cannot_be_seen_are_refused(self) -> None:
        block = FooterBlock()
        with pytest.raises(StructBlockValidationError):
            block.clean(block.to_python({"unsubscribe_label": "\u200b"}))

    def test_everybody_gets_the_frame(self) -> None:
        for name in ("footer", "header", "preheader"):
            assert "audience" not in make_body_block().child_blocks[name].child_blocks
            assert name not in make_saved_body_block().child_blocks
            assert name not in make_column_block().child_blocks

    def test_theme_whose_footer_lost_the_link_sends_nothing(self) -> None:
        lost = replace(find_theme("paper"), footer="wagtail_precise_mail/emails/section.mjml")
        with themes.temporarily("lost", lost):
            make_brand(theme="lost")
            with pytest.raises(RenderError, match="no unsubscribe link"):
                compiled(make_email())
            assert any(finding.is_error for finding in check_email(make_email(), default_site()))


@pytest.mark.parametrize(
    "value",
    [
        {"label": "x", "page": None, "url": ""},
        {"label": "x", "page": 1, "url": "https://example.com/"},
        {"label": "x", "page": None, "url": "javascript:alert(1)"},
    ],
)
def test_link_leads_to_one_place(value: dict[str, Any]) -> None:
    block = LinkBlock()
    if value["page"]:
        value = {**value, "page": default_site().root_page.pk}
    with pytest.raises(StructBlockValidationError):
        block.clean(block.to_python(value))
