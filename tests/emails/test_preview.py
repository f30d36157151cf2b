"""What the preview panel and the block picker show."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from wagtail.blocks import StreamBlock, StructValue
from wagtail.blocks.base import Block
from wagtail.models import Page

from tests.factories.commerce import make_product
from tests.factories.contacts import make_contact
from tests.factories.emails import make_email, make_image, make_saved_block, raw_block
from tests.factories.segments import make_segment
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.inboxes import INBOXES, cut
from wagtail_precise_mail.emails.models import BrandSettings, Email
from wagtail_precise_mail.emails.preview import MODES, brand_preview, email_preview
from wagtail_precise_mail.emails.preview_readers import some_member

pytestmark = pytest.mark.django_db


def greeting(**overrides: Any) -> Email:
    return make_email(
        raw_block("heading", title='Hello {{ contact.first_name | default: "friend" }}', level="1"),
        raw_block("button", label="Go", url="https://example.org/"),
        **overrides,
    )


def shown(email: Email, mode: str) -> str:
    return email_preview(email, mode).content.decode()


def test_email_is_shown_as_its_sample_contact() -> None:
    email = greeting(sample_contact=make_contact(first_name="Ada"))
    assert "Hello Ada" in shown(email, "contact")
    assert "Hello friend" in shown(email, "fallbacks")


def test_email_without_a_sample_contact_is_shown_as_somebody_made_up() -> None:
    assert "Hello Alex" in shown(greeting(), "contact")


def test_links_of_the_preview_lead_nowhere() -> None:
    html = BeautifulSoup(shown(greeting(), "contact"), "html.parser")
    assert {link["href"] for link in html.find_all("a")} == {"#"}


def test_text_part_is_shown_with_its_addresses() -> None:
    page = shown(greeting(subject="One & two"), "text")
    assert "https://example.org/" in page
    assert "One &amp; two" in page


def test_inbox_line_shows_sender_subject_and_preheader() -> None:
    page = shown(greeting(subject="News <b>", preheader="For you"), "inbox")
    assert "Fern &amp; Kettle" in page
    assert "News &lt;b&gt;" in page
    assert "For you" in page


def test_inbox_line_without_a_preheader_shows_the_first_words() -> None:
    assert "Hello Alex" in shown(greeting(preheader=""), "inbox")


@pytest.mark.parametrize("mode", [mode for mode, _label in MODES])
def test_every_preview_is_sandboxed(mode: str) -> None:
    assert email_preview(greeting(), mode)["Content-Security-Policy"] == "sandbox allow-same-origin"


EMPTY = {
    "preheader": {"words": ""},
    "header": {"links": []},
    "footer": {"reason": ""},
    "heading": {"title": "", "level": "2"},
    "rich_text": {"content": ""},
    "image": {"image": {"image": None, "alt_text": "", "decorative": False}},
    "button": {"label": "", "page": None, "url": ""},
    "divider": {},
    "columns": {"columns": []},
    "coupon": {"title": "", "code": "", "pool": None},
    "order_summary": {"title": ""},
    "page": {"page": None},
    "page_list": {"selection": "picked", "pages": []},
    "product": {"product": None},
    "product_list": {"selection": "category", "category": None},
    "saved_block": {"saved_block": None},
    "survey": {"question": "", "choices": []},
    "variants": {"variants": [], "default": []},
    "raw_mjml": {"mjml": ""},
}


@pytest.mark.parametrize("kind", list(email_blocks))
@pytest.mark.parametrize("mode", ["contact", "text"])
def test_half_written_block_is_shown(kind: str, mode: str) -> None:
    page = shown(
        make_email(raw_block(kind, **EMPTY.get(kind, {})), raw_block("heading", title="Below", level="2")), mode
    )
    assert "Below" in page
    assert "cannot be shown" not in page


@pytest.mark.parametrize("kind", list(email_blocks))
def test_block_without_any_value_is_shown(kind: str) -> None:
    assert "cannot be shown" not in shown(make_email(raw_block(kind)), "contact")


def test_block_that_cannot_be_rendered_shows_a_note_with_its_name() -> None:
    page = shown(make_email(raw_block("page", page=None), raw_block("heading", title="Below", level="2")), "contact")
    assert "Page, block 1: Choose a page" in page


def test_wrong_tag_in_the_subject_does_not_stop_the_preview() -> None:
    assert "{{ contact.nonsense }}" in shown(greeting(subject="{{ contact.nonsense }}"), "inbox")


class BrokenBlock(EmailBlock):
    """What a developer may write."""

    class Meta:
        label = "Broken"

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        return SafeString("<mj-section><mj-nonsense /></mj-section>")

    def text(self, value: StructValue, context: RenderContext) -> str:
        return ""


def test_error_of_mjml_is_a_page_that_names_the_block() -> None:
    body = StreamBlock([("broken", BrokenBlock())]).to_python([raw_block("broken")])
    email = SimpleNamespace(subject="", preheader="", body=body, sample_contact=None)
    page = email_preview(email, "contact").content.decode()
    assert "This email cannot be shown" in page
    assert "Broken, block 1" in page


def test_preview_costs_the_same_number_of_queries_whatever_the_number_of_blocks() -> None:
    product, page = make_product(price="12.50", currency="GBP"), Page.objects.get(depth=2)

    def queries_of(count: int) -> int:
        blocks = [raw_block("rich_text", content="<p>word <b>word</b></p>") for _ in range(count)]
        blocks += [raw_block("product", product=product.pk) for _ in range(count)]
        blocks += [raw_block("page", page=page.pk) for _ in range(count)]
        email = make_email(*blocks)
        shown(email, "contact")
        email.refresh_from_db()
        with CaptureQueriesContext(connection) as queries:
            shown(email, "contact")
        return len(queries)

    assert queries_of(10) == queries_of(2)


@pytest.mark.slow
def test_preview_costs_the_same_per_block_whatever_their_number() -> None:
    def seconds_of(count: int) -> float:
        content = "<p>word <b>word</b> <a href='/x'>word</a></p>" * 5
        email = make_email(*[raw_block("rich_text", content=content) for _ in range(count)])
        durations = []
        for _attempt in range(5):
            start = time.process_time()
            shown(email, "contact")
            durations.append(time.process_time() - start)
        return min(durations)

    # Three times the blocks: about three times the work, and never nine times.
    assert seconds_of(60) < 6 * seconds_of(20)


def test_saved_block_has_a_preview() -> None:
    saved = make_saved_block(raw_block("heading", title="Delivery", level="2"))
    assert "Delivery" in saved.serve_preview(None, "").content.decode()


def test_brand_shows_how_well_its_colors_can_be_read() -> None:
    brand = BrandSettings.objects.get()
    brand.text_color = "#bbbbbb"
    page = brand_preview(brand).content.decode()
    assert "#bbbbbb" in page
    assert "is hard to read" in page


@pytest.mark.parametrize("kind", [key for key in email_blocks if key != "saved_block"])
def test_block_picker_shows_the_block_as_a_mail(kind: str, client: Client) -> None:
    client.force_login(get_user_model().objects.create_superuser("admin", "admin@example.com", "x"))
    block = Email._meta.get_field("body").stream_block.child_blocks[kind]
    Block.definition_registry.setdefault(block.definition_prefix, block)
    response = client.get(reverse("wagtailadmin_block_preview"), {"id": block.definition_prefix})
    assert response.status_code == 200
    page = BeautifulSoup(response.content, "html.parser")
    assert page.find(class_="wpm-panel") is not None
    assert "cannot be shown" not in page.get_text()
    assert "block 1" not in page.get_text()


def for_fans(fans: Any, **overrides: Any) -> Email:
    audience = {"show": "only", "segments": [fans.pk]}
    return greeting(
        body=[
            raw_block("heading", title='Hello {{ contact.first_name | default: "friend" }}', level="1"),
            raw_block("rich_text", content="<p>For fans only.</p>", audience=audience),
        ],
        **overrides,
    )


def city_segment(city: str) -> Any:
    return make_segment({"contact_field": {"field": "city", "operator": "is", "values": [city]}}, name=f"In {city}")


def test_email_with_parts_for_a_segment_has_a_preview_of_its_own_for_it() -> None:
    fans = city_segment("Bath")
    make_contact(first_name="Ada", city="Bath")
    email = for_fans(fans)
    assert (f"segment-{fans.pk}", "As a member of “In Bath”") in email.preview_modes
    assert "For fans only." not in shown(email, "contact")
    page = shown(email, f"segment-{fans.pk}")
    assert "For fans only." in page
    assert "Hello Ada" in page


def test_preview_as_a_member_of_the_chosen_segment_stays_with_the_same_person() -> None:
    bath = city_segment("Bath")
    for name in ("Ada", "Bea", "Cleo", "Dora"):
        make_contact(first_name=name, city="Bath")
    email = greeting(sample_segment=bath)
    with time_machine.travel("2026-03-01 09:00:00+00:00", tick=False):
        first = shown(email, "contact")
        assert first == shown(email, "contact")
    assert any(f"Hello {name}" in first for name in ("Ada", "Bea", "Cleo", "Dora"))


def test_preview_of_a_segment_without_members_shows_its_parts_to_somebody_made_up() -> None:
    fans = city_segment("Nowhere")
    page = shown(for_fans(fans), f"segment-{fans.pk}")
    assert "For fans only." in page
    assert "Hello Alex" in page


def test_preview_shows_nobody_to_people_who_may_not_see_contacts() -> None:
    fans = city_segment("Bath")
    ada = make_contact(first_name="Ada", city="Bath")
    email = for_fans(fans, sample_contact=ada, sample_segment=fans)
    for mode in ("contact", f"segment-{fans.pk}", "inbox", "dark"):
        assert "Ada" not in email_preview(email, mode, may_see_contacts=False).content.decode()
    page = email_preview(email, f"segment-{fans.pk}", may_see_contacts=False).content.decode()
    assert "For fans only." in page


def test_choosing_a_member_costs_the_same_for_any_segment() -> None:
    bath = city_segment("Bath")
    for number in range(50):
        make_contact(city="Bath", email=f"reader{number}@example.com")
    with CaptureQueriesContext(connection) as captured:
        assert some_member(bath, at=timezone.now())
    assert len(captured) <= 2


def test_preview_of_a_segment_that_cannot_be_evaluated_says_so() -> None:
    draft = make_segment(live=False)
    assert "is not published" in shown(for_fans(draft), f"segment-{draft.pk}")


def test_dark_mode_is_in_force_in_its_preview() -> None:
    page = shown(greeting(), "dark")
    assert "prefers-color-scheme" not in page.split("<body")[0].replace("@media all", "")
    assert "@media all" in page


def test_preview_without_pictures_shows_their_descriptions() -> None:
    picture = {"image": make_image().pk, "alt_text": "A fern at dusk", "decorative": False}
    email = make_email(raw_block("image", image=picture))
    page = BeautifulSoup(shown(email, "images_off"), "html.parser")
    assert not page.find_all("img")
    assert page.find(class_="wpm-no-picture").get_text() == "A fern at dusk"


def test_inbox_says_where_each_program_cuts_the_subject() -> None:
    subject = "A quiet morning, well brewed, with seven ferns that like the dark and a new kettle"
    page = BeautifulSoup(shown(greeting(subject=subject), "inbox"), "html.parser").get_text()
    assert "iPhone Mail" in page
    assert "A quiet morning, well brewed, with seven…" in page
    assert page.count("The subject is cut here.") == len(INBOXES)


@pytest.mark.parametrize(
    ("text", "room", "expected"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("茶と土", 5, "茶と…"), ("", 3, "")]
)
def test_wide_characters_take_the_room_of_two(text: str, room: int, expected: str) -> None:
    assert cut(text, room) == expected
