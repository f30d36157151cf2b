"""Raw MJML: who may write it, what may stand in it, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from wagtail.test.utils.form_data import nested_form_data, streamfield

from tests.emails.conftest import fill, soup
from tests.factories.emails import block_form, compiled, make_email, make_saved_block, raw_block
from wagtail_precise_mail.emails.body import make_body_block
from wagtail_precise_mail.emails.markup import problems_of
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.personalize import Personalizer
from wagtail_precise_mail.emails.streams import walk_blocks
from wagtail_precise_mail.exceptions import RenderError

pytestmark = pytest.mark.django_db

SECTION = """<mj-section background-color="#eeeeee">
  <mj-column>
    <mj-text>Hello {{ contact.first_name | default: "friend" }}, <a href="/shop/">shop</a></mj-text>
    <mj-button href="https://example.org/go?for={{ contact.email }}">Go</mj-button>
    <mj-image src="/media/fern.png" alt="A fern" href="/fern/" />
  </mj-column>
</mj-section>"""

WRONG = {
    "unclosed element": ("<mj-text>\n<b>a\n</mj-text>", 2, "<b> is not closed"),
    "unclosed section": ("<mj-section>\n<mj-column></mj-column>", 1, "<mj-section> is not closed"),
    "stray end": ("<mj-text>\na</b></mj-text>", 2, "</b> closes nothing"),
    "unknown element": ("<mj-text>a</mj-text>\n<mj-foo />", 2, "no element <mj-foo>"),
    "include": ("\n<mj-include path='/etc/passwd' />", 2, "no element <mj-include>"),
    "script": ("<mj-text>\n\n<script>alert(1)</script></mj-text>", 3, "<script> cannot stand"),
    "iframe": ("<mj-text><iframe src='https://example.org'></iframe></mj-text>", 1, "<iframe> cannot"),
    "form": ("<mj-text><form></form></mj-text>", 1, "<form> cannot"),
    "handler": ("<mj-text><a href='https://example.org'\nONCLICK='x()'>a</a></mj-text>", 1, "“onclick” cannot"),
    "script address": ("<mj-text><a href='java\tscript:x()'>a</a></mj-text>", 1, "not an address"),
    "data address": ("<mj-image src='data:text/html,x' />", 1, "not an address"),
    "script in styles": (
        "<mj-text><p style='background:url(javascript:x)'>a</p></mj-text>",
        1,
        "cannot stand in the styles",
    ),
    "expression": ("<mj-text><p style='width:expr/**/ession(x)'>a</p></mj-text>", 1, "cannot stand in the styles"),
    "import": ("<mj-style>\n@import url(https://example.org/a.css);</mj-style>", 1, "cannot stand in the styles"),
    "document": ("<mjml><mj-body></mj-body></mjml>", 1, "belongs to a whole document"),
    "wrapper": ("<mj-wrapper></mj-wrapper>", 1, "start with mj-section"),
    "loose text": ("\nhello", 1, "stands outside of any text"),
    "html in a section": ("<mj-section>\n<p>a</p></mj-section>", 2, "cannot stand in <mj-section>"),
    "text in a section": ("<mj-section><mj-text>a</mj-text></mj-section>", 1, "<mj-text> cannot stand in <mj-section>"),
    "both kinds": ("<mj-section></mj-section>\n<mj-text>a</mj-text>", 2, "cannot stand side by side"),
    "merge tag in a color": ("<mj-text color='{{ contact.city | default: \"red\" }}'>a</mj-text>", 1, "not in “color”"),
    "doctype": ("<!doctype html>", 1, "Declarations"),
    "cdata": ("<mj-text><![CDATA[x]]></mj-text>", 1, "CDATA"),
    "processing": ("<?php x ?>", 1, "Processing"),
    "script for Outlook": ("<mj-text>\n<!--[if mso]><script></script><![endif]--></mj-text>", 2, "<script> cannot"),
    "unclosed for Outlook": ("<mj-text>\n<!--[if mso]><table><![endif]--></mj-text>", 2, "<table> is not closed"),
    "depth": ("<mj-text>" + "<div>" * 150 + "</div>" * 150 + "</mj-text>", 1, "nested in each other"),
    "attribute": ("<mj-text><p a\"b='1'>x</p></mj-text>", 1, "no name of an attribute"),
}


@pytest.mark.parametrize("case", list(WRONG))
def test_what_is_wrong_is_an_error_with_its_line(case: str) -> None:
    source, line, words = WRONG[case]
    problem = next(one for one in problems_of(source) if words in one.message)
    assert problem.line == line


@pytest.mark.parametrize("case", list(WRONG))
def test_what_is_wrong_stops_the_form_at_the_field(case: str) -> None:
    block = make_body_block().child_blocks["raw_mjml"]
    with pytest.raises(ValidationError) as caught:
        block.clean(block.to_python({"mjml": WRONG[case][0]}))
    assert "Line " in " ".join(caught.value.block_errors["mjml"].messages)


@pytest.mark.parametrize("case", list(WRONG))
def test_what_is_wrong_stops_the_mail_with_its_block_and_line(case: str) -> None:
    with pytest.raises(RenderError) as caught:
        compiled(make_email(raw_block("divider", style="line"), raw_block("raw_mjml", mjml=WRONG[case][0])))
    assert caught.value.block == "Raw MJML, block 2"
    assert caught.value.line


def test_half_written_mjml_may_be_kept_as_a_draft() -> None:
    block = make_body_block().child_blocks["raw_mjml"]
    block.clean_deferred(block.to_python({"mjml": "<mj-text><b>half"}))


@pytest.mark.parametrize(
    "source",
    [
        SECTION,
        "<mj-text>1 < 2 & a &nbsp; <br> b<br/></mj-text>",
        "<mj-text><!--[if mso]><table><![endif]--><p>x</p><!--[if mso]></table><![endif]--></mj-text>",
        "<mj-text><!--[if !mso]><!--><p>x</p><!--<![endif]--></mj-text>",
        '<mj-style inline="inline">.a { color: red }</mj-style><mj-text css-class="a">x</mj-text>',
        "<mj-section><mj-group><mj-column><mj-spacer height='2px' /></mj-column></mj-group></mj-section>",
        "<mj-section><mj-column><mj-raw><tr><td>x</td></tr></mj-raw></mj-column></mj-section>",
        "",
    ],
)
def test_what_is_right_is_compiled(source: str) -> None:
    assert problems_of(source) == []
    compiled(make_email(raw_block("raw_mjml", mjml=source)))


def test_links_are_absolute_and_counted() -> None:
    links = Personalizer(compiled(make_email(raw_block("raw_mjml", "b1", mjml=SECTION)))).links
    assert [(link.url, link.block_id, link.label) for link in links[1:]] == [
        ("https://shop.example.com/shop/", "b1", "shop"),
        ("https://example.org/go?for=", "b1", "Go"),
        ("https://shop.example.com/fern/", "b1", "A fern"),
    ]


def test_merge_tags_are_filled_and_pictures_are_absolute() -> None:
    html = soup(make_email(raw_block("raw_mjml", mjml=SECTION)), first_name="<Ada>", email="a@b.example")
    assert "Hello <Ada>, shop" in html.get_text()
    assert html.find("img", alt="A fern")["src"] == "https://shop.example.com/media/fern.png"
    assert html.find("a", string=lambda text: text and text.strip() == "Go")["href"] == (
        "https://example.org/go?for=a%40b.example"
    )


def test_wrong_merge_tag_names_the_block() -> None:
    with pytest.raises(RenderError, match=r"Raw MJML, block 1.*fallback"):
        compiled(make_email(raw_block("raw_mjml", mjml="<mj-text>{{ contact.first_name }}</mj-text>")))


def test_text_part_says_the_same() -> None:
    source = f"""{SECTION}
<mj-section><mj-column>
<mj-divider />
<mj-table><tr><th>Tea</th><th style="text-align:right">Price</th></tr>
<tr><td>Green &amp; fresh</td><td align="right">£9</td></tr></mj-table>
<mj-text><h2>More</h2><ul><li>one</li><li>two</li></ul><!-- nothing --></mj-text>
<mj-social><mj-social-element name="x-noshare" href="https://example.org/f">Follow us</mj-social-element></mj-social>
</mj-column></mj-section>"""
    text = fill(make_email(raw_block("raw_mjml", mjml=source)), first_name="Ada", email="a@b.example").text
    assert (
        text.split("-" * 40)[0]
        == """\
Hello Ada, shop [1]

[1] https://shop.example.com/shop/

→ Go
https://example.org/go?for=a%40b.example

[A fern]
https://shop.example.com/fern/

* * *

Tea            Price
Green & fresh     £9

More
----

- one
- two

Follow us
https://example.org/f

"""
    )


def test_button_for_outlook_is_counted_like_the_other() -> None:
    drawing = '<!--[if mso]><v:roundrect href="/go/" stroke="f"></v:roundrect><![endif]-->'
    button = f'<mj-text>{drawing}<a href="/go/">Go</a></mj-text>'
    email = make_email(raw_block("raw_mjml", mjml=button))
    assert [link.url for link in Personalizer(compiled(email)).links[1:]] == ["https://shop.example.com/go/"]
    assert '<v:roundrect href="https://shop.example.com/go/"' in fill(email).html


def test_share_button_shares_the_address_and_not_its_counter() -> None:
    element = '<mj-social-element name="facebook" href="https://example.org/a?b=1">F</mj-social-element>'
    html = fill(make_email(raw_block("raw_mjml", mjml=f"<mj-social>{element}</mj-social>"))).html
    links = {str(link["href"]) for link in BeautifulSoup(html, "html.parser").find_all("a")}
    assert "https://www.facebook.com/sharer/sharer.php?u=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1" in links


def test_navigation_joins_its_base_to_the_addresses() -> None:
    navbar = '<mj-navbar base-url="https://example.org"><mj-navbar-link href="/teas/">Teas</mj-navbar-link></mj-navbar>'
    assert "https://example.org/teas/" in fill(make_email(raw_block("raw_mjml", mjml=navbar))).html


def test_inlined_style_of_a_raw_block_reaches_it() -> None:
    source = '<mj-style inline="inline">.loud { color: #b00020 }</mj-style><mj-text><p class="loud">x</p></mj-text>'
    paragraph = soup(make_email(raw_block("raw_mjml", mjml=source))).find("p", class_="loud")
    assert isinstance(paragraph, Tag)
    assert "#b00020" in str(paragraph["style"])


def test_sections_do_not_fit_in_a_column() -> None:
    column = {"content": [raw_block("raw_mjml", mjml=SECTION)]}
    with pytest.raises(RenderError, match="do not fit into a column"):
        compiled(make_email(raw_block("columns", columns=[column])))


def test_contents_fit_in_a_column() -> None:
    column = {"content": [raw_block("raw_mjml", mjml="<mj-text>in a column</mj-text>")]}
    assert "in a column" in fill(make_email(raw_block("columns", columns=[column]))).html


# Who may write it.

PLAIN = "<mj-text>allowed</mj-text>"


@pytest.fixture
def editor() -> User:
    """May do everything with emails and saved blocks, but not write raw MJML."""
    user = User.objects.create_user("editor", password="x")
    names = [f"{verb}_{model}" for verb in ("add", "change", "delete", "publish") for model in ("email", "savedblock")]
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", *names]))
    return user


@pytest.fixture
def browser(editor: User) -> Client:
    client = Client()
    client.force_login(editor)
    return client


def posted(body: list[dict[str, Any]], **overrides: Any) -> dict[str, Any]:
    children = []
    for child in body:
        value = block_form(**child["value"])
        children.append((child["type"], value))
    data = nested_form_data({"body": streamfield(children)})
    for number, child in enumerate(body):
        data[f"body-{number}-id"] = child["id"]
    return {"name": "News", "subject": "", "preheader": "", "sample_contact": "", **data, **overrides}


def save(browser: Client, email: Email, *body: dict[str, Any], **overrides: Any) -> Email:
    url = reverse("wagtailsnippets_wagtail_precise_mail_email:edit", args=[email.pk])
    browser.post(url, posted(list(body), **overrides))
    email.refresh_from_db()
    return email.get_latest_revision_as_object() if email.latest_revision else email


def raw_sources(email: Any) -> list[str]:
    return [child.value["mjml"] for child in email.body if child.block_type == "raw_mjml"]


def test_person_without_the_permission_cannot_add_raw_mjml(browser: Client) -> None:
    email = make_email(raw_block("divider"))
    assert raw_sources(save(browser, email, raw_block("raw_mjml", mjml=PLAIN))) == []


def test_person_without_the_permission_cannot_change_raw_mjml(browser: Client) -> None:
    block = raw_block("raw_mjml", mjml=PLAIN)
    email = make_email(block)
    changed = {**block, "value": {"mjml": "<mj-text>other</mj-text>"}}
    assert raw_sources(save(browser, email, changed)) == [PLAIN]


def test_person_without_the_permission_keeps_moves_and_deletes_raw_mjml(browser: Client) -> None:
    first, second = raw_block("raw_mjml", mjml=PLAIN), raw_block("raw_mjml", mjml="<mj-text>second</mj-text>")
    email = make_email(first, second)
    assert raw_sources(save(browser, email, second, first, name="Moved")) == ["<mj-text>second</mj-text>", PLAIN]
    assert raw_sources(save(browser, email, second, name="Deleted")) == ["<mj-text>second</mj-text>"]


def test_person_without_the_permission_may_bring_back_an_earlier_version(browser: Client) -> None:
    block = raw_block("raw_mjml", mjml=PLAIN)
    email = make_email(block)
    email.save_revision()
    email.body = [raw_block("divider")]
    email.save_revision().publish()
    assert raw_sources(save(browser, email, block)) == [PLAIN]


def test_person_without_the_permission_may_copy_an_email_with_raw_mjml(browser: Client) -> None:
    block = raw_block("raw_mjml", mjml=PLAIN)
    make_email(block)
    browser.post(reverse("wagtailsnippets_wagtail_precise_mail_email:add"), posted([block], name="Copy"))
    assert raw_sources(Email.objects.get(name="Copy").get_latest_revision_as_object()) == [PLAIN]


def test_copied_block_cannot_be_changed_on_the_way(browser: Client) -> None:
    block = raw_block("raw_mjml", mjml=PLAIN)
    make_email(block)
    changed = {**block, "value": {"mjml": "<mj-text>other</mj-text>"}}
    browser.post(reverse("wagtailsnippets_wagtail_precise_mail_email:add"), posted([changed], name="Copy"))
    assert not Email.objects.filter(name="Copy").exists()


def in_column(source: str) -> Any:
    """A columns block that holds one raw block, as its form posts it."""
    raw = ("raw_mjml", block_form(mjml=source))
    column = {"content": streamfield([raw]), "audience": block_form()["audience"]}
    return {"columns": streamfield([("item", column)]), "vertical_align": "top", "on_phones": "below"}


def test_raw_mjml_in_a_column_is_guarded_too(browser: Client, editor: User) -> None:
    email = make_email(raw_block("divider"))
    block = raw_block("columns", **in_column(PLAIN))
    assert [child.block_type for child in save(browser, email, block).body] == ["divider"]
    editor.user_permissions.add(Permission.objects.get(codename="use_raw_mjml"))
    assert [child.block_type for child in save(browser, email, block).body] == ["columns"]


def test_line_breaks_of_a_browser_are_no_change(browser: Client) -> None:
    block = raw_block("raw_mjml", mjml="<mj-text>\na\n</mj-text>")
    email = make_email(block)
    posted_block = {**block, "value": {"mjml": "<mj-text>\r\na\r\n</mj-text>"}}
    assert save(browser, email, posted_block, name="Renamed").name == "Renamed"


def test_person_with_the_permission_may_write_it(browser: Client, editor: User) -> None:
    editor.user_permissions.add(Permission.objects.get(codename="use_raw_mjml"))
    email = make_email(raw_block("divider"))
    assert raw_sources(save(browser, email, raw_block("raw_mjml", mjml=PLAIN))) == [PLAIN]


def test_saved_blocks_are_guarded_too(browser: Client) -> None:
    saved = make_saved_block(raw_block("divider"))
    url = reverse("wagtailsnippets_wagtail_precise_mail_savedblock:edit", args=[saved.pk])
    browser.post(url, posted([raw_block("raw_mjml", mjml=PLAIN)]))
    saved.refresh_from_db()
    assert raw_sources(saved.get_latest_revision_as_object() if saved.latest_revision else saved) == []


def test_preview_of_a_person_without_the_permission_takes_no_raw_mjml(browser: Client) -> None:
    email = make_email(raw_block("divider"))
    url = reverse("wagtailsnippets_wagtail_precise_mail_email:preview_on_edit", args=[email.pk])
    response = browser.post(url, posted([raw_block("raw_mjml", mjml=PLAIN)]))
    assert response.json()["is_valid"] is False


def test_form_of_a_person_without_the_permission_is_read_only(browser: Client) -> None:
    email = make_email(raw_block("raw_mjml", mjml=PLAIN))
    response = browser.get(reverse("wagtailsnippets_wagtail_precise_mail_email:edit", args=[email.pk]))
    assert "You may move or delete this block." in response.content.decode()
    streams = [one for one in walk_blocks(response.context["form"].fields["body"].block) if hasattr(one, "hidden")]
    assert len(streams) > 1
    assert all("raw_mjml" in stream.hidden for stream in streams)


def test_form_of_a_person_with_the_permission_is_not(browser: Client, editor: User) -> None:
    editor.user_permissions.add(Permission.objects.get(codename="use_raw_mjml"))
    email = make_email(raw_block("raw_mjml", mjml=PLAIN))
    response = browser.get(reverse("wagtailsnippets_wagtail_precise_mail_email:edit", args=[email.pk]))
    assert "You may move or delete this block." not in response.content.decode()
    assert "raw_mjml" not in response.context["form"].fields["body"].block.hidden


def test_permission_can_be_given_to_a_group(admin_client: Client) -> None:
    page = admin_client.get(reverse("wagtailusers_groups:add")).content.decode()
    permission = Permission.objects.get(codename="use_raw_mjml")
    assert f'value="{permission.pk}"' in page
