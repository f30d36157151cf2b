"""From the fields of a record to an order line: every value checked, every refusal with its reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TypeVar

from wagtail_precise_mail.commerce.categories import MOST_LEVELS, SEPARATOR
from wagtail_precise_mail.commerce.checking import is_currency_code
from wagtail_precise_mail.commerce.importing.mapping import OrderMapping
from wagtail_precise_mail.commerce.models import Order, OrderLine, Product, normalize_sku
from wagtail_precise_mail.contacts.addresses import address_hash, normalize_address
from wagtail_precise_mail.contacts.countries import country_code
from wagtail_precise_mail.exceptions import InvalidAddress
from wagtail_precise_mail.tabular.formats import ISO_DATES

_INTEGER_LIMIT = 2_147_483_647
_PRICE_LIMIT = Decimal(10) ** 10
# Far above any honest line, and low enough that the sum of an order cannot overflow its column.
_TOTAL_LIMIT = Decimal(10) ** 11
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_EXTRAS = {"first_name", "last_name", "category", "image_url", "url", "cost", "variant", "brand", "tags"}
_TERMS = {"discount", "order_discount", "shipping_total", "unit_cost", "coupon"}
_WAYS = ("channel", "payment_method", "shipping_method")
_NOTHING = Decimal(0)
_NAME_LENGTH = OrderLine._meta.get_field("description").max_length or 250


T = TypeVar("T")


class RowError(ValueError):
    """This row cannot be an order line; the message says why, for the person who corrects the file."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a customer is written to; its hash is the contact's key."""

    email: str
    hash: str


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """What a row says of its order as a whole. None and "" say nothing."""

    order_discount: Decimal | None = None
    shipping_total: Decimal | None = None
    coupon: str = ""
    channel: str = ""
    payment_method: str = ""
    shipping_method: str = ""


@dataclass(slots=True)
class OrderRow:
    """One order line of the file."""

    number: str
    kind: str
    placed_at: datetime
    currency: str
    country: str
    address: Address | None
    sku: str
    description: str
    quantity: int
    unit_price: Decimal
    total: Decimal
    first_name: str = ""
    last_name: str = ""
    category: str = ""
    image_url: str = ""
    url: str = ""
    cost: Decimal | None = None
    variant: str = ""
    brand: str = ""
    tags: str = ""
    discount: Decimal = _NOTHING
    unit_cost: Decimal | None = None
    terms: OrderTerms | None = None
    position: int = 0


class RowReader:
    """Turns records into rows; what repeats from row to row is worked out once.

    Args:
        mapping: says how values are written.
        places: our column names to their place in a record.
        at: the moment of the import: orders of more than a day later are refused.

    Attributes:
        unknown_countries: spellings without a code, with the number of their rows; these rows are kept without one.
    """

    def __init__(self, mapping: OrderMapping, places: dict[str, int], *, at: datetime) -> None:
        self.unknown_countries: Counter[str] = Counter()
        self._mapping = mapping
        self._places = places
        # Most files have none of these columns, and there are many rows.
        self._has_extras = bool(places.keys() & _EXTRAS)
        self._has_terms = bool(places.keys() & {*_TERMS, *_WAYS})
        self._latest = at + timedelta(days=1)
        self._kind = lru_cache(4096)(kind_reader(mapping))
        self._moment = lru_cache(4096)(self._read_moment)
        self._price = lru_cache(4096)(self._read_price)
        self._quantity = lru_cache(4096)(self._read_quantity)
        self._sku = lru_cache(16384)(_read_sku)
        self._country = lru_cache(1024)(self._read_country)
        self._address = lru_cache(16384)(self._read_address)
        self._currency = lru_cache(64)(_read_currency)
        self._countries = {name.upper(): code for name, code in mapping.countries.items()}

    def number(self, fields: list[str]) -> str:
        """Return the order's number, or "" when it cannot be read: refused rows keep their place in the order, too."""
        place = self._places["number"]
        number = fields[place].strip() if len(fields) > place else ""
        return number if len(number) <= 100 else ""

    def read(self, fields: list[str]) -> OrderRow:
        """Return the order line.

        Raises:
            RowError: a value is missing or makes no sense.
        """
        number = self.number(fields)
        if not number:
            raise RowError(self._told("number", fields, "is empty or longer than 100 characters"))
        quantity, price = (
            self._value("quantity", fields, self._quantity),
            self._value("unit_price", fields, self._price),
        )
        total = price * quantity
        if abs(total) >= _TOTAL_LIMIT:
            raise RowError(f"{quantity} times {price} is not believable")
        text = self._text
        row = OrderRow(
            number=number,
            kind=self._kind(number),
            placed_at=self._value("placed_at", fields, self._moment),
            currency=self._mapping.currency or self._read_currency_of(fields),
            country=self._read_country_of(fields),
            address=self._address(text("customer", fields), text("email", fields)),
            sku=self._value("sku", fields, self._sku),
            description=text("description", fields, _NAME_LENGTH),
            quantity=quantity,
            unit_price=price,
            total=total,
        )
        if self._has_extras:
            self._read_extras(row, fields)
        if self._has_terms:
            self._read_terms(row, fields)
        if row.unit_cost is None:
            row.unit_cost = row.cost
        return row

    def _read_extras(self, row: OrderRow, fields: list[str]) -> None:
        row.first_name = self._text("first_name", fields, 150)
        row.last_name = self._text("last_name", fields, 150)
        row.category = self._text("category", fields, 500).strip("> ")
        if row.category.count(SEPARATOR) >= MOST_LEVELS:
            raise RowError(self._told("category", fields, "has too many levels"))
        row.brand = self._text("brand", fields, 100)
        row.tags = self._text("tags", fields, 500)
        row.variant = normalize_sku(self._text("variant", fields))
        if len(row.variant) > 100:
            raise RowError(self._told("variant", fields, "is longer than 100 characters"))
        row.image_url = self._read_url("image_url", fields)
        row.url = self._read_url("url", fields)
        row.cost = self._value("cost", fields, self._read_cost) if "cost" in self._places else None

    def _read_terms(self, row: OrderRow, fields: list[str]) -> None:
        row.discount = self._amount("discount", fields) or _NOTHING
        row.total -= row.discount
        if abs(row.total) >= _TOTAL_LIMIT:
            raise RowError(self._told("discount", fields, "is not believable"))
        row.unit_cost = self._value("unit_cost", fields, self._read_cost) if "unit_cost" in self._places else None
        row.terms = OrderTerms(
            self._amount("order_discount", fields),
            self._amount("shipping_total", fields),
            self._text("coupon", fields, 100).upper(),
            *(self._text(name, fields, 50) for name in _WAYS),
        )

    def _amount(self, column: str, fields: list[str]) -> Decimal | None:
        if column not in self._places:
            return None
        return self._value(column, fields, lambda value: self._price(value) if value.strip() else None)

    def _value(self, column: str, fields: list[str], read: Callable[[str], T]) -> T:
        try:
            return read(fields[self._places[column]])
        except RowError as error:
            raise RowError(self._told(column, fields, str(error))) from None

    def _told(self, column: str, fields: list[str], problem: str) -> str:
        value = fields[self._places[column]]
        shown = repr(value if len(value) <= 80 else value[:80] + "…")
        return f"{getattr(self._mapping.columns, column)} {shown} {problem}"

    def _text(self, column: str, fields: list[str], limit: int = 10_000) -> str:
        place = self._places.get(column)
        return "" if place is None else fields[place].strip()[:limit].rstrip()

    def _read_quantity(self, value: str) -> int:
        number = self._read_number(value)
        if number != number.to_integral_value():
            raise RowError("is not a whole number")
        if abs(number) > _INTEGER_LIMIT:
            raise RowError("is not believable")
        return int(number)

    def _read_price(self, value: str) -> Decimal:
        number = self._read_number(value)
        if abs(number) >= _PRICE_LIMIT:
            raise RowError("is not believable")
        if number != round(number, 4):
            raise RowError("has more than four decimals")
        return round(number, 4)

    def _read_cost(self, value: str) -> Decimal | None:
        cost = self._price(value) if value.strip() else None
        if cost is not None and cost < 0:
            raise RowError("is below zero")
        return cost

    def _read_number(self, value: str) -> Decimal:
        form = self._mapping.file
        text = value.strip()
        if form.thousands:
            text = text.replace(form.thousands, "")
        if form.decimal != ".":
            if "." in text:
                raise RowError(f"is not a number with {form.decimal!r} before the decimals")
            text = text.replace(form.decimal, ".")
        if not _NUMBER.match(text):
            raise RowError("is not a number" if text else "is empty")
        try:
            return Decimal(text)
        except InvalidOperation:  # an exponent beyond everything
            raise RowError("is not believable") from None

    def _read_moment(self, value: str) -> datetime:
        text, form = value.strip(), self._mapping.file.date_format
        try:
            moment = datetime.fromisoformat(text) if form == ISO_DATES else datetime.strptime(text, form)  # noqa: DTZ007
        except ValueError:
            raise RowError(f"is not a date of the format {form}" if text else "is empty") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._mapping.time_zone)
        try:
            moment = moment.astimezone(UTC)
        except OverflowError:
            raise RowError("is not believable") from None
        if moment > self._latest:
            raise RowError("lies in the future")
        if moment < _EARLIEST:
            raise RowError("lies before 1970")
        return moment

    def _read_currency_of(self, fields: list[str]) -> str:
        return self._value("currency", fields, self._currency)

    def _read_country_of(self, fields: list[str]) -> str:
        name = self._text("country", fields)
        code = self._country(name)
        if code is None:
            # One wrong spelling must not cost a sale: the report lists it, and a further alias corrects it.
            self.unknown_countries[name[:80]] += 1
            return ""
        return code

    def _read_country(self, name: str) -> str | None:
        return country_code(name, self._countries)

    def _read_address(self, customer: str, email: str) -> Address | None:
        contacts = self._mapping.contacts
        if not email and customer and contacts.address:
            email = contacts.address.replace("{id}", customer.removesuffix(contacts.remove_suffix))
        if not email:
            return None
        try:
            return Address(email, address_hash(normalize_address(email)))
        except InvalidAddress as error:
            raise RowError(str(error)) from None

    def _read_url(self, column: str, fields: list[str]) -> str:
        value = self._text(column, fields)
        if value and (len(value) > 500 or not value.startswith(("http://", "https://", "/"))):
            raise RowError(self._told(column, fields, "is not a link of 500 characters at the most"))
        return value


_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?\Z", re.ASCII)


def _read_sku(value: str) -> str:
    sku = normalize_sku(value)
    if not sku or len(sku) > 100:
        raise RowError("is longer than 100 characters" if sku else "is empty")
    return sku


def _read_currency(value: str) -> str:
    code = value.strip().upper()
    if not is_currency_code(code):
        raise RowError("is no currency such as EUR")
    return code


def split_tags(text: str) -> list[str]:
    """Return the tags of a field, which commas, semicolons or bars part."""
    return [word.strip() for word in re.split(r"[,;|]", text) if word.strip()]


def kind_reader(mapping: OrderMapping) -> Callable[[str], str]:
    """Return a function from an order's number to its kind."""
    patterns = [
        (Order.Kind.REFUND, mapping.orders.refunds),
        (Order.Kind.ADJUSTMENT, mapping.orders.adjustments),
    ]
    compiled = [(str(kind), re.compile(pattern)) for kind, pattern in patterns if pattern]

    def read(number: str) -> str:
        return next((kind for kind, pattern in compiled if pattern.match(number)), str(Order.Kind.SALE))

    return read


def charge_reader(mapping: OrderMapping) -> Callable[[str], str]:
    """Return a function from a SKU to the kind of product."""
    codes = {normalize_sku(code) for code in mapping.products.charges}
    pattern = re.compile(mapping.products.charge_pattern or r"(?!)", re.IGNORECASE)

    def read(sku: str) -> str:
        is_charge = sku in codes or pattern.fullmatch(sku)
        return str(Product.Kind.CHARGE if is_charge else Product.Kind.PRODUCT)

    return read
