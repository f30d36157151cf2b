"""JSON that other systems send, read field by field; every mistake is told by its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive

from wagtail_precise_mail.commerce.checking import is_currency_code
from wagtail_precise_mail.contacts.addresses import normalize_address
from wagtail_precise_mail.exceptions import InvalidAddress

# So that the sum of all lines fits its column.
PRICE_LIMIT = 10**8
_LARGEST = 2_147_483_647

T = TypeVar("T")


class InvalidBody(ValueError):
    """The body is not what it should be.

    Attributes:
        errors: what is wrong, by place, such as {"lines[2].quantity": "must be a whole number."}.
    """

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{place}: {error}" for place, error in errors.items()))
        self.errors = errors


def load(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body, its numbers exact.

    Raises:
        InvalidBody: it is none.
    """
    try:
        data = json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidBody({"": f"This is not JSON: {error}"}) from error
    if not isinstance(data, dict):
        raise InvalidBody({"": "Send a JSON object."})
    return data


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


class Reader:
    """Reads the fields of one JSON object; what is wrong is kept, so that all of it can be told at once.

    Args:
        prefix: where the object stands in the body, such as "lines[2].".
        errors: of the object around it.
    """

    def __init__(self, data: dict[str, Any], *, prefix: str = "", errors: dict[str, str] | None = None) -> None:
        self.data = data
        self.errors = {} if errors is None else errors
        self._prefix = prefix

    def raise_errors(self) -> None:
        """Raise what was found wrong.

        Raises:
            InvalidBody: something was.
        """
        if self.errors:
            raise InvalidBody(self.errors)

    def wrong(self, name: str, error: str) -> None:
        """Note a mistake; the first at a place counts."""
        self.errors.setdefault(f"{self._prefix}{name}"[:150], error)

    def refuse_unknown(self, known: set[str]) -> None:
        """Note fields that nobody knows: a slip in a name must not lose a value."""
        for name in sorted(set(self.data) - known):
            self.wrong(name, "is unknown.")

    def has(self, name: str) -> bool:
        """Whether a field is there and not null."""
        return self.data.get(name) is not None

    def text(self, name: str, length: int) -> str:
        """A text that must be there."""
        value = self.data.get(name)
        if not isinstance(value, str) or not value.strip() or len(value) > length or "\0" in value:
            self.wrong(name, f"must be a text of 1 to {length} characters.")
            return ""
        return value.strip()

    def maybe_text(self, name: str, length: int) -> str:
        """A text that may be missing."""
        return self.text(name, length) if self.data.get(name) else ""

    def currency(self) -> str:
        """An ISO 4217 code."""
        value = self.data.get("currency")
        code = value.strip().upper() if isinstance(value, str) else ""
        if not is_currency_code(code):
            self.wrong("currency", "must be an ISO 4217 code, such as EUR.")
        return code

    def country(self) -> str:
        """An ISO 3166 code, or ""."""
        value = self.data.get("country")
        if not value:
            return ""
        if not isinstance(value, str) or len(value) != 2 or not (value.isascii() and value.isalpha()):
            self.wrong("country", "must be a code of 2 letters.")
            return ""
        return value.upper()

    def moment(self, name: str) -> datetime | None:
        """A moment that must be there."""
        value = self.data.get(name)
        try:
            moment = parse_datetime(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None or is_naive(moment):
            self.wrong(name, "must be an ISO 8601 moment with its offset, such as 2026-01-15T12:00:00Z.")
        return moment

    def maybe_moment(self, name: str) -> datetime | None:
        """A moment that may be missing."""
        return self.moment(name) if self.has(name) else None

    def email(self) -> str:
        """An address, or ""."""
        value = self.data.get("email", "")
        if not isinstance(value, str):
            self.wrong("email", "must be a text.")
            return ""
        try:
            if value:
                normalize_address(value)
        except InvalidAddress as error:
            self.wrong("email", str(error))
        return value.strip()

    def choice(self, name: str, choices: list[str], default: str) -> str:
        """One of some words."""
        value = self.data.get(name, default)
        if value not in choices:
            self.wrong(name, f"must be one of {', '.join(choices)}.")
        return str(value)

    def flag(self, name: str) -> bool:
        """True or false; false when it is missing."""
        value = self.data.get(name, False)
        if not isinstance(value, bool):
            self.wrong(name, "must be true or false.")
        return bool(value)

    def whole(self, name: str, *, least: int = -_LARGEST) -> int:
        """A whole number that must be there."""
        value = self.data.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _LARGEST:
            self.wrong(name, "must be a whole number.")
            return 0
        return value

    def amount(self, name: str) -> Decimal:
        """An amount that must be there."""
        value = self.data.get(name)
        try:
            amount = Decimal(value) if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool) else None
        except ArithmeticError:
            amount = None
        # Compared and not abs(): that overflows on "1e99999999", which is a Decimal, too.
        is_believable = amount is not None and amount.is_finite() and -PRICE_LIMIT < amount < PRICE_LIMIT
        if amount is None or not is_believable or amount != round(amount, 4):
            self.wrong(name, 'must be an amount with four decimals at the most, such as "2.55".')
            return Decimal(0)
        return amount

    def maybe_amount(self, name: str) -> Decimal | None:
        """An amount that may be missing."""
        return self.amount(name) if self.has(name) else None

    def words(self, name: str, length: int) -> tuple[str, ...] | None:
        """A list of texts, or None where it is missing."""
        value = self.data.get(name)
        if value is None:
            return None
        is_list = isinstance(value, list) and len(value) <= 100
        if not is_list or not all(isinstance(one, str) and 0 < len(one.strip()) <= length for one in value):
            self.wrong(name, f"must be a list of texts of 1 to {length} characters.")
            return None
        return tuple(one.strip() for one in value)

    def items(self, name: str, most: int, read: Callable[[Reader], T], *, least: int = 1) -> list[T]:
        """A list of objects, each read by a function; empty where something is wrong with them."""
        given = self.data.get(name)
        if not isinstance(given, list) or not least <= len(given) <= most:
            self.wrong(name, f"must be a list of {least} to {most} {name}.")
            return []
        found: list[T] = []
        for index, item in enumerate(given):
            if not isinstance(item, dict):
                self.wrong(f"{name}[{index}]", "must be an object.")
                continue
            found.append(read(Reader(item, prefix=f"{self._prefix}{name}[{index}].", errors=self.errors)))
        return found
