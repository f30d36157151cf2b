"""Parameters of conditions: one object per field says how it looks in JSON, in the schema and in the editor."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from wagtail import blocks

from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.conditions.references import References

Words = str | Promise
Choices = Sequence[tuple[str, Words]]


@dataclass(kw_only=True)
class Parameter(ABC):
    """How one field of a condition is read, written and edited.

    A value has three forms: Python (in the dataclass), JSON (in files, with natural keys) and block (in the editor).

    Attributes:
        is_aside: what few people need stands below the rest of a form, folded away.
    """

    label: Words
    help_text: Words = ""
    required: bool = False
    is_aside: bool = False

    @abstractmethod
    def block(self) -> blocks.Block:
        """Return the form of this value in the editor."""

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of this value."""

    @abstractmethod
    def read(self, value: Any, place: str, references: References) -> Any:
        """Turn JSON into Python.

        Raises:
            InvalidRules: the value is of the wrong kind or out of range.
        """

    def write(self, value: Any) -> Any:
        """Turn Python into JSON."""
        return value

    def from_block(self, value: Any) -> Any:
        """Turn the block's value into JSON; None means that nothing was entered."""
        return None if value in ("", None) else value

    def to_block(self, value: Any) -> Any:
        """Turn JSON into what the block stores."""
        return value

    def _options(self) -> dict[str, Any]:
        return {"label": self.label, "help_text": self.help_text or None, "required": self.required}


@dataclass(kw_only=True)
class Count(Parameter):
    """A whole number."""

    minimum: int = 0
    maximum: int | None = None

    def block(self) -> blocks.Block:
        return blocks.IntegerBlock(min_value=self.minimum, max_value=self.maximum, **self._options())

    def schema(self) -> dict[str, Any]:
        upper = {} if self.maximum is None else {"maximum": self.maximum}
        return {"type": "integer", "minimum": self.minimum, **upper}

    def read(self, value: Any, place: str, references: References) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidRules(_("must be a whole number, not %(value)s") % {"value": shown(value)}, place=place)
        if value < self.minimum:
            raise InvalidRules(_("must be at least %(limit)s") % {"limit": self.minimum}, place=place)
        if self.maximum is not None and value > self.maximum:
            raise InvalidRules(_("must be at most %(limit)s") % {"limit": self.maximum}, place=place)
        return value


@dataclass(kw_only=True)
class Amount(Parameter):
    """A sum of money, with up to four decimals."""

    def block(self) -> blocks.Block:
        return blocks.DecimalBlock(max_digits=14, decimal_places=4, **self._options())

    def schema(self) -> dict[str, Any]:
        return {"type": "number"}

    def read(self, value: Any, place: str, references: References) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise InvalidRules(_("must be a number, not %(value)s") % {"value": shown(value)}, place=place)
        try:
            amount = Decimal(str(value))
            if not amount.is_finite() or amount != amount.quantize(Decimal("0.0001")):
                raise InvalidOperation
        except InvalidOperation:
            raise InvalidRules(_("must be a number with at most four decimals"), place=place) from None
        return amount

    def write(self, value: Any) -> Any:
        if value is None:
            return None
        return int(value) if value == value.to_integral_value() else float(value)

    def to_block(self, value: Any) -> Any:
        return None if value is None else str(value)


@dataclass(kw_only=True)
class Day(Parameter):
    """A day of the calendar; in JSON an ISO date."""

    def block(self) -> blocks.Block:
        return blocks.DateBlock(**self._options())

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}

    def read(self, value: Any, place: str, references: References) -> date:
        if isinstance(value, str) and len(value) == len("2026-01-31"):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        message = _("must be a day such as 2026-01-31, not %(value)s")
        raise InvalidRules(message % {"value": shown(value)}, place=place)

    def write(self, value: Any) -> Any:
        return value.isoformat() if value else None

    def from_block(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else super().from_block(value)


@dataclass(kw_only=True)
class Flag(Parameter):
    """Yes or no; no where it is left out."""

    def block(self) -> blocks.Block:
        return blocks.BooleanBlock(**(self._options() | {"required": False}))

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def read(self, value: Any, place: str, references: References) -> bool:
        if not isinstance(value, bool):
            raise InvalidRules(_("must be true or false, not %(value)s") % {"value": shown(value)}, place=place)
        return value

    def from_block(self, value: Any) -> Any:
        return True if value else None


@dataclass(kw_only=True)
class Text(Parameter):
    """A line of text."""

    max_length: int = 200

    def block(self) -> blocks.Block:
        return blocks.CharBlock(max_length=self.max_length, **self._options())

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.max_length}

    def read(self, value: Any, place: str, references: References) -> str:
        if not isinstance(value, str):
            raise InvalidRules(_("must be text, not %(value)s") % {"value": shown(value)}, place=place)
        if not value.strip() or "\0" in value or len(value) > self.max_length:
            limit = {"limit": self.max_length}
            raise InvalidRules(_("must be text of 1 to %(limit)s characters") % limit, place=place)
        return value.strip()


@dataclass(kw_only=True)
class FurtherField(Text):
    """The key of one of the contact's further fields; a sensitive one is refused."""

    max_length: int = 100

    def read(self, value: Any, place: str, references: References) -> str:
        key = super().read(value, place, references)
        references.add_further_field(key, place)
        return key


@dataclass(kw_only=True)
class Choice(Parameter):
    """One of a few words. ``choices`` may be a function, for words that are only known later."""

    choices: Choices | Callable[[], Choices]

    def words(self) -> dict[str, Words]:
        """Each value with what people call it."""
        return dict(self.choices() if callable(self.choices) else self.choices)

    def block(self) -> blocks.Block:
        return blocks.ChoiceBlock(choices=self.choices, **self._options())

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.words())}

    def read(self, value: Any, place: str, references: References) -> str:
        if not isinstance(value, str) or value not in self.words():
            known = ", ".join(self.words())
            raise InvalidRules(
                _("%(value)s is unknown; known: %(known)s") % {"value": shown(value), "known": known}, place=place
            )
        return value


def shown(value: Any) -> str:
    """Return a value for an error message: as it stands in JSON, and never long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
