"""Parameters that hold several values: lists, and rows by their natural keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.db.models import Model
from django.utils.translation import gettext as _
from wagtail import blocks

from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.conditions.parameters import Parameter, Words, shown
from wagtail_precise_mail.segments.conditions.references import Key, MakeBranches, Meaning, References


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
        meaning: works out what a row stands for, once every key was looked up.
        branches: for keys that stand for all rows below theirs too: returns those by row.
    """

    model: str
    attribute: str
    chooser: Callable[..., blocks.Block]
    normalize: Callable[[str], str] = str
    item_label: Words = ""
    meaning: Meaning | None = None
    branches: MakeBranches | None = None
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
        references.add(self.keys.model, self.keys.attribute, key, place, branches=self.keys.branches)
        if self.keys.meaning:
            references.add_meaning(key, place, self.keys.meaning)
        return key

    def from_block(self, value: Any) -> Any:
        return getattr(value, self.keys.attribute) if isinstance(value, Model) else super().from_block(value)

    def to_block(self, value: Any) -> Any:
        model = apps.get_model(self.keys.model)
        if not isinstance(self.block(), blocks.ChooserBlock):
            return value
        return model._default_manager.get(**{self.keys.attribute: self.keys.normalize(value)}).pk
