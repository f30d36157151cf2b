"""Whatever stands in a field: an email, or an error that says what is wrong; no exception, no markup of others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wagtail import blocks

from tests.factories.blocks import sample_of
from tests.factories.commerce import make_product
from tests.factories.emails import BASE_URL, COMPILED_AT, default_site
from tests.fidelity.structure import outlook_html
from tests.testapp.models import StoryPage
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.body import email_blocks, make_body_block
from wagtail_precise_mail.emails.composition import compile_source, compose
from wagtail_precise_mail.emails.markup import problems_of
from wagtail_precise_mail.emails.merge_fields import contact_values
from wagtail_precise_mail.emails.personalize import FilledEmail, Personalizer
from wagtail_precise_mail.exceptions import RenderError

pytestmark = pytest.mark.django_db

ATTACKS = [
    "<script>alert(1)</script>",
    "</title></style></textarea><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "--><script>alert(1)</script><!--",
    "<![endif]--><script>alert(1)</script>",
    "{{ contact.first_name }}",
    '{{ contact.first_name | default: "<b>" }}',
    "{% load x %}{{ settings.SECRET_KEY }}",
    "{{", "}}", "{%", "a\r\nBcc: b@example.org",
    "\x00", "\ud800", "\udfff\u202e\u2066", "\u202egnp.exe", "e\u0301" * 50, "ﷺ" * 20,
    "<mj-raw><script>alert(1)</script></mj-raw>",
    "</mj-text></mj-column></mj-section><mj-raw>",
    "<!--", "-->", "<!doctype x>", "<![CDATA[", "<?xml ",
    "&", "&lt;script&gt;", "&#60;script&#62;", "\\", "\\u{3c}", "0", " ",
    "http://[", "https://ex ample.org/\"><script>", "//evil.example", "https://user:pass@example.org:99999/",
]  # fmt: skip
WORDS = st.lists(
    st.one_of(st.sampled_from(ATTACKS), st.text(st.characters(codec=None), max_size=12)), min_size=1, max_size=4
).map("".join)
NAMES = "p div a b ul li table tr td img br script style svg iframe form mj-text mj-section mj-raw x:y h2 blockquote"
ATTRIBUTES = 'href="{}" src="{}" style="{}" onclick="{}" class="{}" align="{}" title="{}" xlink:href="{}" color="{}"'


def _element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    attribute = st.builds(str.format, st.sampled_from(ATTRIBUTES.split()), WORDS)
    start = st.builds(lambda name, attrs: f"<{name} {attrs}>", st.sampled_from(NAMES.split()), attribute | st.just(""))
    end = st.sampled_from(NAMES.split()).map("</{}>".format) | st.just("")
    return st.builds(lambda a, inner, b: f"{a}{''.join(inner)}{b}", start, st.lists(children, max_size=3), end)


MARKUP = st.recursive(WORDS, _element, max_leaves=8)
"""Pieces of HTML and MJML, mostly broken."""

quickly = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


SCRIPTS = ("javascript:", "vbscript:", "data:")


class _Harm(HTMLParser):
    """Collects what runs."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "embed", "form", "svg", "math") or tag.startswith("mj-"):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            address = re.sub(r"[\x00-\x20\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]", "", value or "").lower()
            leads = name not in ("alt", "title", "aria-label", "content") and address.startswith(SCRIPTS)
            if name.startswith("on") or leads:
                self.found.append(f"{name}={value}")
            if name == "style" and re.search(r"expression\(|javascript:|-moz-binding|behavior:", address):
                self.found.append(f"style={value}")


def harm_in(html: str) -> list[str]:
    """What would run in a mail or in its web version, and what would in Outlook."""
    found = []
    for version in (html, outlook_html(html)):
        parser = _Harm()
        parser.feed(version)
        parser.close()
        found += parser.found
    return found


def write(*children: tuple[str, Any], values: dict[str, str] | None = None, **line: str) -> FilledEmail | None:
    """An email of these blocks for a contact, or None where it is refused with a reason."""
    body = make_body_block()
    stream = body.to_python([{"type": kind, "value": value, "id": f"b{n}"} for n, (kind, value) in enumerate(children)])
    return finish(stream, values, **line)


def finish(stream: Any, values: dict[str, str] | None = None, **line: str) -> FilledEmail | None:
    email = SimpleNamespace(subject="News", preheader="", body=stream)
    vars(email).update(line)
    try:
        payload = compile_source(compose(email, site=default_site(), base_url=BASE_URL, at=COMPILED_AT))
    except (RenderError, ValidationError):
        return None
    assert "\x00" not in json.dumps(payload, ensure_ascii=False)
    json.dumps(payload, ensure_ascii=False).encode()
    filled = Personalizer(SimpleNamespace(payload=payload)).fill(
        values or {}, rewrite_link=lambda link: link.url, system={"unsubscribe_url": f"{BASE_URL}/leave"}
    )
    check(filled)
    return filled


def check(filled: FilledEmail) -> None:
    assert harm_in(filled.html) == []
    # No mark is left behind; "wpm" alone may be what somebody wrote.
    assert not re.search(r"wpm[0-9a-f]{16}", filled.html + filled.text + filled.subject)
    assert not re.search(r"[\r\n\x00]", filled.subject + filled.preheader)
    (filled.html + filled.text + filled.subject).encode()
    assert "\n\n\n" not in filled.text
    assert not re.search(r"[ \t]+$", filled.text, re.MULTILINE)


def tags_of(filled: FilledEmail) -> list[str]:
    return re.findall(r"<[/a-zA-Z][^\s>]*", filled.html)


VALUES: dict[str, dict[str, Any]] = {}
"""A full value of each block."""


def written_by_hand(kind: str) -> Iterator[str]:
    """The fields of a block into which an editor types."""
    for name, child in email_blocks.get(kind)().child_blocks.items():
        if isinstance(child, blocks.CharBlock | blocks.TextBlock | blocks.URLBlock | blocks.RichTextBlock):
            yield name


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in email_blocks if list(written_by_hand(kind))])
@settings(quickly, max_examples=8)
@given(data=st.data())
def test_any_words_in_any_field_of_a_block(kind: str, data: st.DataObject) -> None:
    value = VALUES.setdefault(kind, sample_of(kind)["value"])
    name = data.draw(st.sampled_from(list(written_by_hand(kind))))
    write((kind, {**value, name: data.draw(WORDS)}))


@pytest.mark.slow
@quickly
@given(words=WORDS)
def test_plain_words_add_no_element(words: str) -> None:
    plain = write(("heading", {"title": "x", "level": "1"}), ("button", {"label": "x", "url": "https://example.org/"}))
    hostile = write(
        ("heading", {"title": words, "level": "1"}), ("button", {"label": words, "url": "https://example.org/"})
    )
    if hostile and words.strip():
        assert plain
        assert tags_of(hostile) == tags_of(plain)


FORMS = [
    '<p onclick="{}">x</p>', '<b onmouseover=alert(1)>x</b>', "<h2 ONFOCUS='{}'>x</h2>", '<a href="{}">x</a>',
    '<a href="https://example.org/" xlink:href="{}">x</a>', '<p style="background:url({})">x</p>', '<img src="{}">',
    '<li style="width:expression(alert(1))">x</li>', "<script>{}</script>", "<svg onload=alert(1)>",
    "<iframe src='{}'>",
    '<!--[if mso]><p onclick="{}">x</p><![endif]-->', "<!--[if mso]><script>x</script><![endif]-->",
    '<a href="&#106;avascript:alert(1)">x</a>', "<form action='{}'>", "<math><mi xlink:href='{}'>x</mi></math>",
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_known_attacks_in_markup(form: str) -> None:
    html = form.format("javascript:alert(1)")
    assert harm_in(html), "or it is no attack"
    write(("rich_text", {"content": html}))
    for mjml in (f"<mj-text>{html}</mj-text>", f"<mj-section><mj-column>{html}</mj-column></mj-section>"):
        write(("raw_mjml", {"mjml": mjml}))


@pytest.mark.slow
@quickly
@given(html=MARKUP)
def test_any_rich_text(html: str) -> None:
    write(("rich_text", {"content": html}))


@pytest.mark.slow
@quickly
@given(mjml=MARKUP)
def test_any_raw_mjml(mjml: str) -> None:
    if write(("raw_mjml", {"mjml": mjml})) is None:
        assert problems_of(mjml) or "{{" in mjml or re.search(r"(?:href|src|background)=", mjml)


@pytest.mark.slow
@quickly
@given(html=MARKUP)
def test_any_raw_mjml_inside_of_a_text(html: str) -> None:
    write(("raw_mjml", {"mjml": f"<mj-text>{html}</mj-text>"}))


@pytest.mark.slow
@quickly
@given(st.fixed_dictionaries(dict.fromkeys(["first_name", "last_name", "city", "email", "country", "locale"], WORDS)))
def test_any_contact(values: dict[str, str]) -> None:
    tag = "{{ contact.first_name | default: 'x' }}"
    contact = contact_values(Contact(**values))
    children: list[tuple[str, Any]] = [
        ("heading", {"title": tag, "level": "1"}),
        ("rich_text", {"content": f'<p>{tag} <a href="https://example.org/?for={{{{ contact.email }}}}">x</a></p>'}),
        ("raw_mjml", {"mjml": f'<mj-image src="https://example.org/x.png" alt="{tag}" />'}),
    ]
    filled = write(*children, values=contact, subject=f"Hi {tag}", preheader=tag)
    plain = write(*children, subject=f"Hi {tag}", preheader=tag)
    assert filled is not None
    assert plain is not None
    assert tags_of(filled) == tags_of(plain)


@pytest.mark.slow
@quickly
@given(words=WORDS, other=WORDS)
def test_any_page_and_product(words: str, other: str) -> None:
    page = StoryPage.objects.first() or default_site().root_page.add_child(instance=StoryPage(title="Ferns"))
    page.title, page.intro, page.seo_title, page.search_description = words, other, words, other
    product = Product.objects.first() or make_product()
    product.name, product.description, product.url, product.image_url = words, other, other, words
    stream = make_body_block().to_python(
        [
            ("page", {"page": page, "layout": "above", "max_length": 100}),
            ("product", {"product": product, "show_price": True, "show_description": True, "layout": "beside"}),
        ]
    )
    finish(stream)


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_known_attacks_as_subject(attack: str) -> None:
    write(("divider", {}), subject=attack, preheader=attack)


MEGABYTE = 1_000_000


HUGE = {
    "letters": ("heading", {"title": "x" * MEGABYTE, "level": "1"}),
    "characters": ("heading", {"title": "字" * MEGABYTE, "level": "1"}),
    "words": ("rich_text", {"content": f"<p>{'word ' * (MEGABYTE // 5)}</p>"}),
    "half a megabyte": ("rich_text", {"content": f"<p>{'wo&rd ' * (MEGABYTE // 12)}</p>"}),
    "elements": ("rich_text", {"content": "<b>" * (MEGABYTE // 3)}),
    "merge tags": ("rich_text", {"content": "{{" * (MEGABYTE // 2)}),
    "raw": ("raw_mjml", {"mjml": f"<mj-text>{'x' * MEGABYTE}</mj-text>"}),
    "raw elements": ("raw_mjml", {"mjml": "<mj-text>" + "<div>" * (MEGABYTE // 5)}),
    "address": ("button", {"label": "x", "url": f"https://example.org/{'x' * MEGABYTE}"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", list(HUGE))
def test_megabyte_in_a_field_is_refused_or_written(case: str) -> None:
    write(HUGE[case])


def test_megabyte_of_a_contact_is_cut() -> None:
    filled = write(
        ("heading", {"title": "{{ contact.first_name | default: 'x' }}", "level": "1"}),
        values={"contact.first_name": "x" * MEGABYTE},
    )
    assert filled is not None
    assert len(filled.html) < 50_000


def test_harm_is_seen() -> None:
    seen = ["onclick=x", "href= JAVA\tscript:x", "<script>"]
    assert harm_in("<p onclick=x><a href=' JAVA\tscript:x'><SCRIPT>") == seen * 2
    assert harm_in("<!--[if mso]><script></script><![endif]-->") == ["<script>"]
