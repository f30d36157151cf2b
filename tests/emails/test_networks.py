"""Social links, and ways to pass an email on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.staticfiles import finders
from django.core.exceptions import ValidationError

from tests.emails.conftest import body_of, soup, text_of
from tests.factories.emails import compiled, make_brand, make_email, raw_block
from wagtail_precise_mail.delivery import sharing
from wagtail_precise_mail.emails.blocks import links
from wagtail_precise_mail.emails.body import make_body_block
from wagtail_precise_mail.emails.editions import Edition
from wagtail_precise_mail.emails.link_blocks import NETWORKS
from wagtail_precise_mail.emails.networks import SHAREABLE
from wagtail_precise_mail.emails.personal_links import LinkPurpose, personal_links
from wagtail_precise_mail.emails.personalize import Personalizer
from wagtail_precise_mail.exceptions import RenderError
from wagtail_precise_mail.registry import Registry

pytestmark = pytest.mark.django_db

ACCOUNTS = [
    {"network": "instagram", "url": "https://instagram.com/fern"},
    {"network": "weibo", "url": "https://weibo.com/fern"},
]


@pytest.fixture
def _makers() -> Iterator[None]:
    with (
        personal_links.temporarily("share", address_of),
        personal_links.temporarily("forward", address_of),
        personal_links.temporarily("web_version", address_of),
    ):
        yield


def address_of(purpose: LinkPurpose) -> str:
    return f"/m/{purpose.argument}"


@pytest.mark.parametrize("network", list(NETWORKS))
@pytest.mark.parametrize("ink", ["light", "dark"])
def test_every_network_has_an_icon_of_ours(network: str, ink: str) -> None:
    assert finders.find(f"wagtail_precise_mail/emails/networks/{network}-{ink}.png")


def test_icons_come_from_this_site_in_the_ink_that_the_brand_needs() -> None:
    make_brand(primary_color="#ffee00")
    panel = body_of(soup(make_email(raw_block("social", accounts=ACCOUNTS))))
    sources = [str(image["src"]) for image in panel.find_all("img")]
    assert sources[0] == "https://shop.example.com/static/wagtail_precise_mail/emails/networks/instagram-dark.png"
    assert [image["alt"] for image in panel.find_all("img")] == ["Instagram", "Weibo"]


def test_accounts_are_words_where_wanted_and_lines_in_the_text_part() -> None:
    email = make_email(raw_block("social", words="Find us:", accounts=ACCOUNTS, style="words"))
    assert not body_of(soup(email)).find_all("img")
    assert text_of(email) == "Find us:\nInstagram: https://instagram.com/fern\nWeibo: https://weibo.com/fern"


def test_social_links_without_an_account_are_an_error() -> None:
    with pytest.raises(RenderError, match="Add an account"):
        compiled(make_email(raw_block("social", accounts=[])))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "/fern", "instagram"])
def test_editor_is_told_of_an_account_without_an_address(url: str) -> None:
    block = make_body_block().child_blocks["social"]
    with pytest.raises(ValidationError):
        block.clean(block.to_python({"accounts": [{"network": "x", "url": url}]}))


@pytest.mark.usefixtures("_makers")
def test_sharing_leads_to_signed_addresses_of_ours() -> None:
    email = make_email(
        raw_block("share", block_id="b1", networks=["facebook", "x"], show_web_version=True), shows_web_link=False
    )
    seen: list[tuple[str, str, str]] = []

    def sign(name: str, block_id: str, argument: str) -> str:
        seen.append((name, block_id, argument))
        return f"https://shop.example.com/m/{name}/{argument}"

    filled = Personalizer(compiled(email)).fill(
        {}, rewrite_link=lambda link: link.url, system={"unsubscribe_url": "https://x/"}, personal_link=sign
    )
    assert {one for one in seen if one[1] == "b1"} == {
        ("share", "b1", "facebook"),
        ("share", "b1", "x"),
        ("forward", "b1", ""),
        ("web_version", "b1", ""),
    }
    assert "Share on Facebook: https://shop.example.com/m/share/facebook" in filled.text
    assert "Forward to a friend: https://shop.example.com/m/forward/" in filled.text
    assert 'href="https://shop.example.com/m/share/x"' in filled.html


@pytest.mark.usefixtures("_makers")
def test_sharing_nothing_says_nothing() -> None:
    email = make_email(raw_block("share", words="Tell others", show_forward=False), raw_block("divider", style="line"))
    assert text_of(email) == "* * *"


def test_site_without_the_pages_for_it_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "personal_links", Registry("personal link"))
    with pytest.raises(RenderError, match="forward"):
        compiled(make_email(raw_block("share")))


@pytest.mark.usefixtures("_makers")
def test_copies_for_others_cannot_be_passed_on() -> None:
    email = make_email(raw_block("share", words="Tell others"), raw_block("heading", title="Below", level="2"))
    filled = Personalizer(compiled(email), edition=Edition.SHARED).fill(
        {}, rewrite_link=lambda link: link.url, system={"unsubscribe_url": "https://x/"}
    )
    assert "Tell others" not in filled.html + filled.text
    assert "Below" in filled.html


def test_what_can_be_shared_on_is_what_delivery_knows_the_way_to() -> None:
    assert set(SHAREABLE) == set(sharing.NETWORKS)
