"""The shape of an order that another system posts, checked field by field."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.commerce.services import OrderLineData
from wagtail_precise_mail.contacts.addresses import normalize_address
from wagtail_precise_mail.exceptions import InvalidAddress

_MAX_LINES = 5000
# So that the sum of all lines fits its column.
_PRICE_LIMIT = 10**8
_LINE_LIMIT = 10**10
_FIELDS = {"source", "number", "placed_at", "currency", "email", "kind", "country", "is_historical", "lines"}
_LINE_FIELDS = {"sku", "quantity", "unit_price", "name", "position"}


class InvalidOrder(ValueError):
    """The body is no order.

    Attributes:
        errors: what is wrong, by place, such as {"lines[2].quantity": "must be a whole number."}.
    """

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{place}: {error}" for place, error in errors.items()))
        self.errors = errors


def read_order(body: bytes) -> dict[str, Any]:
    """Return the arguments of ``record_order`` that a JSON body holds.

    Raises:
        InvalidOrder: not JSON, or values are missing or wrong; all of them are told at once.
    """
    return _OrderReader(_json(body)).read()


def _json(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidOrder({"": f"This is not JSON: {error}"}) from error
    if not isinstance(data, dict):
        raise InvalidOrder({"": "An order is a JSON object."})
    return data


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


class _OrderReader:
    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self._errors: dict[str, str] = {}

    def read(self) -> dict[str, Any]:
        self._refuse_unknown(self._data, _FIELDS, "")
        order = {
            "source": self._text("source", 50),
            "number": self._text("number", 100),
            "placed_at": self._moment("placed_at"),
            "currency": self._code("currency", 3),
            "email": self._email(),
            "kind": self._kind(),
            "country": self._code("country", 2) if self._data.get("country") else "",
            "is_historical": self._flag("is_historical"),
            "lines": self._lines(),
        }
        if self._errors:
            raise InvalidOrder(self._errors)
        return order

    def _wrong(self, place: str, error: str) -> None:
        self._errors.setdefault(place, error)

    def _refuse_unknown(self, data: dict[str, Any], known: set[str], prefix: str) -> None:
        for name in sorted(set(data) - known):
            self._wrong(f"{prefix}{name}"[:100], "is unknown.")

    def _text(self, name: str, length: int, data: dict[str, Any] | None = None, prefix: str = "") -> str:
        value = (self._data if data is None else data).get(name)
        if not isinstance(value, str) or not value.strip() or len(value) > length or "\0" in value:
            self._wrong(prefix + name, f"must be a text of 1 to {length} characters.")
            return ""
        return value.strip()

    def _code(self, name: str, length: int) -> str:
        value = self._data.get(name)
        if not isinstance(value, str) or len(value) != length or not (value.isascii() and value.isalpha()):
            self._wrong(name, f"must be a code of {length} letters.")
            return ""
        return value.upper()

    def _moment(self, name: str) -> datetime | None:
        value = self._data.get(name)
        try:
            moment = parse_datetime(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None or is_naive(moment):
            self._wrong(name, "must be an ISO 8601 moment with its offset, such as 2026-01-15T12:00:00Z.")
        return moment

    def _email(self) -> str:
        value = self._data.get("email", "")
        if not isinstance(value, str):
            self._wrong("email", "must be a text.")
            return ""
        try:
            if value:
                normalize_address(value)
        except InvalidAddress as error:
            self._wrong("email", str(error))
        return value.strip()

    def _kind(self) -> str:
        kind = self._data.get("kind", str(Order.Kind.SALE))
        if kind not in Order.Kind.values:
            self._wrong("kind", f"must be one of {', '.join(Order.Kind.values)}.")
        return str(kind)

    def _flag(self, name: str) -> bool:
        value = self._data.get(name, False)
        if not isinstance(value, bool):
            self._wrong(name, "must be true or false.")
        return bool(value)

    def _lines(self) -> list[OrderLineData]:
        given = self._data.get("lines")
        if not isinstance(given, list) or not 1 <= len(given) <= _MAX_LINES:
            self._wrong("lines", f"must be a list of 1 to {_MAX_LINES} lines.")
            return []
        lines = [self._line(line, f"lines[{index}].") for index, line in enumerate(given)]
        return [line for line in lines if line]

    def _line(self, data: Any, prefix: str) -> OrderLineData | None:
        if not isinstance(data, dict):
            self._wrong(prefix[:-1], "must be an object.")
            return None
        before = len(self._errors)
        self._refuse_unknown(data, _LINE_FIELDS, prefix)
        sku = self._text("sku", 100, data, prefix)
        quantity = self._whole("quantity", data, prefix, least=-2_147_483_647)
        price = self._price(data, prefix)
        name = self._text("name", 250, data, prefix) if data.get("name") else ""
        position = self._whole("position", data, prefix, least=1) if data.get("position") is not None else None
        if abs(price * quantity) >= _LINE_LIMIT:
            self._wrong(prefix + "quantity", "makes an amount that is not believable.")
        if len(self._errors) > before:
            return None
        return OrderLineData(sku, quantity, price, name, position)

    def _whole(self, name: str, data: dict[str, Any], prefix: str, *, least: int) -> int:
        value = data.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= 2_147_483_647:
            self._wrong(prefix + name, "must be a whole number.")
            return 0
        return value

    def _price(self, data: dict[str, Any], prefix: str) -> Decimal:
        value = data.get("unit_price")
        try:
            price = Decimal(value) if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool) else None
        except ArithmeticError:
            price = None
        # Compared and not abs(): that overflows on "1e99999999", which is a Decimal, too.
        is_believable = price is not None and price.is_finite() and -_PRICE_LIMIT < price < _PRICE_LIMIT
        if price is None or not is_believable or price != round(price, 4):
            self._wrong(prefix + "unit_price", 'must be an amount with four decimals at the most, such as "2.55".')
            return Decimal(0)
        return price
