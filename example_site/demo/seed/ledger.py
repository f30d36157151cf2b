"""Writes people, what they agreed to, and what they bought, in bulk."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from example_site.demo.seed import terms
from example_site.demo.seed.past import PastLine, PastOrder
from example_site.demo.seed.people import Person
from example_site.shop.services import CURRENCY, SOURCE
from wagtail_precise_mail.commerce.due import mark_due_of
from wagtail_precise_mail.commerce.models import (
    Cart,
    CartLine,
    Order,
    OrderCoupon,
    OrderLine,
    Product,
    ProductVariant,
)
from wagtail_precise_mail.commerce.sums import keep_sums
from wagtail_precise_mail.contacts.addresses import address_hash, normalize_address
from wagtail_precise_mail.contacts.grades import ConsentBasis
from wagtail_precise_mail.contacts.models import (
    Consent,
    ConsentChange,
    ConsentStatus,
    Contact,
    ServiceNote,
    Suppression,
    SuppressionReason,
    Topic,
)

_BATCH = 2000
TOPICS = {
    "newsletter": ("Newsletter", "New articles, twice a month."),
    "offers": ("Offers", "What is new in the shop, and what is about to leave it."),
}
# Of a hundred who could have said yes, so many did, and so many took it back.
_YES = {"newsletter": (0.84, 0.06), "offers": (0.57, 0.09)}
_QUESTIONS = (
    ("ticket", "The spout arrived with a chip", "A new one went out the same day; the old one may stay."),
    ("ticket", "Parcel at the wrong neighbor", "Found on the second try. Wrote a card."),
    ("call", "How much light does the fern want?", "None to speak of. Sent the article on dark corners."),
    ("note", "Allergic to chamomile", "Suggested the mints."),
    ("ticket", "Please deliver after the 12th", "Held back, sent on the 13th."),
    ("call", "Wants forty mugs for a wedding", "Hannah can do it by June. Offer sent."),
)


def make_topics() -> dict[str, Topic]:
    """Return what people can agree to hear about."""
    return {
        slug: Topic.objects.get_or_create(slug=slug, defaults={"name": name, "description": text})[0]
        for slug, (name, text) in TOPICS.items()
    }


def make_contacts(people: list[Person]) -> dict[str, Contact]:
    """Write people as contacts, and return them by address."""
    contacts = Contact.objects.bulk_create([_contact(person) for person in people], batch_size=_BATCH)
    for contact, person in zip(contacts, people, strict=True):
        contact.created_at = person.joined_at
    Contact.objects.bulk_update(contacts, ["created_at"], batch_size=500)
    return {contact.email: contact for contact in contacts}


def _contact(person: Person) -> Contact:
    return Contact(
        email=person.email,
        address_hash=address_hash(normalize_address(person.email)),
        first_name=person.first_name,
        last_name=person.last_name,
        locale=person.land.locale,
        time_zone=person.land.time_zone,
        country=person.land.code,
        city=person.city,
        gender=person.gender,
        birthday_on=person.birthday_on,
        job_title=person.job_title,
        attributes={"interests": person.interests},
        source=person.source,
    )


def make_consents(
    people: list[Person], contacts: dict[str, Contact], topics: dict[str, Topic], *, chance: random.Random, at: datetime
) -> None:
    """Write who said yes to what, who took it back, and both into the ledger."""
    consents: list[Consent] = []
    changes: list[ConsentChange] = []
    for person in people:
        for slug, topic in topics.items():
            yes, withdrawn = _YES[slug]
            if chance.random() < yes:
                taken_back = chance.random() < withdrawn
                _record(person, contacts[person.email], topic, taken_back, consents, changes, chance, at)
    Consent.objects.bulk_create(consents, batch_size=_BATCH)
    ConsentChange.objects.bulk_create(changes, batch_size=_BATCH)


def _record(
    person: Person, contact: Contact, topic: Topic, taken_back: bool,
    consents: list[Consent], changes: list[ConsentChange], chance: random.Random, at: datetime,
) -> None:  # fmt: skip
    granted_at = person.joined_at + timedelta(minutes=chance.randrange(1, 30))
    wording = f"“Yes, write to me: {topic.description}” ticked at the {person.source}"
    status, changed_at = ConsentStatus.GRANTED, granted_at
    changes.append(_change(contact, topic, status, person.source, wording, granted_at))
    if taken_back:
        status, changed_at = ConsentStatus.WITHDRAWN, granted_at + (at - granted_at) * chance.uniform(0.2, 0.95)
        changes.append(_change(contact, topic, status, "preferences", "", changed_at))
    basis = _basis(status, person.source)
    consents.append(Consent(contact=contact, topic=topic, status=status, basis=basis, changed_at=changed_at))


def _change(contact: Contact, topic: Topic, status: str, source: str, evidence: str, at: datetime) -> ConsentChange:
    return ConsentChange(
        contact=contact,
        topic=topic,
        status=status,
        basis=_basis(status, source),
        source=source,
        evidence=evidence,
        changed_at=at,
    )


def _basis(status: str, source: str) -> str:
    """On the site a mail asks; at the stall somebody writes the address down."""
    if status != ConsentStatus.GRANTED:
        return ""
    return {"sign-up form": ConsentBasis.DOUBLE, "checkout": ConsentBasis.SINGLE}.get(source, ConsentBasis.STAFF)


def make_suppressions(contacts: Iterable[Contact], *, chance: random.Random, at: datetime) -> None:
    """Suppress one address in eighty, for the usual reasons."""
    reasons = [SuppressionReason.HARD_BOUNCE, SuppressionReason.UNSUBSCRIBED, SuppressionReason.COMPLAINT]
    rows = [
        Suppression(
            address_hash=contact.address_hash,
            reason=chance.choices(reasons, [0.5, 0.42, 0.08])[0],
            created_at=at - timedelta(days=chance.uniform(2, 300)),
        )
        for contact in contacts
        if chance.random() < 1 / 80
    ]
    Suppression.objects.bulk_create(rows, ignore_conflicts=True)


def make_orders(
    orders: list[PastOrder], contacts: dict[str, Contact], products: dict[str, Product], *, at: datetime
) -> None:
    """Write the past as history, which triggers nothing."""
    rates, forms = terms.make_rates(at), {row.sku: row for row in ProductVariant.objects.all()}
    numbers = {"sale": "FK-{:06d}", "refund": "FK-R{:05d}"}
    agreed: dict[int, terms.Terms] = {}
    rows: dict[int, Order] = {}
    lines: dict[int, list[OrderLine]] = {}
    for number, order in enumerate(orders, start=1):
        # A refund has the terms of its sale, which came before.
        sale = order.refund_of or order
        agreed.setdefault(id(sale), terms.terms_of(sale, number, rates, at=at))
        terms_here = agreed[id(sale)]
        row = Order(
            source=SOURCE,
            number=numbers[order.kind].format(number),
            **terms.head(terms_here, contacts[order.person.email], order),
        )
        lines[id(order)] = [
            _order_line(row, position, line, terms_here, products[line.sku], forms)
            for position, line in enumerate(order.lines, start=1)
        ]
        goods = sum((line.total for line in lines[id(order)]), Decimal(0))
        row.order_discount = terms.share(goods, terms_here.percent_off)
        keep_sums(row, lines[id(order)])
        rows[id(order)] = row
    _write(orders, agreed, rows, lines)


def _order_line(
    row: Order, position: int, line: PastLine, how: terms.Terms, product: Product, forms: dict[str, ProductVariant]
) -> OrderLine:
    chance = random.Random(f"form {row.contact_id} {line.sku}")  # whoever wears M wears M
    sku = chance.choice(terms.FORMS[line.sku])[0] if line.sku in terms.FORMS else ""
    price, discount = terms.price_in(how, line.unit_price), terms.line_discount(how, line)
    return OrderLine(
        order=row,
        position=position,
        product=product,
        variant=forms.get(sku),
        description=line.name,
        quantity=line.quantity,
        unit_price=price,
        discount_total=discount,
        total=line.quantity * price - discount,
        unit_cost=terms.unit_cost(how, product),
    )


def _write(
    orders: list[PastOrder],
    agreed: dict[int, terms.Terms],
    rows: dict[int, Order],
    lines: dict[int, list[OrderLine]],
) -> None:
    """Sales first, so that refunds can name them."""
    for kind in ("sale", "refund"):
        chosen = [order for order in orders if order.kind == kind]
        for order in chosen:
            if order.refund_of:
                rows[id(order)].refund_of = rows[id(order.refund_of)]
                for line in lines[id(order)]:
                    sold = lines[id(order.refund_of)]
                    line.refund_of = next((one for one in sold if one.product_id == line.product_id), None)
        Order.objects.bulk_create([rows[id(order)] for order in chosen], batch_size=_BATCH)
        written = [line for order in chosen for line in lines[id(order)]]
        for line in written:
            line.order_id = line.order.pk
        OrderLine.objects.bulk_create(written, batch_size=_BATCH)
    OrderCoupon.objects.bulk_create(
        [
            OrderCoupon(order=rows[id(order)], code=agreed[id(order)].coupon)
            for order in orders
            if order.kind == "sale" and agreed[id(order)].coupon
        ],
        batch_size=_BATCH,
    )
    mark_due_of(Order.objects.filter(source=SOURCE))


def make_carts(contacts: dict[str, Contact], products: dict[str, Product], *, at: datetime) -> None:
    """Leave one cart in fifty contacts open, as people do, within the last three weeks."""
    chance = random.Random("carts")
    goods = [one for _sku, one in sorted(products.items()) if one.is_available]
    carts: list[Cart] = []
    lines: list[CartLine] = []
    for contact in contacts.values():
        if chance.random() >= 1 / 50:
            continue
        changed_at = (at - timedelta(days=chance.uniform(0.05, 21))).replace(microsecond=0)
        cart = Cart(
            source=SOURCE, key=f"CART-{len(carts) + 1000}", contact=contact, currency=CURRENCY, url="/shop/basket/"
        )
        cart.started_at, cart.changed_at = changed_at - timedelta(minutes=chance.randrange(1, 50)), changed_at
        for position, product in enumerate(chance.sample(goods, chance.choice([1, 1, 2, 3])), start=1):
            price, quantity = product.price or Decimal(0), chance.choice([1, 1, 1, 2])
            lines.append(CartLine(cart=cart, position=position, product=product, quantity=quantity, unit_price=price))
            cart.total += price * quantity
        carts.append(cart)
    Cart.objects.bulk_create(carts)
    for line in lines:
        line.cart_id = line.cart.pk
    CartLine.objects.bulk_create(lines)


def make_notes(orders: list[PastOrder], contacts: dict[str, Contact], *, chance: random.Random) -> None:
    """Let customer service note something about one order in seventy."""
    notes = []
    for order in orders:
        if order.kind == "sale" and chance.random() < 1 / 70:
            kind, subject, body = chance.choice(_QUESTIONS)
            noted_at = order.placed_at + timedelta(days=chance.uniform(1, 9))
            notes.append(
                ServiceNote(
                    contact=contacts[order.person.email],
                    kind=kind,
                    subject=subject,
                    body=body,
                    source="help desk",
                    external_id=f"HD-{len(notes) + 1000}",
                    noted_at=noted_at,
                )
            )
    ServiceNote.objects.bulk_create(notes)
