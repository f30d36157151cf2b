"""The closed grammar of merge tags: ``{{ contact.first_name | default: "friend" }}``.

A tag names a field and filters, nothing else: there is no expression, no call and no loop in it, so nothing that an
editor types, and no value of a contact, can run. Tags are read in what editors type only, never in data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.fields import blocked_keys
from wagtail_precise_mail.emails.merge_attributes import attribute_key
from wagtail_precise_mail.emails.merge_fields import MergeField, field_names, find_field
from wagtail_precise_mail.emails.merge_filters import FILTERS, IMPLIED, Filter, Kind

TAG_LENGTH_LIMIT = 1000
"""Characters between the braces of one tag."""

_FIELD = re.compile(r"[A-Za-z_]\w*(?:\.[\w-]+)*", re.ASCII)
# Word processors and phones turn straight quotes into these.
_DOUBLE, _SINGLE = '"“”„‟«»', "'‘’‚‛"
_QUOTED = rf"[{_DOUBLE}][^{_DOUBLE}]*[{_DOUBLE}]|[{_SINGLE}][^{_SINGLE}]*[{_SINGLE}]"
_TEXTS = re.compile(_QUOTED)
_FILTER = re.compile(rf"\|\s*([a-z_]+)\s*((?::\s*(?:{_QUOTED})\s*(?:,\s*(?:{_QUOTED})\s*)*)?)")
# Not the joiners U+200C and U+200D: Persian words and some emoji need them.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"))


@dataclass(frozen=True)
class Tag:
    """One merge tag.

    Attributes:
        field: such as "contact.first_name".
        filters: each a name, with its arguments: ("default", "friend"), ("upper",).
    """

    field: str
    filters: tuple[tuple[str, ...], ...] = ()

    def fill(self, value: str, locale: str) -> str:
        """Return the value after the filters, in their order.

        Args:
            value: the text of the field: dates in ISO 8601, numbers plain.
            locale: code of the language that the email is written in.
        """
        for name, *arguments in self.filters:
            value = FILTERS[name].apply(value, locale, *arguments)
        return value

    @property
    def fallback(self) -> str:
        """What the tag shows for an empty field."""
        return self.fill("", "en")

    @property
    def label(self) -> str:
        """The field, as editors call it."""
        field = find_field(self.field)
        return str(field.label) if field else self.field

    @property
    def reading(self) -> Filter | None:
        """The filter that writes out a date, a number or a code, if the tag has one; others work on any text."""
        return next((FILTERS[name] for name, *_arguments in self.filters if FILTERS[name].reads), None)

    def __str__(self) -> str:
        filters = [
            f" | {name}{': ' if arguments else ''}{', '.join(_quote(argument) for argument in arguments)}"
            for name, *arguments in self.filters
        ]
        return f"{{{{ {self.field}{''.join(filters)} }}}}"


def parse(text: str) -> list[str | Tag]:
    """Split what an editor typed into literal text and tags.

    Raises:
        ValidationError: a tag is damaged, names an unknown field or filter, or lacks its fallback.
    """
    return _split(text, parse_tag)


def as_read(line: str) -> str:
    """Return a line as somebody reads it of whom nothing is known; a line with a damaged tag as it was typed."""
    try:
        # Fallbacks tell nothing of anybody: whether the field is sensitive, which costs a query, is not asked.
        return "".join(part if isinstance(part, str) else part.fallback for part in _split(line, _read_tag))
    except ValidationError:
        return line


def _split(text: str, read: Callable[[str], Tag]) -> list[str | Tag]:
    parts: list[str | Tag] = []
    position = 0
    while (start := text.find("{{", position)) >= 0:
        end = text.find("}}", start + 2)
        if end < 0:
            message = _("A merge field starts with {{ but does not end with }}, or part of it is formatted: %(text)s")
            raise ValidationError(message % {"text": _excerpt(text[start:])}, code="merge")
        parts += [text[position:start], read(text[start + 2 : end])]
        position = end + 2
    return [part for part in [*parts, text[position:]] if part]


def parse_tag(inside: str) -> Tag:
    """Return the tag whose inside, between the braces, is given.

    Dates, numbers and codes get the filter that writes them out, where the tag names none.

    Raises:
        ValidationError: as :func:`parse`.
    """
    return _read_tag(inside, is_guarded=True)


def _read_tag(inside: str, *, is_guarded: bool = False) -> Tag:
    if len(inside) > TAG_LENGTH_LIMIT:
        raise _error(_("%(tag)s is too long."), inside)
    source = " ".join(inside.translate(_INVISIBLE).split())
    match = _FIELD.match(source)
    name = match.group() if match else ""
    field = find_field(name)
    if match is None or field is None:
        raise _unknown_field(name, source)
    if is_guarded and (key := attribute_key(name)) and blocked_keys([key]):
        message = _("%(tag)s: the field “%(key)s” is sensitive. Somebody who may allow its use has to say why.")
        raise _error(message, source, key=key)
    filters, rest = _read_filters(source[match.end() :].strip())
    if rest:
        raise _error(_("%(tag)s cannot be read from “%(rest)s” on."), source, rest=_excerpt(rest))
    return _checked(name, field, filters, source)


def tags_in(payload: Any) -> list[Tag]:
    """Return the different tags in a payload, wherever in it they stand, in their order."""
    return list(dict.fromkeys(_walk(payload)))


def _walk(part: Any) -> Iterator[Tag]:
    if isinstance(part, dict):
        if "field" in part and "filters" in part:
            yield Tag(part["field"], tuple(tuple(one) for one in part["filters"]))
            return
        part = part.values()
    elif not isinstance(part, list | tuple):
        return
    for inner in part:
        yield from _walk(inner)


def _read_filters(source: str) -> tuple[tuple[tuple[str, ...], ...], str]:
    filters: list[tuple[str, ...]] = []
    position = 0
    while match := _FILTER.match(source, position):
        name, texts = match.groups()
        filters.append((name, *(quoted[1:-1] for quoted in _TEXTS.findall(texts))))
        position = match.end()
    return tuple(filters), source[position:]


def _checked(name: str, field: MergeField, filters: tuple[tuple[str, ...], ...], source: str) -> Tag:
    for number, (filter_name, *arguments) in enumerate(filters):
        _check_filter(filter_name, arguments, field, is_first=number == 0, source=source)
    reads = any(FILTERS[filter_name].reads for filter_name, *_arguments in filters)
    if not reads and field.kind in IMPLIED:
        filters = (IMPLIED[field.kind], *filters)
    tag = Tag(name, filters)
    # What of a field of any kind a filter can read, nobody knows before.
    is_filled = field.is_always_filled and field.kind != Kind.ANY
    if not (is_filled or tag.fallback.strip() or any(FILTERS[name].is_fallback for name, *_texts in filters)):
        example = str(Tag(name, (*(one for one in filters if one[0] != "default"), ("default", "…"))))
        raise _error(_("%(tag)s needs a fallback for contacts without it: %(example)s"), source, example=example)
    return tag


def _check_filter(name: str, arguments: list[str], field: MergeField, *, is_first: bool, source: str) -> None:
    if name not in FILTERS:
        message = _("%(tag)s: there is no filter “%(name)s”; there are %(known)s.")
        hint = _suggestion(name, FILTERS)
        raise _error(f"{message}{hint}", source, name=_excerpt(name), known=", ".join(FILTERS))
    known = FILTERS[name]
    if wrong := known.check(arguments):
        message = _("%(tag)s: %(name)s %(wrong)s. Write it like this: %(example)s")
        raise _error(message, source, name=name, wrong=wrong, example=known.example)
    if not known.reads:
        return
    if field.kind not in known.reads:
        message = _("%(tag)s: %(name)s cannot read %(field)s, which is no %(kinds)s.")
        raise _error(message, source, name=name, field=f"“{field.label}”", kinds=_kinds(known))
    if not is_first:
        raise _error(_("%(tag)s: %(name)s stands before all other filters, and once only."), source, name=name)


def _kinds(known: Filter) -> str:
    words = {
        Kind.DATE: _("date"),
        Kind.NUMBER: _("number"),
        Kind.COUNTRY: _("country"),
        Kind.LANGUAGE: _("language"),
    }
    return next(word for kind, word in words.items() if kind in known.reads)


def _unknown_field(name: str, source: str) -> ValidationError:
    message = _("%(tag)s: there is no field “%(name)s”.") if name else _("%(tag)s names no field.")
    if name.startswith("contact.attributes"):
        hint = " " + _("A further field is written contact.attributes.key.")
    else:
        hint = _suggestion(name, field_names(), _called(source))
    return _error(f"{message}{hint}", source, name=_excerpt(name))


def _called(source: str) -> list[str]:
    """Return the fields that a tag calls by their label, as the copy of a chip does: "{{ First name | friend }}"."""
    words = source.lower().partition("|")[0].strip()
    return [name for name in field_names() if (field := find_field(name)) and str(field.label).lower() == words]


def _suggestion(name: str, known: Iterable[str], meant: Sequence[str] = ()) -> str:
    names = list(known)
    # "first_name" alone means contact.first_name.
    close = meant or [one for one in names if one.partition(".")[2] == name] or get_close_matches(name[:80], names, 2)
    if not close:
        return ""
    return " " + _("Did you mean %(names)s?") % {"names": ", ".join(close)}


def _quote(argument: str) -> str:
    mark = "'" if any(character in _DOUBLE for character in argument) else '"'
    return f"{mark}{argument}{mark}"


def _error(message: str, source: str, **values: str) -> ValidationError:
    tag = f"{{{{ {_excerpt(source)} }}}}"
    return ValidationError(message % {"tag": tag, **values}, code="merge")


def _excerpt(text: str) -> str:
    # Halves of surrogate pairs cannot be shown on any page.
    shown = text[:80].encode("utf-8", "replace").decode()
    return shown if len(text) <= 80 else f"{shown[:79]}…"
