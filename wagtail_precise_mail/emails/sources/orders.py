"""The order that a mail is about: its lines, and its sums."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal

from babel.dates import format_date
from django.db.models import F, Prefetch, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from wagtail_precise_mail.commerce.catalog import showable
from wagtail_precise_mail.commerce.models import Order, OrderLine, Product
from wagtail_precise_mail.commerce.money import format_money
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.languages import babel_locale
from wagtail_precise_mail.emails.links import absolute
from wagtail_precise_mail.emails.pictures import fetch_images, picture_urls
from wagtail_precise_mail.emails.readers import Item, ItemSource, Occasion, Spec, item_sources

LINES_LIMIT = 40
"""Lines of an order that a mail shows."""

_TEXT_WIDTH = 64


@item_sources.register("order")
class OrderItems(ItemSource):
    """The order of each contact as one item: number, day and sums."""

    def load(
        self, spec: Spec, contacts: Sequence[Contact], *, limit: int, occasion: Occasion
    ) -> Mapping[int, Sequence[Item]]:
        """Return one item for those who have an order: two queries."""
        orders = orders_for(contacts, occasion)
        return {key: [_order_facts(order, occasion.language)] for key, order in orders.items()}


@item_sources.register("order_lines")
class OrderLineItems(ItemSource):
    """The products in the order of each contact. They have no keys: whatever else is shown, an order is whole."""

    def load(
        self, spec: Spec, contacts: Sequence[Contact], *, limit: int, occasion: Occasion
    ) -> Mapping[int, Sequence[Item]]:
        """Return an item for each line: four queries."""
        orders = orders_for(contacts, occasion)
        shown = {key: _products(order)[:LINES_LIMIT] for key, order in orders.items()}
        products = [line.product for lines in shown.values() for line in lines]
        images = fetch_images(product.image_id for product in products)
        urls = picture_urls(images.values(), pixels=144, ratio=1, base_url=occasion.base_url)
        return {
            key: [_line_facts(line, orders[key].currency, urls, occasion) for line in lines]
            for key, lines in shown.items()
        }


def orders_for(contacts: Sequence[Contact], occasion: Occasion) -> dict[int, Order]:
    """Return the order that the mail to each contact is about: the one the send names, else their latest sale.

    Somebody made up, whom a preview shows, has bought what the shop offers first.
    """
    named = {pk: occasion.orders[pk] for contact in contacts if (pk := contact.pk or 0) in occasion.orders}
    others = [contact.pk for contact in contacts if contact.pk and contact.pk not in named]
    lines = Prefetch("lines", OrderLine.objects.select_related("product").order_by("position"))
    wanted = [*named.values(), *_latest(others, occasion).values_list("pk", flat=True)]
    orders = {order.pk: order for order in Order.objects.filter(pk__in=wanted).prefetch_related(lines)}
    found = {order.contact_id: order for order in orders.values() if order.contact_id in set(others)}
    # Who is named an order gets that one or none, and nobody gets somebody else's.
    found |= {pk: orders[order_id] for pk, order_id in named.items() if _is_theirs(orders.get(order_id), pk)}
    if any(not contact.pk for contact in contacts) and occasion.is_preview and (sample := _sample(occasion)):
        found[0] = sample
    return {pk: order for pk, order in found.items() if pk is not None}


def _is_theirs(order: Order | None, contact_id: int) -> bool:
    return order is not None and order.contact_id == contact_id


def _latest(contact_ids: Sequence[int], occasion: Occasion) -> QuerySet[Order]:
    sales = Order.objects.filter(contact__in=contact_ids, kind=Order.Kind.SALE, placed_at__lte=occasion.at)
    latest = Window(RowNumber(), partition_by="contact_id", order_by=[F("placed_at").desc(), F("pk").desc()])
    return sales.annotate(place=latest).filter(place=1).order_by("pk")


def _sample(occasion: Occasion) -> Order | None:
    products = list(showable().filter(price__isnull=False)[:2])
    if not products:
        return None
    order = Order(number="1001", placed_at=occasion.at, currency=products[0].currency)
    lines = [
        OrderLine(product=product, quantity=number, unit_price=product.price, total=product.price * number)
        for number, product in enumerate(products, 1)
        if product.price is not None
    ]
    order.total = sum((line.total for line in lines), Decimal(0))
    order._prefetched_objects_cache = {"lines": lines}  # type: ignore[attr-defined]
    return order


def _lines(order: Order) -> list[OrderLine]:
    cached: dict[str, list[OrderLine]] = getattr(order, "_prefetched_objects_cache", {})
    return list(cached["lines"])


def _products(order: Order) -> list[OrderLine]:
    return [line for line in _lines(order) if line.product.kind == Product.Kind.PRODUCT]


def _order_facts(order: Order, locale: str) -> Item:
    products, charges = _products(order), [one for one in _lines(order) if one.product.kind == Product.Kind.CHARGE]
    goods = sum((line.total for line in products), Decimal(0))
    extra = sum((line.total for line in charges), Decimal(0))
    hidden = len(products) - LINES_LIMIT
    sums = {
        "subtotal": format_money(goods, order.currency, locale=locale) if charges else "",
        "charges": format_money(extra, order.currency, locale=locale) if charges else "",
        "total": format_money(goods + extra, order.currency, locale=locale),
    }
    labels = {"subtotal": _("Goods"), "charges": _charge_name(charges), "total": _("Total")}
    return {
        "number": order.number,
        "date": format_date(localtime(order.placed_at), "long", locale=babel_locale(locale)),
        "hidden": str(hidden) if hidden > 0 else "",
        "charges_name": labels["charges"],
        **sums,
        **{f"{name}_line": dotted(labels[name], amount) for name, amount in sums.items() if amount},
    }


def _charge_name(charges: Sequence[OrderLine]) -> str:
    names = list(dict.fromkeys(str(line.product) for line in charges))
    return names[0] if len(names) == 1 else _("Postage and fees")


def _line_facts(line: OrderLine, currency: str, pictures: Mapping[int, str], occasion: Occasion) -> Item:
    product, locale = line.product, occasion.language
    name = product.name or line.description or product.sku
    url = absolute(product.url, occasion.base_url)
    picture = pictures.get(product.image_id or 0) or absolute(product.image_url, occasion.base_url)
    amount = format_money(line.total, currency, locale=locale)
    is_link = url.startswith("http")
    return {
        "name": name,
        "plain_name": "" if is_link else name,
        "url": url if is_link else "",
        "image_url": picture if picture.startswith("http") else "",
        "quantity": str(line.quantity),
        "unit_price": format_money(line.unit_price, currency, locale=locale),
        "amount": amount,
        "line": dotted(f"{line.quantity} × {name}", amount),
    }


def dotted(words: str, amount: str) -> str:
    """Return words and an amount as a line of a table in plain text, with a row of dots between them.

    Dots, because a value in a mail has no two spaces in a row.
    """
    room = _TEXT_WIDTH - _width(amount) - 2
    while _width(words) > room - 3:
        words = f"{words[:-2].rstrip()}…"
    return f"{words} {'.' * (room - _width(words))} {amount}"


def _width(text: str) -> int:
    # Letters of East Asian scripts take two places where every letter takes the same room.
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
