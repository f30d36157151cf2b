"""HTML and CSS that mail programs break: the table, the linter, and that our own blocks stay out of it."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import gettext

from tests.emails.checks import facts, found
from tests.emails.checks.blocks import found_in
from tests.emails.checks.test_subject import speak
from tests.emails.test_newsletter import make_newsletter
from tests.factories.emails import default_site, raw_block
from wagtail_precise_mail.emails.body import RAW_MJML
from wagtail_precise_mail.emails.checks import check_email, clients
from wagtail_precise_mail.emails.checks.clients import features_in, image_feature, table
from wagtail_precise_mail.emails.checks.markup import markup_of

DATA = Path(clients.__file__).parent / "data" / "clients.toml"


def keys(markup: str) -> list[str]:
    return [feature.key for feature in features_in(markup)]


def test_every_row_has_clients_date_and_source() -> None:
    known = table()
    assert date.fromisoformat(known.updated)
    assert known.source.startswith("https://")
    assert {"outlook_windows", "outlook_new", "gmail", "apple_mail", "yahoo", "qq_mail", "netease_163"} == set(
        known.clients
    )
    for feature in known.features:
        assert set(feature.breaks) | set(feature.partial) <= set(known.clients), feature.key
        assert re.fullmatch(r"20\d\d-\d\d", feature.tested), feature.key
        assert feature.source, feature.key
        assert feature.find, feature.key
        assert feature.is_harmless or feature.note, feature.key


@pytest.mark.parametrize(
    ("markup", "key"),
    [
        ('<div style="display:flex">x</div>', "flex"),
        ('<div style="display: grid; gap: 4px">x</div>', "grid"),
        ('<div style="POSITION:absolute;top:0">x</div>', "position"),
        ('<td style="background:url(a.png)">x</td>', "background_image"),
        ('<p style="background-image:linear-gradient(red, blue)">x</p>', "linear_gradient"),
        ('<p style="width:calc(100% - 2px)">x</p>', "calc"),
        ('<p style="color:var(--brand)">x</p>', "variables"),
        ('<p style="font-size:1.2rem">x</p>', "rem"),
        ('<p style="width:50vw">x</p>', "viewport_units"),
        ('<p style="color:rgba(0,0,0,.5)">x</p>', "rgba"),
        ("<style>@import url(x.css);</style>", "import"),
        ("<style>a::before { content: 'x' }</style>", "before_after"),
        ("<style>.a { .b { color: red } }</style>", "nesting"),
        ("<style>@media (min-width:1px) { .a { display: flex } }</style>", "flex"),
        ("<mj-style>.a { transform: rotate(3deg) }</mj-style>", "transform"),
        ("<style>@keyframes x { from { opacity: 0 } }</style>", "opacity"),
        ("<video src='x.mp4'></video>", "video"),
        ("<form><input name='a'></form>", "input"),
        ("<svg></svg>", "svg"),
        ("<script>x</script>", "script"),
        ("<img srcset='a.png 2x' src='a.png'>", "srcset"),
    ],
)
def test_feature_is_recognized(markup: str, key: str) -> None:
    assert key in keys(markup)


@pytest.mark.parametrize(
    "markup",
    [
        '<p style="color:#333;font-size:16px;line-height:1.5">x</p>',
        "<p style=\"font-family:'display:flex'\">x</p>",
        "<style>/* display:flex */ .grid { color: red }</style>",
        '<mj-section background-url="a.png"><mj-column border-radius="4px"></mj-column></mj-section>',
        '<table width="100%" cellpadding="0"><tr><td bgcolor="#ffffff">x</td></tr></table>',
    ],
)
def test_plain_markup_has_no_feature_that_breaks(markup: str) -> None:
    assert [feature.key for feature in features_in(markup) if feature.breaks and not feature.is_harmless] == []


@pytest.mark.django_db
def test_known_bad_css_names_the_client_at_its_block() -> None:
    raw = raw_block("own_markup", html='<div style="display:flex">x</div>')
    (finding,) = found_in("client_support", raw)
    assert "does not work in Outlook for Windows" in finding.message
    assert "in part: Gmail" in finding.message
    assert finding.block_id == raw["id"]
    assert "mj-column" in finding.remedy


@pytest.mark.django_db
def test_raw_mjml_is_looked_at() -> None:
    mjml = '<mj-text><div style="display:flex;border-radius:3px">x</div></mj-text>'
    (finding,) = found("client_support", raw_block(RAW_MJML, mjml=mjml))
    assert "Outlook for Windows" in finding.message


@pytest.mark.django_db
def test_what_somebody_reported_of_163_is_named() -> None:
    (finding,) = [
        one
        for one in found_in("client_support", raw_block("own_markup", html='<p style="position:absolute">x</p>'))
        if one.message.startswith("position")
    ]
    assert "163 Mail" in finding.message


def test_report_of_qq_mail_is_named_with_its_source() -> None:
    feature = image_feature("data:image/png;base64,AAAA")
    assert feature is not None
    assert "qq_mail" in feature.partial
    reports = tomllib.loads(DATA.read_text(encoding="utf-8"))["features"]["base64"]["reports"]
    assert [(one["at"], one["source"][:8]) for one in reports] == [("2020-02", "https://")]


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "is_told"), [("zh-hans", True), ("zh", True), ("zh-hant", False), ("en", False)])
def test_email_in_simplified_chinese_is_told_what_is_unknown(code: str, is_told: bool) -> None:
    findings = found("client_unknown", locale=speak(code))
    assert [finding.level for finding in findings] == ["hint"] * is_told


@pytest.mark.django_db
def test_advice_for_raw_mjml_is_another() -> None:
    raw = raw_block(RAW_MJML, mjml="<mj-text>x</mj-text>")
    (with_raw,), (without,) = (
        found("client_unknown", raw, locale=speak("zh-hans")),
        found("client_unknown", locale=speak("zh-hans")),
    )
    assert "Raw MJML" in with_raw.remedy
    assert "Raw MJML" not in without.remedy


@pytest.mark.django_db
def test_harmless_features_are_not_told() -> None:
    html = '<p style="border-radius:4px;box-shadow:0 0 2px red">x</p>'
    assert found_in("client_support", raw_block("own_markup", html=html)) == []
    assert {"border_radius", "box_shadow"} <= set(keys(html))


@pytest.mark.django_db
def test_our_own_blocks_are_left_alone() -> None:
    findings = check_email(make_newsletter(), default_site())
    assert [finding for finding in findings if finding.key == "client_support"] == []


@pytest.mark.django_db
def test_block_of_a_project_in_a_column_is_looked_at_once() -> None:
    inner = raw_block("own_markup", html="<video></video>")
    column = raw_block("item", content=[inner])
    (finding,) = found_in("client_support", raw_block("columns", columns=[column]))
    assert finding.place == "Columns, block 1 › Own markup, block 1"


def test_images_are_recognized_by_their_ending() -> None:
    assert image_feature("https://example.org/a.WEBP?x=1").key == "webp"
    assert image_feature("https://example.org/a.jpg") is None
    assert image_feature("https://example.org/webp") is None
    assert image_feature("https://[broken") is None


@pytest.mark.django_db
def test_a_block_is_read_in_the_language_of_the_email() -> None:
    known = facts(raw_block("confirm_sign_up", label=""), locale=speak("zh-hans"))
    with translation.override("zh-hans"):
        words = gettext("Yes, write to me")

    markup = markup_of(known.blocks[0], known)

    assert words != "Yes, write to me"
    assert words in markup
