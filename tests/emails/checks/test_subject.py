"""The line in the inbox, in English, German and Chinese."""

from __future__ import annotations

import pytest
from wagtail.models import Locale

from tests.emails.checks import found
from tests.factories.emails import raw_block

pytestmark = pytest.mark.django_db


def speak(code: str) -> Locale:
    """Return the language of an email."""
    return Locale.objects.get_or_create(language_code=code)[0]


@pytest.mark.parametrize(
    ("subject", "is_long"), [("x" * 60, False), ("x" * 61, True), ("茶" * 30, False), ("茶" * 31, True)]
)
def test_long_subject(subject: str, is_long: bool) -> None:
    assert bool(found("subject_length", subject=subject)) == is_long


def test_long_subject_is_measured_as_it_is_read() -> None:
    tag = '{{ contact.first_name | default: "friend of our whole long house" }}'
    assert found("subject_length", subject=f"{tag}, {'x' * 28}") == []
    assert found("subject_length", subject=f"{tag}, {'x' * 60}")


def test_inboxes_that_cut_are_named_with_what_they_show() -> None:
    (finding,) = found("subject_cut", subject="The garden in June, with a recipe for tea!")
    assert "iPhone Mail" in finding.message
    assert "Android" not in finding.message
    assert "“The garden in June, with a recipe for te…”" in finding.remedy
    assert found("subject_cut", subject="The garden in June") == []


@pytest.mark.parametrize(
    "subject",
    [
        "BUY NOW and save",
        "SALE SALE",
        "Sale!!!",
        "特价！！！",
        "真的吗？？",
        "ＳＡＬＥ ＮＯＷ today",
        "Save $$$",
        "WINTERSALE",
    ],
)
def test_shouting(subject: str) -> None:
    assert found("subject_shouting", subject=subject)


@pytest.mark.parametrize(
    "subject", ["News from the BBC", "New in: AI and USB hubs for you", "Really? Yes!", "春季新品上市！", "USB"]
)
def test_no_shouting(subject: str) -> None:
    assert found("subject_shouting", subject=subject) == []


@pytest.mark.parametrize(
    "subject",
    [
        "Re: your order",
        "RE:Rain",
        "Fwd: tea",
        "FW: tea",
        "AW: Tee",
        "WG: Tee",
        "回复：订单",
        "答复: 订单",
        "转发：新品",
        "Re[2]: x",
    ],
)
def test_fake_reply_is_an_error(subject: str) -> None:
    (finding,) = found("subject_fake_reply", subject=subject)
    assert finding.is_error


@pytest.mark.parametrize(
    "subject", ["Regarding tea: three facts", "Reply by Friday", "Awards: who won", "回复率的秘密"]
)
def test_no_fake_reply(subject: str) -> None:
    assert found("subject_fake_reply", subject=subject) == []


def test_emoji_are_counted_with_their_skin() -> None:
    assert found("subject_emoji", subject="Tea 🍵👋🏽") == []
    (finding,) = found("subject_emoji", subject="🍵🍵🍵")
    assert "3 emoji" in finding.message


@pytest.mark.parametrize(
    ("code", "plain", "curious"),
    [
        ("en", "News from the garden", "Why our garden sleeps"),
        ("de", "Neues aus dem Garten", "Warum der Garten schläft"),
        ("zh-hans", "春季新品上市", "你知道这款茶吗？"),
    ],
)
def test_curiosity_is_a_hint(code: str, plain: str, curious: str) -> None:
    (finding,) = found("subject_curiosity", subject=plain, locale=speak(code))
    assert finding.level == "hint"
    assert found("subject_curiosity", subject=curious, locale=speak(code)) == []


def test_curiosity_is_left_alone_in_languages_that_nobody_wrote_rules_for() -> None:
    assert found("subject_curiosity", subject="Uutisia puutarhasta", locale=speak("fi")) == []


def test_preheader_that_repeats_the_subject() -> None:
    (finding,) = found("preheader_repeats", subject="Tea is here!", preheader="Tea is here.")
    assert finding.field == "preheader"
    assert found("preheader_repeats", subject="Tea is here!", preheader="And cake") == []


def test_preheader_of_merge_tags_alone_is_one() -> None:
    assert found("preheader_missing", preheader='{{ contact.first_name | default: "friend" }}') == []
    assert found("preheader_missing", raw_block("divider", style="line"), preheader=" ")
