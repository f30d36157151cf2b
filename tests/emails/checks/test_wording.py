"""Promises that mislead, and merge tags that nothing fills."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emails.checks import button, found, text
from tests.emails.checks.test_subject import speak
from tests.factories.commerce import make_product
from tests.factories.emails import raw_block
from wagtail_precise_mail.emails.checks.wording import claims, claims_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("code", "claim", "harmless"),
    [
        ("en", "You have won a kettle", "You have wonderful taste"),
        ("de", "Sie haben gewonnen", "Neue Tees eingetroffen"),
        ("zh-hans", "全网最低价，手慢无", "新茶上市"),
    ],
)
def test_claim_in_the_language_of_the_email(code: str, claim: str, harmless: str) -> None:
    (finding,) = found("misleading_claims", subject=claim, locale=speak(code))
    assert finding.field == "subject"
    assert found("misleading_claims", subject=harmless, locale=speak(code)) == []


def test_claim_in_the_preheader() -> None:
    (finding,) = found("misleading_claims", preheader="A miracle in your cup")
    assert finding.field == "preheader"
    assert "miracle" in finding.message


def test_chinese_claims_are_found_in_mails_of_any_language() -> None:
    assert claims_in("Tea 百分之百 tea", "en") == ["百分之百"]


def test_claims_are_whole_words() -> None:
    assert claims_in("Miracles of nature", "en") == []
    assert claims_in("RISK-FREE tea", "en") == ["risk-free"]


def test_project_replaces_the_list_of_a_language(settings: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"misleading_claims": {"en": ["teatime"]}}
    assert claims("en") == ["teatime"]
    assert claims("de")
    assert found("misleading_claims", subject="Teatime, a miracle")[0].message == "“teatime” promises too much."


@pytest.mark.parametrize("tag", ["*|FNAME|*", "%%FirstName%%", "{% if x %}"])
def test_tag_of_another_system_is_an_error_at_its_block(tag: str) -> None:
    raw = text(f"<p>Dear {tag}, hello.</p>")
    (finding,) = found("unresolved_tags", button(), raw)
    assert finding.is_error
    assert finding.block_id == raw["id"]
    assert tag in finding.message


def test_tag_of_another_system_in_the_subject() -> None:
    (finding,) = found("unresolved_tags", subject="Dear *|FNAME|*")
    assert finding.field == "subject"


def test_tag_in_the_name_of_a_product_is_found() -> None:
    product = make_product(name="Mug {{ contact.email }}")
    assert found("unresolved_tags", raw_block("product", product=product.pk, layout="above"), button())


def test_filled_tags_are_none() -> None:
    assert found("unresolved_tags", text('<p>Dear {{ contact.first_name | default: "friend" }}, 100 %.</p>')) == []


def test_wrong_tag_of_ours_is_said_once() -> None:
    assert found("unresolved_tags", text("<p>Dear {{ contact.first_name }}.</p>"), button()) == []
    assert len(found("rendering", text("<p>Dear {{ contact.first_name }}.</p>"), button())) == 1
