"""The closed grammar of merge tags: ``{{ contact.first_name | default: "friend" }}``.

A tag names a field and filters, nothing else: there is no expression, no call and no loop in it, so nothing that an
editor types, and no value of a contact, can run. Tags are read in what editors type only, never in data.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from wagtail_precise_mail.emails.merge_fields import find_field

# Without "{{" inside: a text of nothing but braces would be searched to its end from each of them.
_TAG = re.compile(r"\{\{((?:(?!\{\{).)*?)\}\}", re.DOTALL)
_FIELD = re.compile(r"[A-Za-z_]\w*(?:\.[\w-]+)*", re.ASCII)
# Word processors and phones turn straight quotes into these.
_DOUBLE, _SINGLE = '"“”„‟«»', "'‘’‚‛"
_FILTER = re.compile(
    rf"\|\s*([a-z_]+)\s*(?::\s*(?:[{_DOUBLE}]([^{_DOUBLE}]*)[{_DOUBLE}]|[{_SINGLE}]([^{_SINGLE}]*)[{_SINGLE}])\s*)?"
)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


@dataclass(frozen=True)
class Tag:
    """One merge tag.

    Attributes:
        field: such as "contact.first_name".
        filters: each a name, with its argument if it takes one: ("default", "friend"), ("upper",).
    """

    field: str
    filters: tuple[tuple[str, ...], ...] = ()

    def fill(self, value: str) -> str:
        """Return the value after the filters, in their order."""
        for name, *arguments in self.filters:
            value = FILTERS[name](value, *arguments)
        return value

    @property
    def fallback(self) -> str:
        """What the tag shows for an empty field."""
        return self.fill("")

    def __str__(self) -> str:
        filters = [f' | {name}: "{arguments[0]}"' if arguments else f" | {name}" for name, *arguments in self.filters]
        return f"{{{{ {self.field}{''.join(filters)} }}}}"


def _default(value: str, fallback: str) -> str:
    return value if value.strip() else fallback


def _phrase(value: str, known: str, unknown: str) -> str:
    return known.replace("#", value) if value.strip() else unknown


def _capitalize(value: str) -> str:
    return value[:1].upper() + value[1:]


FILTERS: dict[str, Callable[..., str]] = {
    "default": _default,
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "capitalize": _capitalize,
    "phrase": _phrase,
}


def parse(text: str) -> list[str | Tag]:
    """Split what an editor typed into literal text and tags.

    Raises:
        ValidationError: a tag is damaged, names an unknown field or filter, or lacks its fallback.
    """
    parts: list[str | Tag] = []
    # A split by a pattern with one group alternates literals and insides of tags.
    for position, piece in enumerate(_TAG.split(text)):
        if position % 2:
            parts.append(parse_tag(piece))
        elif "{{" in piece:
            raise ValidationError(
                _("A merge field starts with {{ but does not end with }}, or part of it is formatted: %(text)s")
                % {"text": _excerpt(piece[piece.index("{{") :])},
                code="merge",
            )
        elif piece:
            parts.append(piece)
    return parts


def parse_tag(inside: str) -> Tag:
    """Return the tag whose inside, between the braces, is given.

    Raises:
        ValidationError: as :func:`parse`.
    """
    source = " ".join(inside.translate(_INVISIBLE).split())
    match = _FIELD.match(source)
    if not match:
        raise _error(_("%(tag)s names no field."), source)
    filters, rest = _read_filters(source[match.end() :].strip())
    if rest:
        raise _error(_("%(tag)s cannot be read from “%(rest)s” on."), source, rest=_excerpt(rest))
    tag = Tag(match.group(), filters)
    _check(tag, source)
    return tag


def _read_filters(source: str) -> tuple[tuple[tuple[str, ...], ...], str]:
    filters: list[tuple[str, ...]] = []
    position = 0
    while match := _FILTER.match(source, position):
        name, double, single = match.groups()
        argument = double if double is not None else single
        filters.append((name,) if argument is None else (name, argument))
        position = match.end()
    return tuple(filters), source[position:]


def _check(tag: Tag, source: str) -> None:
    field = find_field(tag.field)
    if field is None:
        raise _error(_("%(tag)s: there is no field “%(name)s”."), source, name=_excerpt(tag.field))
    for name, *arguments in tag.filters:
        if name not in FILTERS:
            known = ", ".join(FILTERS)
            raise _error(
                _("%(tag)s: there is no filter “%(name)s”; there are %(known)s."), source, name=name, known=known
            )
        if (name == "default") != bool(arguments):
            wrong = _("takes no text") if arguments else _("needs a text in quotes")
            raise _error("%(tag)s: %(name)s %(wrong)s.", source, name=name, wrong=wrong)
    if not field.is_always_filled and not tag.fallback.strip():
        raise _error(
            _("%(tag)s needs a fallback for contacts without it: %(example)s"),
            source,
            example=f'{{{{ {tag.field} | default: "…" }}}}',
        )


def _error(message: str, source: str, **values: str) -> ValidationError:
    return ValidationError(message % {"tag": f"{{{{ {_excerpt(source)} }}}}", **values}, code="merge")


def _excerpt(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
