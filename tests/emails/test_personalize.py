"""Filling one contact's values into a compiled email."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.emails.conftest import fill, soup
from tests.factories.emails import compiled, make_email, raw_block
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.personalize import FilledEmail, LinkInfo, Personalizer
from wagtail_precise_mail.exceptions import RenderError

pytestmark = pytest.mark.django_db

GREETING = '{{ contact.first_name | default: "friend" }}'


def greeting() -> Email:
    return make_email(
        raw_block("heading", title=f"Hello {GREETING}", level="1"),
        raw_block("rich_text", content=f"<p>Dear {GREETING.replace(chr(34), '&quot;')}, welcome.</p>"),
        raw_block("button", label=f"Go, {GREETING}", url=f"https://example.org/hi?name={GREETING}#top"),
        subject=f"For {GREETING}",
        preheader=f"News for {GREETING}",
    )


def test_value_stands_in_every_place() -> None:
    filled = fill(greeting(), first_name="Ada")
    assert filled.subject == "For Ada"
    assert filled.preheader == "News for Ada"
    assert "Dear Ada, welcome." in filled.text
    assert "https://example.org/hi?name=Ada#top" in filled.text
    html = BeautifulSoup(filled.html, "html.parser")
    assert html.h1 is not None
    assert html.h1.get_text() == "Hello Ada"
    assert html.title is not None
    assert html.title.get_text() == "For Ada"


@pytest.mark.parametrize("value", ["", "   ", "\u200b\ufeff\n"])
def test_empty_name_renders_the_fallback(value: str) -> None:
    filled = fill(greeting(), first_name=value.replace("\u200b", ""))
    assert filled.subject == "For friend"
    assert "Hello friend" in filled.text


def test_field_that_nobody_gave_renders_the_fallback() -> None:
    assert fill(greeting()).subject == "For friend"


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ contact.email }} {% now 'Y' %} ${x} #{x}",
    "Ada\r\nBcc: victim@example.com\r\n\r\n<p>body",
    "javascript:alert(1)",
    "\u202egnp.exe\u2066\u2069",
    "\ud800lone",
    "a\u2028b\u2029c\x0bd\x85e\x00f",
    "x" * 1_000_000,
    "../../../etc?x=1&y=2#z @evil.example",
]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_value_stays_text(value: str) -> None:
    assert_harmless(fill(greeting(), first_name=value))


@given(st.text(max_size=400))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_stays_text(greeting_personalizer: Personalizer, value: str) -> None:
    assert_harmless(
        greeting_personalizer.fill(
            {"contact.first_name": value},
            rewrite_link=lambda link: link.url,
            system={"unsubscribe_url": "https://shop.example.com/leave"},
            personal_link=lambda name, block_id, argument: f"https://shop.example.com/{name}",
        )
    )


@pytest.fixture
def greeting_personalizer() -> Personalizer:
    return Personalizer(compiled(greeting()))


def assert_harmless(filled: FilledEmail) -> None:
    for text in (filled.subject, filled.preheader):
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", text)
        assert len(text) < 400
    filled.html.encode()  # no lone surrogate
    html = BeautifulSoup(filled.html, "html.parser")
    assert not html.find_all("script")
    assert not html.find_all(onerror=True)
    assert len(html.find_all("img")) <= 1
    hrefs = [str(link["href"]) for link in html.find_all("a")]
    assert all(href.startswith(("https://shop.example.com/", "https://example.org/hi?name=")) for href in hrefs)
    button = next(href for href in hrefs if "example.org" in href)
    assert button.endswith("#top")
    assert re.fullmatch(r"[!-~]+", button)
    assert button.count("?") == 1
    assert not re.search(r"^Bcc:", filled.text, re.MULTILINE)


def test_link_is_rewritten_in_html_and_text_alike() -> None:
    email = make_email(raw_block("button", label="Go", url="https://example.org/?a=1&b=2"))
    filled = Personalizer(compiled(email)).fill(
        {}, rewrite_link=lambda link: f"https://t.example/{link.index}?x&y", system={"unsubscribe_url": "https://u/"}
    )
    links = Personalizer(compiled(email)).links
    index = next(link.index for link in links if link.url == "https://example.org/?a=1&b=2")
    assert f"https://t.example/{index}?x&y" in filled.text
    assert f'href="https://t.example/{index}?x&amp;y"' in filled.html
    assert "example.org" not in filled.html


def test_rewriter_gets_the_address_with_the_contacts_values() -> None:
    seen: list[LinkInfo] = []

    def rewrite(link: LinkInfo) -> str:
        seen.append(link)
        return link.url

    email = make_email(
        raw_block("button", block_id="b" * 36, label="Go", url="https://example.org/?e={{ contact.email }}")
    )
    personalizer = Personalizer(compiled(email))
    personalizer.fill(
        {"contact.email": "a+b@c.example"}, rewrite_link=rewrite, system={"unsubscribe_url": "https://u/"}
    )
    assert seen[-1].url == "https://example.org/?e=a%2Bb%40c.example"
    assert seen[-1].block_id == "b" * 36
    assert seen[-1].label == "Go"


def test_unsubscribe_link_is_in_html_and_text_and_is_no_tracked_link() -> None:
    filled = fill(make_email())
    assert 'href="https://shop.example.com/leave"' in filled.html
    assert "https://shop.example.com/leave" in filled.text
    assert all("leave" not in link.url for link in Personalizer(compiled(make_email())).links)


def test_email_is_never_filled_without_the_way_out() -> None:
    with pytest.raises(RenderError, match="unsubscribe"):
        Personalizer(compiled(make_email())).fill({}, rewrite_link=lambda link: link.url, system={})


def test_pixel_stands_at_the_end_of_the_html_and_not_in_the_text() -> None:
    filled = fill(make_email())
    assert filled.html.endswith('<img src="pixel.gif" alt=""></body></html>')
    assert "pixel" not in filled.text


def test_payload_of_a_newer_version_is_refused() -> None:
    row = compiled(make_email())
    row.payload["version"] = 99
    with pytest.raises(RenderError, match="version"):
        Personalizer(row)


def test_dates_numbers_and_money_follow_the_language_of_the_email() -> None:
    email = make_email(
        raw_block("heading", title="{{ contact.birthday_on | default: 'soon' }}", level="1"),
        raw_block("rich_text", content="<p>{{ contact.attributes.credit | money: 'EUR' | default: '-' }}</p>"),
        subject="{{ contact.country | default: 'here' }}",
    )
    german = compiled(email)
    german.payload["language"] = "de"
    values = {"contact.birthday_on": "1990-05-12", "contact.attributes.credit": "1234.5", "contact.country": "GB"}
    filled = Personalizer(german).fill(
        values, rewrite_link=lambda link: link.url, system={"unsubscribe_url": "https://u/"}
    )
    assert "12. Mai 1990" in filled.html
    assert "1.234,50\u00a0€" in filled.text
    assert filled.subject == "Vereinigtes Königreich"


def test_payload_says_in_which_language_it_was_written() -> None:
    assert compiled(make_email()).payload["language"] == "en"


def test_value_that_its_filter_cannot_read_shows_the_fallback() -> None:
    email = make_email(subject="{{ contact.birthday_on | default: 'your day' }}")
    assert fill(email, birthday_on="<b>tomorrow</b>").subject == "your day"


def test_braces_in_data_stay_literal() -> None:
    contact_name = "{{ contact.email }}"
    assert soup(greeting(), first_name=contact_name, email="a@b.example").h1.get_text() == f"Hello {contact_name}"


def test_line_break_in_a_stored_subject_is_a_space() -> None:
    assert fill(make_email(subject="News\r\nBcc: x@y.example\x07")).subject == "News Bcc: x@y.example"


def test_brand_field_is_the_same_for_everybody() -> None:
    email = make_email(subject='{{ brand.company_name | default: "us" }} news')
    assert fill(email).subject == "Fern & Kettle news"
