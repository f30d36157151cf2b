"""Parameters of conditions: one object per field says how it looks in JSON, in the schema and in the editor."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from wagtail import blocks

from wagtail_precise_mail.contacts.fields import blocked_keys
from wagtail_precise_mail.exceptions import InvalidRules

Words = str | Promise
Choices = Sequence[tuple[str, Words]]


class Key(str):
    """A natural key that remembers its row, once it was looked up.

    Attributes:
        pk: queries by id are planned better than queries by key.
        name: what people call it, or "".
    """

    pk: int | None = None
    name: str = ""


class References:
    """Natural keys met while rules are read, so that each model is asked once for all of them."""

    def __init__(self) -> None:
        self._met: dict[tuple[str, str], list[tuple[Key, str]]] = {}
        self._further: dict[str, list[str]] = {}

    def add(self, model: str, attribute: str, key: Key, place: str) -> None:
        """Remember that ``place`` names the row of ``model`` whose ``attribute`` is ``key``."""
        self._met.setdefault((model, attribute), []).append((key, place))

    def add_further_field(self, key: str, place: str) -> None:
        """Remember that ``place`` asks for one of the contact's further fields."""
        self._further.setdefault(key, []).append(place)

    def check(self) -> None:
        """Look every key up.

        Raises:
            InvalidRules: a row is not there (a filter over nothing would widen a "none of"), or a further field is
                sensitive and its use was not allowed.
        """
        for key in sorted(blocked_keys(self._further)) if self._further else []:
            message = _('the field "%(key)s" is sensitive: somebody who may allow its use has to say why')
            raise InvalidRules(message % {"key": key}, place=self._further[key][0])
        for (label, attribute), met in self._met.items():
            model = apps.get_model(label)
            rows = model._default_manager.filter(**{f"{attribute}__in": {key for key, _place in met}})
            found = {getattr(row, attribute): row for row in rows}
            for key, place in met:
                if key not in found:
                    names = {"kind": model._meta.verbose_name, "key": key}
                    raise InvalidRules(_('there is no %(kind)s "%(key)s"') % names, place=place)
                key.pk, key.name = found[key].pk, str(found[key])


@dataclass(kw_only=True)
class Parameter(ABC):
    """How one field of a condition is read, written and edited.

    A value has three forms: Python (in the dataclass), JSON (in files, with natural keys) and block (in the editor).
    """

    label: Words
    help_text: Words = ""
    required: bool = False

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


class _OptionalListBlock(blocks.ListBlock):
    """A list that starts empty: an empty line would be an unfinished one."""

    def __init__(self, child_block: blocks.Block, **kwargs: Any) -> None:
        super().__init__(child_block, default=[], **kwargs)


@dataclass(kw_only=True)
class Several(Parameter):
    """A list of values, each described by ``item``."""

    item: Parameter

    def block(self) -> blocks.Block:
        self.item.required = True
        options = {key: value for key, value in self._options().items() if key != "required"}
        return _OptionalListBlock(self.item.block(), min_num=1 if self.required else None, **options)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.item.schema(), "minItems": 1}

    def read(self, value: Any, place: str, references: References) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise InvalidRules(_("must be a list, not %(value)s") % {"value": shown(value)}, place=place)
        if not value:
            raise InvalidRules(_("is empty"), place=place)
        return tuple(dict.fromkeys(self._read_items(value, place, references)))

    def _read_items(self, values: Iterable[Any], place: str, references: References) -> Iterable[Any]:
        for index, value in enumerate(values):
            here = f"{place}[{index}]"
            if value is None:
                raise InvalidRules(_("nothing is chosen here, or what was chosen is gone"), place=here)
            yield self.item.read(value, here, references)

    def write(self, value: Any) -> Any:
        return [self.item.write(one) for one in value]

    def from_block(self, value: Any) -> Any:
        return [self.item.from_block(one) for one in value or []] or None

    def to_block(self, value: Any) -> Any:
        # Without an id Wagtail would take the whole dict for the value.
        return [{"type": "item", "id": str(uuid4()), "value": self.item.to_block(one)} for one in value or []]


@dataclass(kw_only=True)
class Keys(Several):
    """A list of rows by their natural keys, such as products by SKU.

    Args:
        model: "app_label.Model".
        attribute: the unique field that serves as the key.
        chooser: returns the block that chooses one row.
        normalize: makes one spelling of a key out of several.
        item_label: what one of them is called in the form.
    """

    model: str
    attribute: str
    chooser: Callable[..., blocks.Block]
    normalize: Callable[[str], str] = str
    item_label: Words = ""
    item: Parameter = None  # type: ignore[assignment]  # made below

    def __post_init__(self) -> None:
        self.item = _Key(label=self.item_label or self.label, keys=self)


@dataclass(kw_only=True)
class _Key(Parameter):
    keys: Keys

    def block(self) -> blocks.Block:
        return self.keys.chooser(label=self.label)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1}

    def read(self, value: Any, place: str, references: References) -> Key:
        if not isinstance(value, str) or not value or "\0" in value:
            raise InvalidRules(_("must be a key in quotes, not %(value)s") % {"value": shown(value)}, place=place)
        key = Key(self.keys.normalize(value))
        references.add(self.keys.model, self.keys.attribute, key, place)
        return key

    def from_block(self, value: Any) -> Any:
        return getattr(value, self.keys.attribute) if isinstance(value, Model) else super().from_block(value)

    def to_block(self, value: Any) -> Any:
        model = apps.get_model(self.keys.model)
        if not isinstance(self.block(), blocks.ChooserBlock):
            return value
        return model._default_manager.get(**{self.keys.attribute: self.keys.normalize(value)}).pk


def shown(value: Any) -> str:
    """Return a value for an error message: as it stands in JSON, and never long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
