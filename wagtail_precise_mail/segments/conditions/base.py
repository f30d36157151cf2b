"""What a condition is, and the registry of all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self, get_type_hints

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.exceptions import InvalidRules, RegistrationError
from wagtail_precise_mail.registry import Registry
from wagtail_precise_mail.segments.conditions.parameters import Parameter, Words, shown
from wagtail_precise_mail.segments.conditions.references import References
from wagtail_precise_mail.segments.conditions.tallies import Beginning, Tally, all_but

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import Contact


@dataclass(frozen=True)
class Condition(ABC):
    """One testable statement about a contact.

    Subclasses are frozen dataclasses of natural keys, numbers and words, so that a condition can be written into a
    file and read on another site. Each field is ``Annotated`` with the :class:`Parameter` that describes it; a field
    without a default must be given.
    """

    label: ClassVar[Words]
    """What the editor picks, such as "Bought a product"."""
    description: ClassVar[Words] = ""
    """One line below the label."""
    group: ClassVar[Words] = gettext_lazy("Contact")
    """Where it stands in the picker."""
    icon: ClassVar[str] = "tag"
    is_profiling: ClassVar[bool] = True
    """Whether it concludes from what people did. False for what they or a colleague stated, such as their country:
    only then do parts of emails heed it for contacts who do not allow profiling."""

    @abstractmethod
    def as_q(self, at: datetime) -> Q:
        """Return the statement about contacts, as of ``at``; nothing after that moment counts.

        The Q must not join rows to the contact, or somebody would be counted twice: use ``Exists`` or ``pk__in``.
        """

    @abstractmethod
    def sentence(self) -> str:
        """Return the statement in words that follow "Contacts who", such as "bought 85123A"."""

    def as_negated_q(self, at: datetime) -> Q:
        """Return the exact complement. Override with ``~self.as_q(at)`` when that is never NULL, and cheaper."""
        return all_but(self.as_q(at))

    def tally(self, at: datetime) -> Tally | None:
        """Return the statement as sums over rows of a contact, so that neighbours share one pass over them."""
        return None

    def beginning(self, at: datetime) -> Beginning | None:
        """Return before when those for whom it holds have nothing in some history, if that follows from it."""
        return None

    def nested(self) -> Any:
        """Return the group of rules that this condition stands for, or None; it compiles in its place."""
        return None

    def explain(self, contact: Contact, at: datetime) -> str:
        """Return the facts behind the answer for one contact, such as "3 orders", or ""."""
        return ""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield pairs of field and message for values that are right one by one but not together."""
        yield from ()

    @classmethod
    def parameters(cls) -> dict[str, Parameter]:
        """Return the description of every field, by name."""
        return _parameters(cls)

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of the value below this condition's key."""
        parameters = cls.parameters()
        properties = {
            name: {**parameter.schema(), "description": str(parameter.help_text or parameter.label)}
            for name, parameter in parameters.items()
        }
        required = [name for name, parameter in parameters.items() if parameter.required]
        return {
            "type": "object",
            "description": str(cls.description or cls.label),
            "properties": properties,
            "additionalProperties": False,
            **({"required": required} if required else {}),
        }

    @classmethod
    def from_json(cls, data: Any, *, place: str = "", references: References | None = None) -> Self:
        """Read a condition.

        Args:
            place: where ``data`` stands, for error messages.
            references: collects the natural keys, to be checked by the caller; without it they are checked here.

        Raises:
            InvalidRules: an unknown key, a missing or wrong value, or a natural key that leads nowhere.
        """
        mine = References()
        values = cls._read(data, place, references or mine)
        condition = cls(**values)
        for name, message in condition.problems():
            raise InvalidRules(message, place=f"{place}.{name}" if name else place)
        mine.check()
        return condition

    @classmethod
    def _read(cls, data: Any, place: str, references: References) -> dict[str, Any]:
        parameters = cls.parameters()
        if not isinstance(data, dict):
            raise InvalidRules(_("must be an object, not %(value)s") % {"value": shown(data)}, place=place)
        for name in data:
            if name not in parameters:
                known = ", ".join(parameters) or _("none")
                raise InvalidRules(
                    _("there is no such key; known: %(known)s") % {"known": known}, place=f"{place}.{name}"
                )
        for name, parameter in parameters.items():
            if parameter.required and name not in data:
                raise InvalidRules(_("is missing"), place=f"{place}.{name}")
        return {name: parameters[name].read(value, f"{place}.{name}", references) for name, value in data.items()}

    def to_json(self) -> dict[str, Any]:
        """Return what :meth:`from_json` reads, without the fields that are at their default."""
        return {
            field.name: self.parameters()[field.name].write(getattr(self, field.name))
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }

    @classmethod
    def from_block(cls, value: Any) -> dict[str, Any]:
        """Return the JSON of what an editor entered, finished or not: :meth:`from_json` judges it."""
        entered = {name: spec.from_block(value.get(name)) for name, spec in cls.parameters().items()}
        return {name: one for name, one in entered.items() if one is not None}

    @classmethod
    def to_block(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Return what the editor's block stores for a condition in JSON."""
        return {name: spec.to_block(data[name]) for name, spec in cls.parameters().items() if name in data}


conditions: Registry[type[Condition]] = Registry("condition")


@cache
def _parameters(condition: type[Condition]) -> dict[str, Parameter]:
    hints = get_type_hints(condition, include_extras=True)
    found = {}
    for field in fields(condition):
        specs = [one for one in getattr(hints[field.name], "__metadata__", ()) if isinstance(one, Parameter)]
        if len(specs) != 1:
            name = f"{condition.__name__}.{field.name}"
            raise RegistrationError(f"{name} must be Annotated with one parameter, such as Count(label=...).")
        found[field.name] = replace(specs[0], required=field.default is MISSING)
    return dict(sorted(found.items(), key=lambda item: item[1].is_aside))
