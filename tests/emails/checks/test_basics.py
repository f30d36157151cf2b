"""What is worth knowing about an email before it goes out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emails.checks import all_found, button, heading
from tests.factories.commerce import make_product
from tests.factories.emails import default_site, make_brand, make_email, make_image, make_saved_block, raw_block
from wagtail_precise_mail.emails.checks import Finding, Level, check_email

pytestmark = pytest.mark.django_db


def findings(*blocks: dict[str, Any], **overrides: Any) -> list[Finding]:
    """Errors and warnings."""
    return [finding for finding in all_found(*blocks, **overrides) if finding.level != Level.HINT]


def messages(*blocks: dict[str, Any], **overrides: Any) -> str:
    return " ".join(finding.message for finding in findings(*blocks, **overrides))


def test_good_email_has_nothing_to_correct() -> None:
    assert findings(heading(1), heading(2), heading(3), heading(2), button()) == []


def test_missing_subject_is_an_error() -> None:
    (finding,) = findings(subject=" ")
    assert finding.is_error
    assert finding.place == "Subject"


def test_missing_preheader_is_a_warning() -> None:
    (finding,) = findings(preheader="")
    assert not finding.is_error


def test_long_subject_is_a_warning() -> None:
    assert "61 characters" in messages(subject="x" * 61)


@pytest.mark.parametrize(("missing", "place"), [({"postal_address": ""}, "Email brand"), ({"sender": None}, "Sender")])
def test_brand_without_what_the_law_asks_for_is_an_error(missing: dict[str, Any], place: str) -> None:
    make_brand(**missing)
    (finding,) = findings()
    assert finding.is_error
    assert finding.place == place


def test_colors_that_are_hard_to_read_are_a_warning() -> None:
    make_brand(text_color="#999999")
    assert "Text on the panel is hard to read: its contrast is 2.8 to 1." in messages()


def test_email_without_blocks_is_an_error() -> None:
    email = make_email()
    email.body = []
    assert any(finding.is_error for finding in check_email(email, default_site()))


def test_email_without_a_button_is_a_warning() -> None:
    assert "no button" in messages(heading(1))


def test_button_in_a_saved_block_counts() -> None:
    saved = make_saved_block(button())
    assert messages(raw_block("saved_block", saved_block=saved.pk)) == ""


def test_too_many_buttons_are_a_warning() -> None:
    assert "4 buttons" in messages(*(button() for _ in range(4)))


def test_level_that_is_left_out_is_flagged_at_its_heading() -> None:
    (finding,) = findings(heading(1), heading(3), button())
    assert finding.place == "Heading, block 2"


def test_second_title_is_flagged() -> None:
    assert "title follows" in messages(heading(1), heading(1), button())


def test_image_without_a_description_is_an_error() -> None:
    value = {"image": {"image": make_image().pk, "alt_text": "", "decorative": False}}
    assert "has no description" in messages(raw_block("image", **value), button())


def test_decorative_image_needs_no_description() -> None:
    value = {"image": {"image": make_image().pk, "alt_text": "", "decorative": True}}
    assert messages(raw_block("image", **value), button()) == ""


def test_every_block_that_cannot_be_rendered_is_an_error_at_its_place() -> None:
    broken = [raw_block("page", page=None), raw_block("product", product=None), button()]
    assert [finding.place for finding in findings(*broken) if finding.is_error] == ["Page, block 1", "Product, block 2"]


def test_wrong_merge_tag_in_the_subject_is_an_error() -> None:
    (finding,) = findings(subject="Hi {{ contact.first_name }}")
    assert finding.is_error
    assert finding.place == "Subject"


def test_sold_out_product_is_a_warning() -> None:
    block = raw_block("product", product=make_product(name="Teapot", stock_count=0).pk)
    assert "“Teapot” is sold out and nothing replaces it." in messages(block, button())


def test_link_that_leads_nowhere_is_a_warning() -> None:
    text = raw_block("rich_text", content='<p><a href="javascript:x">here</a></p>')
    assert "The link “here” leads nowhere." in messages(text, button())


def test_mail_that_gmail_would_clip_is_a_warning() -> None:
    text = raw_block("rich_text", content="<p>" + "word " * 25_000 + "</p>")
    assert "kB of HTML" in messages(text, button())


def test_errors_come_first() -> None:
    levels = [finding.is_error for finding in findings(heading(1), subject="", preheader="")]
    assert levels == sorted(levels, reverse=True)
