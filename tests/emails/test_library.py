"""What holds for every block that comes with the package: filled, empty, hostile, in a column, in the picker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.management import call_command
from wagtail.documents import get_document_model

from tests.emails.conftest import body_of, image_value, soup, text_of
from tests.factories.emails import make_email, make_image, raw_block
from wagtail_precise_mail.emails.blocks import EmailBlock, email_blocks
from wagtail_precise_mail.emails.body import GROUPS, make_body_block, make_column_block
from wagtail_precise_mail.emails.personal_links import personal_links
from wagtail_precise_mail.emails.preview import picker_preview
from wagtail_precise_mail.emails.settings_group import AIDA_ROLES

pytestmark = pytest.mark.django_db

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "blocks.md"
OURS = [key for key, block in email_blocks.items() if block.__module__.startswith("wagtail_precise_mail.")]

HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)>"\'&{% now "Y" %}\u202e {# #} </mj-text></mj-section>'


@pytest.fixture(autouse=True)
def _makers() -> Iterator[None]:
    """Pages that other rooms bring."""
    with ExitStack() as stack:
        for name in ("share", "forward", "web_version"):
            if name not in personal_links:
                stack.enter_context(personal_links.temporarily(name, lambda purpose: f"/m/{purpose.argument}"))
        yield


def make_document(title: str = "A small book of tea", name: str = "tea.pdf") -> Any:
    return get_document_model().objects.create(title=title, file=ContentFile(b"%PDF-1.4", name=name))


def values_of(words: str) -> dict[str, dict[str, Any]]:
    """A value of each block of this room that holds words, with these words everywhere."""
    image = make_image(words[:50], size=(640, 480))
    url = "https://example.org/there"
    return {
        "button": {"label": words[:80], "url": url, "second_label": words[:80], "second_url": url},
        "image": {"image": image_value(image, alt_text=words[:100]), "caption": words, "url": url, "width": "small"},
        "hero": {"image": image_value(image), "title": words, "words": words, "label": words[:80], "url": url},
        "quote": {"words": words, "author": words, "role": words, "photo": image.pk},
        "salutation": {"words": words},
        "signature": {"name": words, "job": words, "closing": words, "photo": image.pk, "signature": image.pk},
        "video": {
            "image": image_value(image, alt_text=words[:100]),
            "title": words,
            "url": url,
            "duration": words[:12],
        },
        "file": {"document": make_document(words[:80]).pk, "title": words, "words": words, "link_label": words[:80]},
        "gallery": {"pictures": [{"image": image_value(image), "caption": words, "url": url}] * 2},
        "offer": {
            "title": words,
            "words": words,
            "terms": words,
            "code": words[:40],
            "end": "2026-06-14T21:59:00Z",
            "label": words[:80],
            "url": url,
        },
        "social": {"words": words, "accounts": [{"network": "instagram", "url": url}]},
        "share": {"words": words, "networks": ["facebook"], "show_web_version": True},
    }


KINDS = [
    "button",
    "image",
    "hero",
    "quote",
    "salutation",
    "signature",
    "video",
    "file",
    "gallery",
    "offer",
    "social",
    "share",
]


@pytest.mark.parametrize("kind", KINDS)
def test_words_stand_in_html_and_text(kind: str) -> None:
    email = make_email(raw_block(kind, **values_of("Moss & fern")[kind]))
    assert "Moss & fern" in body_of(soup(email)).get_text()
    assert "Moss & fern" in text_of(email)


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_words_stay_words(kind: str) -> None:
    email = make_email(raw_block(kind, **values_of(HOSTILE)[kind]), raw_block("heading", title="Below", level="2"))
    panel = body_of(soup(email))
    assert not panel.find_all("script")
    assert not panel.find_all(onerror=True)
    assert "<script>alert(1)</script>" in panel.get_text()
    assert "Below" in panel.get_text()


@pytest.mark.parametrize("kind", KINDS)
def test_block_fits_in_a_narrow_column(kind: str) -> None:
    column = {"content": [raw_block(kind, **values_of("Moss & fern")[kind])]}
    beside = {"content": [raw_block("heading", title="Beside", level="3")]}
    panel = body_of(soup(make_email(raw_block("columns", columns=[column, beside, beside]))))
    assert "Moss & fern" in panel.get_text()
    assert panel.get_text().count("Beside") == 2
    assert all(int(str(image["width"])) <= 160 for image in panel.find_all("img"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_image_has_a_description_and_every_address_is_absolute(kind: str) -> None:
    panel = body_of(soup(make_email(raw_block(kind, **values_of("Moss & fern")[kind]))))
    assert all(image.has_attr("alt") for image in panel.find_all("img"))
    addresses = [tag[name] for tag in panel.find_all(True) for name in ("src", "href") if tag.has_attr(name)]
    assert all(str(address).startswith("https://") or address == "#" for address in addresses)
    assert "mailjet" not in str(panel)


@pytest.mark.parametrize("kind", ["button", "hero", "quote", "salutation", "signature", "video", "offer", "share"])
def test_merge_fields_are_filled(kind: str) -> None:
    words = 'Moss for {{ contact.first_name | default: "you" }}'
    fields = set(email_blocks.get(kind).merge_fields) - {"url"}
    value = {name: words if name in fields else one for name, one in values_of("Moss")[kind].items()}
    email = make_email(raw_block(kind, **value))
    assert "Moss for Ada" in body_of(soup(email, first_name="Ada")).get_text()
    assert "Moss for you" in text_of(email)


@pytest.mark.parametrize("kind", OURS)
def test_picker_shows_a_compiled_email(kind: str) -> None:
    block = make_body_block().child_blocks[kind]
    assert block.is_previewable
    page = BeautifulSoup(picker_preview(block), "html.parser")
    assert page.body is not None
    assert page.body.get_text(strip=True) or page.body.find("img")
    assert "cannot be shown" not in page.get_text()
    assert not [link["href"] for link in page.find_all("a") if link["href"] != "#"]


@pytest.mark.parametrize("kind", OURS)
def test_block_says_what_the_checks_ask(kind: str) -> None:
    block = email_blocks.get(kind)
    assert block.nature in ("", "promotion", "editorial")
    assert block.aida_role in ("", *dict(AIDA_ROLES))


def test_blocks_stand_in_their_groups_in_a_set_order() -> None:
    shown = [str(group) for group, _blocks in make_body_block().grouped_child_blocks()]
    ours = [str(group) for group in GROUPS]
    assert [group for group in shown if group in ours] == ours


def test_group_of_another_package_follows() -> None:
    class StrangerBlock(EmailBlock):
        class Meta:
            group = "Elsewhere"

    with email_blocks.temporarily("stranger", StrangerBlock):
        groups = [str(group) for group, _blocks in make_body_block().grouped_child_blocks()]
        assert groups.index("Elsewhere") > max(groups.index(str(group)) for group in GROUPS)
        assert "stranger" in make_column_block().child_blocks


def test_part_in_the_story_is_a_setting_of_blocks_with_words_only() -> None:
    with_role = {key for key, block in make_body_block().child_blocks.items() if "aida" in block.child_blocks}
    assert {"hero", "heading", "rich_text", "button", "quote", "offer", "page", "product"} <= with_role
    assert not with_role & {"divider", "spacer", "columns", "variants", "saved_block"}


def test_block_of_ones_own_changes_no_migration(monkeypatch: pytest.MonkeyPatch) -> None:
    class StrangerBlock(EmailBlock):
        class Meta:
            group = "Elsewhere"

    with email_blocks.temporarily("stranger", StrangerBlock):
        for name, field in [("Email", "body"), ("SavedBlock", "body")]:
            stream = apps.get_model("wagtail_precise_mail", name)._meta.get_field(field)
            monkeypatch.delitem(stream.__dict__, "stream_block", raising=False)
            assert "stranger" in stream.stream_block.child_blocks
        call_command("makemigrations", "wagtail_precise_mail", "--check", "--dry-run", verbosity=0)


def test_reference_has_a_row_for_every_block() -> None:
    table = REFERENCE.read_text().split("| key |")[1].split("\n\n")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", table, re.MULTILINE))
    shown = {key: str(block.meta.label) for key, block in make_body_block().child_blocks.items() if key in OURS}
    assert rows == shown
