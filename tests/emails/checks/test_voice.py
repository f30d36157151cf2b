"""The tone of the brand: beside the email while it is written, and its words to avoid found at their place."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from tests.emails.checks import button, columns, facts, found, heading, text
from tests.factories.commerce import make_product
from tests.factories.emails import default_site, make_brand, make_email, make_saved_block, raw_block
from wagtail_precise_mail.emails.brand import load_brand
from wagtail_precise_mail.emails.voice import listed, words_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("cheap\nlast  chance\n\n", ("cheap", "last chance")),
        ("cheap, hurry;bargain", ("cheap", "hurry", "bargain")),
        ("最低价、秒杀，手慢无", ("最低价", "秒杀", "手慢无")),
        ("Cheap\ncheap", ("cheap",)),
        (" \n,", ()),
    ],
)
def test_list_is_read_as_people_write_it(written: str, words: tuple[str, ...]) -> None:
    assert listed(written) == words


@pytest.mark.parametrize(
    ("word", "text", "is_there"),
    [
        ("cheap", "CHEAP tea", True),
        ("cheap", "Cheaper tea", False),
        ("cheap", "dirt-cheap!", True),
        ("don't miss", "Don’t  miss\nthis", True),
        ("STRASSE", "In der Straße", True),
        ("günstig", "gu\u0308nstig", True),
        ("billig", "billige Tees", False),
        ("最低价", "全网最低价茶", True),
        ("cheap", "好cheap茶", True),
        ("セール", "春のセール中", True),
        ("할인", "특별할인을", True),
        ("ลดราคา", "วันนี้ลดราคาแล้ว", True),
        ("дешево", "ДЕШЕВО и сердито", True),
        ("дешево", "недешево", False),
        ("рек", "река", False),
        ("c++", "We speak C++.", True),
    ],
)
def test_words_are_found_in_every_script(word: str, text: str, is_there: bool) -> None:
    assert words_in(text, [word]) == ([word] if is_there else [])


@pytest.mark.parametrize("field", ["subject", "preheader"])
def test_word_in_the_inbox_line_is_a_warning_at_its_field(field: str) -> None:
    make_brand(words_to_avoid="cheap")
    (finding,) = found("words_to_avoid", **{field: "Our CHEAP teas"})
    assert (finding.level, finding.field) == ("warning", field)
    assert "“cheap”" in finding.message


def test_word_in_a_fallback_is_found_and_one_in_a_merge_tag_is_none() -> None:
    make_brand(words_to_avoid="darling\ncontact\ndefault")
    assert len(found("words_to_avoid", subject='Hi {{ contact.first_name | default: "darling" }}')) == 1


def test_word_in_the_body_is_a_warning_at_the_block_that_has_it() -> None:
    make_brand(words_to_avoid="cheap")
    plain, inside = text("<p>Not <b>cheap</b></p>"), button(label="Cheap")
    findings = found("words_to_avoid", heading(2), plain, columns([inside]))
    assert [finding.block_id for finding in findings] == [plain["id"], inside["id"]]


def test_word_from_the_site_is_a_warning_at_the_block_that_shows_it() -> None:
    make_brand(words_to_avoid="cheap")
    product = raw_block("product", product=make_product(name="Cheap pot", url="/pot/").pk)
    saved = raw_block("saved_block", saved_block=make_saved_block(text("<p>Cheap.</p>")).pk)
    assert {finding.block_id for finding in found("words_to_avoid", product, saved)} == {product["id"], saved["id"]}


def test_brand_without_words_finds_nothing() -> None:
    assert found("words_to_avoid", subject="Cheap") == []


def test_text_of_the_checks_has_no_numbers_of_links() -> None:
    shown = facts(text('<p>See <a href="https://example.org/a">this</a> and that.</p>'))
    assert shown.text == "See this and that."


class TestPanel:
    @pytest.fixture(autouse=True)
    def _tone(self) -> None:
        make_brand(tone="Warm & plain.\n\nNo <shouting>.", words_to_avoid="cheap\nlast chance")

    @pytest.mark.parametrize("is_new", [True, False])
    def test_tone_stands_beside_the_email(self, client: Client, is_new: bool) -> None:
        client.force_login(User.objects.create_superuser("root"))
        emails = "wagtailsnippets_wagtail_precise_mail_email"
        path = reverse(f"{emails}:add") if is_new else reverse(f"{emails}:edit", args=[make_email().pk])
        page = client.get(path).content.decode()
        assert "<p>Warm &amp; plain.</p>" in page
        assert "No &lt;shouting&gt;." in page
        assert "<li>last chance</li>" in page
        assert "Change in the email brand" in page

    def test_colleague_who_may_not_change_the_brand_reads_it_only(self, client: Client) -> None:
        user = User.objects.create_user("writer")
        user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", "change_email"]))
        client.force_login(user)
        page = client.get(reverse("precise_mail_email_checks", args=[make_email().pk])).content.decode()
        assert "Warm &amp; plain." in page
        assert "Change in the email brand" not in page

    def test_brand_says_it_in_its_form(self, client: Client) -> None:
        client.force_login(User.objects.create_superuser("root"))
        path = reverse("wagtailsettings:edit", args=["wagtail_precise_mail", "brandsettings", default_site().pk])
        page = client.get(path).content.decode()
        assert 'name="tone"' in page
        assert 'name="words_to_avoid"' in page

    def test_readers_see_nothing_of_it(self) -> None:
        assert load_brand(default_site()).words_to_avoid == ("cheap", "last chance")
        filled = facts(button()).filled
        assert filled is not None
        assert "Warm" not in filled.html
