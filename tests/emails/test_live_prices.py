"""Prices that are drawn when a mail is opened: signed, cached, and those of the moment."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from PIL import Image

from tests.emails.conftest import fill, soup, text_of
from tests.factories.commerce import make_product
from tests.factories.emails import COMPILED_AT, compiled, default_site, make_email, raw_block
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.emails.blocks.live import LivePriceBlock
from wagtail_precise_mail.emails.brand import Brand
from wagtail_precise_mail.emails.composition import compose
from wagtail_precise_mail.emails.live.drawing import DENSITY, height_of
from wagtail_precise_mail.emails.live.lettering import can_write, load_font, shortened
from wagtail_precise_mail.emails.live.tokens import LivePrice, make_live_token, read_live_token
from wagtail_precise_mail.emails.live.words import live_words
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.exceptions import ConfigurationError, InvalidToken
from wagtail_precise_mail.signing import sign

pytestmark = pytest.mark.django_db


def picture_of(product_id: int, **overrides: Any) -> LivePrice:
    return LivePrice.of(product_id, Brand(), **{"language": "en", "width": 520, **overrides})


def get(client: Client, product_id: int, headers: dict[str, str] | None = None, **overrides: Any) -> Any:
    return client.get(path_of(product_id, **overrides), headers=headers)


def path_of(product_id: int, **overrides: Any) -> str:
    return f"/mail/p/{make_live_token(picture_of(product_id, **overrides))}.png"


def image_of(response: Any) -> Image.Image:
    return Image.open(BytesIO(response.content))


def warnings_of(email: Email) -> list[str]:
    source = compose(email, site=default_site(), base_url="https://x.example", at=COMPILED_AT)
    return [message for *_place, message in source.context.shared.warnings]


def make_mail(product: Product) -> Email:
    return make_email(raw_block("live_price", product=product.pk))


def src_of(email: Email) -> str:
    return next(str(tag["src"]) for tag in soup(email).find_all("img") if "/p/" in str(tag["src"]))


def test_picture_in_a_mail_changes_when_the_price_does(client: Client) -> None:
    product = make_product(name="Teapot", price=Decimal("12.00"))
    path = "/" + src_of(make_mail(product)).split("/", 3)[3]
    sent = client.get(path)
    Product.objects.filter(pk=product.pk).update(price=Decimal("9.00"))
    opened = client.get(path)
    assert sent.status_code == opened.status_code == 200
    assert sent.content != opened.content
    assert sent["ETag"] != opened["ETag"]


@pytest.mark.parametrize(
    "change",
    [
        {"stock_count": 0},
        {"stock_count": 2},
        {"compare_at_price": Decimal("20")},
        {"name": "Mug"},
        {"is_published": False},
    ],
    ids=lambda change: next(iter(change)),
)
def test_picture_says_what_is_so_when_the_mail_is_opened(client: Client, change: dict[str, Any]) -> None:
    product = make_product(name="Teapot", price=Decimal("12.00"), stock_count=100)
    before = get(client, product.pk).content
    Product.objects.filter(pk=product.pk).update(**change)
    assert get(client, product.pk).content != before


def test_sold_out_is_said_in_place_of_the_price() -> None:
    words = live_words(make_product(name="Teapot", stock_count=0, compare_at_price=Decimal("20")), "en")
    assert (words.price, words.old_price, words.stock) == ("Sold out", "", "")


def test_those_who_see_no_pictures_read_the_price_of_the_sending() -> None:
    email = make_mail(make_product(name="Teapot", price=Decimal("12.00"), url="https://shop.example.com/teapot"))
    image = soup(email).find("img", src=src_of(email))
    assert image is not None
    assert image["alt"] == "Teapot: £12.00 when this mail was sent"
    assert text_of(email) == "Teapot: £12.00 when this mail was sent\nhttps://shop.example.com/teapot"
    assert image.find_parent("a", href="https://shop.example.com/teapot") is not None


def test_address_is_the_same_for_every_reader() -> None:
    email = make_mail(make_product(name="Teapot"))
    compiled_once = compiled(email).payload
    assert fill(email, first_name="Ada").html.count("/p/") == 1
    assert src_of(email) in str(compiled_once)


def test_file_has_two_pixels_for_one(client: Client) -> None:
    product = make_product()
    for width in (520, 240):
        assert image_of(get(client, product.pk, width=width)).size == (width * DENSITY, height_of(width) * DENSITY)


def test_ground_and_price_have_the_colors_of_the_brand(client: Client) -> None:
    picture = picture_of(make_product().pk)
    image = image_of(client.get(f"/mail/p/{make_live_token(picture)}.png")).convert("RGB")
    colors = {f"#{bytes(color[:3]).hex()}" for _count, color in image.getcolors(100_000) or []}
    assert {picture.ground, picture.accent} <= colors


def test_same_facts_are_drawn_once(client: Client) -> None:
    product = make_product()
    first = get(client, product.pk)
    key = f"wpm-live-price-{first['ETag'][1:-1]}"
    assert cache.get(key) == first.content
    cache.set(key, b"kept")
    assert get(client, product.pk).content == b"kept"


def test_proxies_may_keep_it_for_a_minute_and_ask_again_with_its_tag(client: Client) -> None:
    product = make_product()
    first = get(client, product.pk)
    assert first["Cache-Control"] == "public, max-age=60"
    again = get(client, product.pk, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Product.objects.filter(pk=product.pk).update(price=1)
    assert get(client, product.pk, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_opening_costs_one_read_and_writes_nothing(client: Client, django_assert_num_queries: Any) -> None:
    product = make_product()
    with django_assert_num_queries(1) as asked:
        get(client, product.pk)
    assert asked.captured_queries[0]["sql"].startswith("SELECT")


def test_product_that_is_gone_leaves_an_empty_picture(client: Client) -> None:
    response = get(client, 123456)
    assert response.status_code == 200
    assert image_of(response).convert("RGBA").getextrema()[3] == (0, 0)


def test_changed_address_is_refused(client: Client) -> None:
    token = make_live_token(picture_of(1))
    changed = ("B" if token[5] != "B" else "C").join([token[:5], token[6:]])
    assert client.get(f"/mail/p/{changed}.png").status_code == 400
    assert client.get("/mail/p/x.png").status_code == 400


@pytest.mark.parametrize("payload", [b"", b"short", bytes(40), bytes(23) + "中".encode()])
def test_signed_nonsense_is_refused(payload: bytes) -> None:
    with pytest.raises(InvalidToken):
        read_live_token(sign("live_price", payload))


def test_pictures_of_old_mails_live_through_a_new_key(client: Client) -> None:
    product = make_product()
    with override_settings(SECRET_KEY="old" * 20, SECRET_KEY_FALLBACKS=[]):
        path = path_of(product.pk)
    with override_settings(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=["old" * 20]):
        assert client.get(path).status_code == 200
    with override_settings(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=[]):
        assert client.get(path).status_code == 400


def test_nobody_posts_to_a_picture(client: Client) -> None:
    assert client.post(path_of(make_product().pk)).status_code == 405


def test_what_the_font_lacks_is_written_with_what_it_has() -> None:
    product = make_product(name="茶壶", price=Decimal("12.50"), currency="EUR", stock_count=3)
    words = live_words(product, "zh-hans")
    assert words.name == ""
    assert words.price in ("12.50 EUR", "€12.50")
    assert words.stock == "Only 3 left"
    assert all(can_write(text) for text in (words.price, words.stock))


def test_numbers_follow_the_language() -> None:
    product = make_product(name="Kanne", price=Decimal("1200.5"), currency="EUR")
    assert live_words(product, "de").price in ("1.200,50 EUR", "1.200,50 €")


def test_editor_is_told_what_the_picture_cannot_say() -> None:
    assert warnings_of(make_mail(make_product(name="茶壶", stock_count=0))) == [
        "“茶壶” is sold out: the picture will say so.",
        "The font of live pictures cannot write “茶壶”: its name is left out.",
    ]


def test_long_name_ends_where_the_room_does() -> None:
    font = load_font(32)
    cut = shortened("A teapot " * 40, font, 400)
    assert cut.endswith("…")
    assert font.getlength(cut) <= 400
    assert shortened("Teapot", font, 1) == ""


def test_font_that_is_none_is_named(settings: Any, tmp_path: Any) -> None:
    file = tmp_path / "none.ttf"
    file.write_text("no font")
    settings.WAGTAIL_PRECISE_MAIL = {"live_font": str(file)}
    with pytest.raises(ConfigurationError, match="live_font"):
        load_font(20)


def test_block_without_a_product_says_so() -> None:
    block = LivePriceBlock()
    assert "product" in block.child_blocks
    with pytest.raises(Exception, match="Choose a product"):
        compiled(make_email(raw_block("live_price", product=None)))
