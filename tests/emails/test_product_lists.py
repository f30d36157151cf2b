"""Lists of products: what each reader gets, how it looks, and what it costs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.emails.lists import body, fill, load, read, text_of, titles
from tests.emails.test_varied import is_whole
from tests.factories.commerce import make_category, make_order, make_product
from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.emails import compiled, default_site, make_email, make_image, raw_block
from wagtail_precise_mail.commerce.models import Category, Product, ProductPair
from wagtail_precise_mail.commerce.viewed import keep_view
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.services import suppress
from wagtail_precise_mail.emails.blocks.product_lists import ProductListBlock
from wagtail_precise_mail.emails.checks import check_email
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.preview import picker_preview
from wagtail_precise_mail.emails.readers import item_sources

pytestmark = pytest.mark.django_db

PICTURE = "https://cdn.example.com/tea.jpg"


def product(name: str, **overrides: Any) -> Product:
    return make_product(**{"name": name, "url": f"/shop/{name.lower()}/", "image_url": PICTURE, **overrides})


def list_block(selection: str = "newest", **overrides: Any) -> dict[str, Any]:
    value = {"selection": selection, "count": 4, "layout": "above", "columns": "2", "show_price": True}
    return raw_block("product_list", **{**value, **overrides})


def bought(contact: Contact, *products: Product, days_ago: int = 5) -> None:
    make_order(contact, [(one, 1, 8) for one in products], timezone.now() - timedelta(days=days_ago))


def email_of(*blocks: dict[str, Any]) -> Email:
    return make_email(*blocks)


def test_reader_gets_the_newest_products_with_price_and_link() -> None:
    product("Assam", price=Decimal("9.8"))
    product("Mug", price=Decimal("1234.5"))
    filled = read(email_of(list_block(heading='New, {{ contact.first_name | default: "you" }}')), make_contact())
    assert titles(filled) == ["Mug", "Assam"]
    assert "£1,234.50" in filled.html
    links = [tag["href"] for tag in body(filled).select("h3 a")]
    assert links == ["https://shop.example.com/shop/mug/", "https://shop.example.com/shop/assam/"]
    assert is_whole(filled.html)
    assert text_of(filled) == (
        "New, you\n-------------\n\n"
        "Mug, £1,234.50\nhttps://shop.example.com/shop/mug/\n\n"
        "Assam, £9.80\nhttps://shop.example.com/shop/assam/"
    )


def test_offer_shows_the_price_before_the_discount_the_stars_and_the_last_pieces() -> None:
    product(
        "Pot",
        price=Decimal(30),
        compare_at_price=Decimal(40),
        rating=Decimal("4.25"),
        rating_count=1280,
        stock_count=3,
    )
    product("Mug", price=Decimal(9))
    block = list_block("newest", show_rating=True, show_stock=True)
    filled = read(email_of(block), make_contact())
    struck = body(filled).find_all("s")
    assert [tag.get_text() for tag in struck] == ["£40.00"]
    words = body(filled).get_text(" ")
    for fact in ("£30.00", "-25%", "★★★★☆", "4.2 of 5 (1,280)", "Only 3 left"):
        assert words.count(fact) == 1
    assert "Pot, £30.00 (before £40.00, -25%)\n4.2 of 5 (1,280)\nOnly 3 left\n" in filled.text


@pytest.mark.parametrize("layout", ["above", "beside", "compact"])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("look", [{}, {"background": "tint", "padding": "large", "align": "center"}])
def test_every_layout_shows_every_item_and_stays_whole(layout: str, count: int, look: dict[str, Any]) -> None:
    names = [f"Tea {number}" for number in range(count)]
    for name in reversed(names):
        product(name)
    filled = read(email_of(list_block(layout=layout, columns="3", count=12, **look)), make_contact())
    pictures = [tag for tag in body(filled).find_all("img") if tag["src"] == PICTURE]
    assert [tag["alt"] for tag in pictures] == names
    assert is_whole(filled.html)


def test_list_fits_in_a_column() -> None:
    for name in ("Assam", "Earl"):
        product(name)
    columns = [{"content": [list_block(layout=layout, heading="Teas")]} for layout in ("above", "compact")]
    filled = read(email_of(raw_block("columns", columns=columns)), make_contact())
    # The second list shows nothing that the first one does.
    assert filled.text.count("Teas\n----") == 1
    assert titles(filled) == ["Earl", "Assam"]
    assert is_whole(filled.html)


def test_what_a_reader_has_is_not_shown_to_them() -> None:
    pot, tea = product("Pot"), product("Tea", is_replenishable=True)
    owner, newcomer = make_contact(), make_contact()
    bought(owner, pot, tea)
    email = email_of(list_block())
    assert titles(read(email, owner)) == ["Tea"]
    assert titles(read(email, newcomer)) == ["Tea", "Pot"]


def test_list_finds_others_for_those_who_have_the_first_ones() -> None:
    products = [product(f"Tea {number}") for number in range(6)]
    owner = make_contact()
    bought(owner, *products[2:])
    assert titles(read(email_of(list_block(count=2)), owner)) == ["Tea 1", "Tea 0"]


@pytest.mark.parametrize("selection", ["related", "bought_together", "favorites", "buy_again"])
def test_contact_who_refuses_profiling_gets_best_sellers(selection: str) -> None:
    best, own, pair = product("Best"), product("Own", is_replenishable=True), product("Pair")
    bought(make_contact(), best, best)
    contact = make_contact(is_profiling_allowed=False)
    bought(contact, own, days_ago=60)
    ProductPair.objects.create(product=own, companion=pair, is_manual=True)
    email = email_of(list_block(selection, show_reason=True))
    assert titles(read(email, contact)) == ["Best", "Own"]
    assert "Because" not in read(email, contact).html


def test_contact_whose_clicks_are_not_counted_gets_their_own_list_all_the_same() -> None:
    own, pair = product("Own"), product("Pair")
    contact = make_contact(is_tracking_allowed=False)
    bought(contact, own, days_ago=60)
    ProductPair.objects.create(product=own, companion=pair, is_manual=True)
    assert titles(read(email_of(list_block("bought_together")), contact)) == ["Pair"]


def test_personal_list_says_why() -> None:
    pot, tea = product("Pot <b>"), product("Tea")
    ProductPair.objects.create(product=pot, companion=tea, is_manual=True)
    contact = make_contact()
    bought(contact, pot)
    filled = read(email_of(list_block("bought_together", show_reason=True)), contact)
    assert titles(filled) == ["Tea"]
    assert "Because you bought Pot &lt;b&gt;" in filled.html
    assert "Because you bought Pot <b>" in filled.text


def test_list_that_is_too_short_is_filled_up() -> None:
    pot, tea = product("Pot"), product("Tea")
    product("Mug")
    ProductPair.objects.create(product=pot, companion=tea, is_manual=True)
    contact = make_contact()
    bought(contact, pot)
    assert titles(read(email_of(list_block("bought_together", fallback="newest")), contact)) == ["Tea", "Mug"]


def test_list_without_products_disappears_with_its_heading() -> None:
    filled = read(email_of(list_block("on_offer", heading="Offers"), raw_block("heading", title="Bye")), make_contact())
    assert "Offers" not in filled.html + filled.text
    assert text_of(filled) == "Bye\n---"


def test_list_without_products_shows_the_words_for_that() -> None:
    block = list_block("on_offer", heading="Offers", fallback="words", empty_words="Nothing is reduced & all is dear.")
    filled = read(email_of(block), make_contact())
    assert "Nothing is reduced &amp; all is dear." in filled.html
    assert text_of(filled) == "Nothing is reduced & all is dear."
    product("Pot", price=Decimal(1), compare_at_price=Decimal(2))
    assert "dear" not in read(email_of(block), make_contact()).html


def test_slot_in_a_mail_for_all_is_empty_for_those_without_a_consent() -> None:
    product("Mug")
    topic = make_topic()
    consenting, silent, left = (make_contact() for _number in range(3))
    for contact in (consenting, left):
        grant(contact, topic)
    suppress(left.email, reason="unsubscribed")
    email = email_of(
        raw_block("heading", title="Your order"), list_block(is_slot_for_consenting=True, fallback="newest")
    )
    assert titles(read(email, consenting)) == ["Mug"]
    for contact in (silent, left):
        filled = read(email, contact)
        assert titles(filled) == []
        assert "Your order" in filled.html


def test_price_and_stock_are_those_of_the_moment_of_sending() -> None:
    pot, mug = product("Pot", price=Decimal(30)), product("Mug", price=Decimal(9))
    email, contact = email_of(list_block()), make_contact()
    scheduled = compiled(email)
    Product.objects.filter(pk=pot.pk).update(price=Decimal("24.5"))
    Product.objects.filter(pk=mug.pk).update(stock_count=0)
    filled = fill(email, load(email, contact)[contact.pk])
    assert compiled(email) == scheduled
    assert titles(filled) == ["Pot"]
    assert "£24.50" in filled.html


def test_what_a_contact_buys_before_the_sending_changes_their_list() -> None:
    teas, pots = make_category(name="Teas"), make_category(name="Pots")
    tea, pot = product("Tea", category=teas), product("Pot", category=pots)
    product("Earl", category=teas)
    product("Kettle", category=pots)
    contact, email = make_contact(), email_of(list_block("related"))
    bought(contact, tea, days_ago=9)
    compiled(email)
    assert titles(read(email, contact)) == ["Earl"]
    bought(contact, pot, days_ago=1)
    assert titles(read(email, contact)) == ["Kettle"]


def test_product_in_a_card_of_the_same_email_is_not_repeated() -> None:
    pot, _mug = product("Pot"), product("Mug")
    card = raw_block("product", product=pot.pk, layout="above", show_price=True)
    assert titles(read(email_of(card, list_block()), make_contact())) == ["Pot", "Mug"]


def test_deleted_category_and_deleted_picks_leave_an_empty_list_and_a_warning() -> None:
    pot, category = product("Pot"), make_category()
    email = email_of(list_block("picked", products=[pot.pk]), list_block("category", category=category.pk))
    Product.objects.all().delete()
    Category.objects.all().delete()
    email = Email.objects.get(pk=email.pk)
    assert titles(read(email, make_contact())) == []
    messages = [finding.message for finding in check_email(email, default_site())]
    assert sum("were deleted" in message or "was deleted" in message for message in messages) == 2


HOSTILE = '"><script>x</script>{{ contact.email }} \u202egnp\r\nBcc: x@y.z'


@pytest.mark.parametrize("layout", ["above", "beside", "compact"])
def test_hostile_product_stays_text(layout: str) -> None:
    bad = make_product(
        name=HOSTILE,
        brand_name=HOSTILE[:100],
        url="javascript:alert(1)",
        image_url='https://x.example/a.jpg"><script>',
        description=HOSTILE * 50,
        stock_count=2,
    )
    block = list_block(layout=layout, show_description=True, show_stock=True, link_label="Look")
    filled = read(email_of(block, raw_block("product", product=bad.pk, layout=layout)), make_contact())
    soup = body(filled)
    assert not soup.find_all("script")
    assert "javascript" not in filled.html
    assert "\u202e" not in filled.html + filled.text
    assert "\nBcc" not in filled.text
    assert "contact-" not in text_of(filled)
    assert is_whole(filled.html)


def test_two_or_a_thousand_readers_cost_the_same_queries() -> None:
    teas = make_category(name="Teas")
    image = make_image()
    products = [product(f"Tea {number}", category=teas, image=image) for number in range(12)]
    ProductPair.objects.create(product=products[0], companion=products[5], is_manual=True)
    contacts = Contact.objects.bulk_create(
        [Contact(email=f"c{number}@example.com", address_hash=f"{number:064d}") for number in range(1000)]
    )
    for number, contact in enumerate(contacts[:60]):
        bought(contact, products[number % 4])
    blocks = [
        list_block("bought_together", fallback="newest", show_reason=True, skip_sent_days=30),
        list_block("related", fallback="best_selling", is_slot_for_consenting=True),
        list_block("favorites", fallback="on_offer"),
        list_block("category", category=teas.pk),
        list_block("new_in_categories", min_margin=10, fallback="newest"),
    ]
    email = email_of(*blocks)
    load(email, *contacts[:2])  # makes the files of the pictures

    def queries(some: list[Contact]) -> int:
        with CaptureQueriesContext(connection) as captured:
            readers = load(email, *some)
        assert sum(len(reader.lists["list0"]) for reader in readers.values()) == 4 * len(some)
        return len(captured)

    assert queries(contacts[:2]) == queries(contacts)


def test_only_readers_who_buy_from_a_category_hear_what_is_new_in_it() -> None:
    teas = make_category(name="Teas")
    old = product("Old", category=teas, published_at=timezone.now() - timedelta(days=300))
    product("Fresh", category=teas)
    product("Pot")
    buyer, newcomer, unprofiled = make_contact(), make_contact(), make_contact(is_profiling_allowed=False)
    for contact in (buyer, unprofiled):
        bought(contact, old)
    email = email_of(list_block("new_in_categories", heading="New teas"), raw_block("heading", title="Bye"))
    assert titles(read(email, buyer)) == ["Fresh"]
    for contact in (newcomer, unprofiled):
        assert "New teas" not in read(email, contact).html
    filled_up = email_of(list_block("new_in_categories", fallback="newest", count=1))
    assert titles(read(filled_up, buyer)) == ["Fresh"]
    assert titles(read(filled_up, newcomer)) == ["Pot"]


@pytest.mark.parametrize("selection", ["newest", "on_offer", "best_selling", "category"])
def test_list_with_a_least_margin_shows_what_earns_it_and_never_the_cost(selection: str) -> None:
    teas = make_category(name="Teas")
    facts = {"category": teas, "price": Decimal(20), "compare_at_price": Decimal(30)}
    good, poor = product("Good", **facts, cost=Decimal("11.37")), product("Poor", **facts, cost=Decimal("18.41"))
    unknown = product("Unknown", **facts)
    bought(make_contact(), good, poor, unknown)
    shown = list_block(selection, category=teas.pk, min_margin=40, show_description=True, show_stock=True)
    filled = read(email_of(shown), make_contact())
    assert titles(filled) == ["Good"]
    assert "11.37" not in filled.html + filled.text
    assert set(titles(read(email_of(list_block(selection, category=teas.pk)), make_contact()))) == {
        "Good",
        "Poor",
        "Unknown",
    }


def test_picked_products_are_shown_whatever_they_earn() -> None:
    poor = product("Poor", price=Decimal(20), cost=Decimal(19))
    assert titles(read(email_of(list_block("picked", products=[poor.pk], min_margin=40)), make_contact())) == ["Poor"]


def test_same_facts_give_the_same_list() -> None:
    products = [product(f"Tea {number}") for number in range(8)]
    bought(make_contact(), *products)
    contact = make_contact()
    seen = {tuple(titles(read(email_of(list_block("best_selling")), contact))) for _time in range(3)}
    assert seen == {("Tea 0", "Tea 1", "Tea 2", "Tea 3")}


@pytest.mark.parametrize(("selection", "is_shared"), [("newest", True), ("related", False), ("buy_again", False)])
def test_copies_for_others_do_not_tell_what_somebody_bought(selection: str, is_shared: bool) -> None:
    (spec,) = compiled(email_of(list_block(selection))).payload["lists"].values()
    assert item_sources.get(spec["source"])().may_be_shared(spec) == is_shared


def test_made_up_contact_of_a_preview_sees_something() -> None:
    tea = product("Tea")
    bought(make_contact(), tea)
    assert titles(read(email_of(list_block("bought_together")), Contact(email="a@example.com"))) == ["Tea"]


def test_picker_shows_a_list_before_there_is_a_product() -> None:
    html = picker_preview(ProductListBlock())
    assert "Stoneware teapot" in html
    assert "£38.00" in html


def form(**overrides: Any) -> dict[str, Any]:
    block = ProductListBlock()
    return block.to_python({"selection": "newest", "count": 4, "layout": "above", **overrides})


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"selection": "picked"}, "products"),
        ({"selection": "category"}, "category"),
        ({"fallback": "words"}, "empty_words"),
        ({"count": 13}, "count"),
        ({"min_margin": 100}, "min_margin"),
        ({"heading": "{{ contact.shoe_size }}"}, "heading"),
    ],
)
def test_half_written_list_is_refused_at_its_place(value: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ProductListBlock().clean(form(**value))
    assert place in caught.value.block_errors


def test_whole_list_is_accepted() -> None:
    assert ProductListBlock().clean(form())["count"] == 4


def viewed(contact: Contact, *products: Product) -> None:
    """The contact looked at products, the last one last."""
    for number, one in enumerate(products):
        keep_view(contact, one, at=timezone.now() - timedelta(minutes=len(products) - number))


class TestViewed:
    """What each reader looked at in the shop."""

    def names(self, contact: Contact, **overrides: Any) -> list[str]:
        return titles(read(email_of(list_block("viewed", **{"count": 2, **overrides})), contact))

    def test_latest_looks_come_first(self) -> None:
        contact, teas = make_contact(), [product(name) for name in ("Assam", "Mint", "Oolong")]
        viewed(contact, *teas)
        assert self.names(contact) == ["Oolong", "Mint"]

    def test_what_they_have_or_cannot_buy_is_left_out(self) -> None:
        contact, other = make_contact(), make_contact()
        pot, mug, gone, tea = product("Pot"), product("Mug"), product("Gone"), product("Tea", is_replenishable=True)
        viewed(contact, pot, tea, mug, gone)
        viewed(other, pot)
        bought(contact, mug, tea)
        Product.objects.filter(pk=gone.pk).update(stock_count=0)
        assert self.names(contact) == ["Tea", "Pot"]
        assert self.names(other) == ["Pot"]

    def test_old_looks_do_not_count(self, settings: Any) -> None:
        contact, pot = make_contact(), product("Pot")
        keep_view(contact, pot, at=timezone.now() - timedelta(days=31))
        assert self.names(contact) == ["Pot"]
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "product_view_days": 30}
        assert self.names(contact) == []

    def test_who_may_not_be_looked_at_and_who_did_not_look_get_best_sellers(self) -> None:
        seller, pot = product("Bestseller"), product("Pot")
        bought(make_contact(), seller)
        silent, private = make_contact(is_tracking_allowed=False), make_contact(is_profiling_allowed=False)
        idle, keen = make_contact(), make_contact()
        for contact in (silent, private, keen):
            viewed(contact, pot)
        assert self.names(silent) == self.names(private) == self.names(idle) == ["Bestseller"]
        assert self.names(keen) == ["Pot"], "filled up only if the block says so"
        assert self.names(keen, fallback="best_selling") == ["Pot", "Bestseller"]

    def test_it_is_nobody_elses_business(self) -> None:
        source = item_sources.get("personal_products")()
        assert not source.may_be_shared({"selection": "viewed"})
        assert compiled(email_of(list_block("viewed"))).payload["lists"]["list0"]["source"] == "personal_products"

    def test_many_readers_cost_as_many_queries_as_one(self) -> None:
        pot = product("Pot")
        contacts = [make_contact() for _number in range(5)]
        for contact in contacts:
            viewed(contact, pot)
        email = email_of(list_block("viewed"))
        compiled(email)
        counts = []
        for some in (contacts[:1], contacts):
            with CaptureQueriesContext(connection) as queries:
                load(email, *some)
            counts.append(len(queries))
        assert counts[0] == counts[1]
