"""From the fields of a record to what it says about a contact: every value checked, every refusal with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from ipaddress import ip_address
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.addresses import address_hash, normalize_address
from wagtail_precise_mail.contacts.countries import country_code
from wagtail_precise_mail.contacts.importing import targets
from wagtail_precise_mail.contacts.importing.states import Said, read_flag, read_state, read_suppressions
from wagtail_precise_mail.contacts.imports import ImportBatch
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.names import clean_name, clean_text, split_name
from wagtail_precise_mail.exceptions import InvalidAddress
from wagtail_precise_mail.tabular.values import read_day, read_moment, read_number

_LIMITS = {item.name: item.max_length or 0 for item in Contact._meta.concrete_fields if hasattr(item, "max_length")}
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LABEL_LIMIT = 20
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*\Z")
# UTF-8 read as Windows-1252: no language writes these.
_MOJIBAKE = re.compile("[ÂÃ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€[™œ\u009d“”]")


class RowError(ValueError):
    """This row cannot be taken; the message says why, for the person who corrects the file."""


@dataclass(slots=True)
class ContactRow:
    """What one row, or several rows of one address, say about a contact."""

    line: int
    email: str
    hash: str
    domain: str
    raw: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    said: Said = Said.GRANTED
    topics: dict[str, Said] = field(default_factory=dict)
    moments: dict[str, datetime] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def merge(self, later: ContactRow) -> None:
        """Take in a later row of the same address: it fills gaps, and the stricter consent counts."""
        self.values = {**later.values, **self.values}
        self.attributes = {**later.attributes, **self.attributes}
        self.lists = tuple(dict.fromkeys((*self.lists, *later.lists)))
        self.tags = tuple(dict.fromkeys((*self.tags, *later.tags)))
        for slug in self.topics.keys() | later.topics.keys():
            self.topics[slug] = max(self.topics.get(slug, self.said), later.topics.get(slug, later.said))
        if later.said > self.said:
            self.said, self.line = later.said, later.line
            self.moments = {**self.moments, **later.moments}
            self.notes = {**self.notes, **later.notes}


class RowReader:
    """Turns the fields of records into rows; what repeats from row to row is worked out once."""

    def __init__(self, batch: ImportBatch, *, at: datetime) -> None:
        self._batch = batch
        self._latest = at + timedelta(days=1)
        self._default = Said[batch.default_state.upper()]
        self._is_western = batch.encoding.startswith("cp125")
        self._country = lru_cache(4096)(self._read_country)
        self._state = lru_cache(1024)(read_state)
        self._moment = lru_cache(16_384)(partial(read_moment, order=batch.day_order))
        self._readers = [
            (place, batch.header[place], self._reader(target))
            for place, target in enumerate(batch.columns)
            if target and target != targets.ADDRESS
        ]
        self._address = batch.columns.index(targets.ADDRESS)

    def read(self, line: int, fields: list[str]) -> ContactRow:
        """Return the row.

        Raises:
            RowError: a value is missing or makes no sense.
        """
        if self._is_western and any(not value.isascii() and _MOJIBAKE.search(value) for value in fields):
            raise RowError(_("this line is UTF-8 and the file is not: save the whole file in one encoding"))
        row = self._read_address(line, fields[self._address])
        row.raw = fields
        said: list[Said] = []
        for place, name, read in self._readers:
            value = fields[place]
            if not value or not (value := value.strip()):
                continue
            if "\0" in value:
                raise RowError(_("holds a NUL character"))
            try:
                found = read(row, value)
            except ValueError as error:
                shown = value if len(value) <= 80 else value[:80] + "…"
                raise RowError(f"{name} “{shown}” {error}") from None
            if found is not None:
                said.append(found)
        row.said = max(said, default=self._default)
        if row.said == Said.GRANTED and "confirmed_at" in row.moments:
            row.said = Said.CONFIRMED
        return row

    def _read_address(self, line: int, value: str) -> ContactRow:
        email = clean_text(value).removeprefix("mailto:").strip("<>;, ")
        if not email:
            raise RowError(_("there is no address in this row"))
        try:
            normalized = normalize_address(email)
        except InvalidAddress as error:
            raise RowError(str(error)) from None
        return ContactRow(line, email, address_hash(normalized), normalized.rpartition("@")[2])

    def _reader(self, target: str) -> Callable[[ContactRow, str], Said | None]:
        kind, name = targets.parse(target)
        if kind in targets.KINDS:
            return partial(getattr(self, f"_read_{kind}"), name)
        if kind in targets.OF_TOPIC:
            return partial(self._read_topic, name, kind == "opt_in")
        if kind in ("opted_in_at", "confirmed_at", "opted_out_at"):
            return partial(self._read_moment, kind)
        if kind in ("opt_in_ip", "confirm_ip"):
            return partial(self._read_ip, kind)
        special = getattr(self, f"_take_{kind}", None)
        return special or partial(self._read_field, kind)

    def _read_field(self, name: str, row: ContactRow, value: str) -> None:
        is_name = self._batch.is_cleaning and name in ("first_name", "last_name", "city")
        row.values[name] = (clean_name(value) if is_name else clean_text(value))[: _LIMITS[name]].rstrip()

    def _take_full_name(self, row: ContactRow, value: str) -> None:
        for name, part in zip(("first_name", "last_name"), split_name(value), strict=True):
            if part and name not in row.values:
                self._read_field(name, row, part)

    def _take_country(self, row: ContactRow, value: str) -> None:
        code = self._country(value)
        if code:
            row.values["country"] = code
        elif code is None:
            # One wrong spelling must not cost a contact: it is kept as it came, and counted.
            row.notes["country"] = value[:80]

    def _read_country(self, value: str) -> str | None:
        return country_code(value)

    def _take_locale(self, row: ContactRow, value: str) -> None:
        if not _LANGUAGE.match(value):
            raise ValueError(_("is no language such as en or zh-hans"))
        row.values["locale"] = value.replace("_", "-").lower()[: _LIMITS["locale"]]

    def _take_time_zone(self, row: ContactRow, value: str) -> None:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(_("is no time zone such as Europe/Berlin")) from None
        row.values["time_zone"] = value[: _LIMITS["time_zone"]]

    def _take_birthday_on(self, row: ContactRow, value: str) -> None:
        day = self._day(value)
        if not date(1900, 1, 1) <= day <= self._latest.date():
            raise ValueError(_("is not believable as a birthday"))
        row.values["birthday_on"] = day

    def _take_state(self, row: ContactRow, value: str) -> Said | None:
        try:
            return self._state(value)
        except ValueError:
            raise ValueError(_("is no subscription state that we know")) from None

    def _take_suppressions(self, row: ContactRow, value: str) -> Said | None:
        try:
            return read_suppressions(value)
        except ValueError:
            raise ValueError(_("is no reason that we know")) from None

    def _take_unsubscribed(self, row: ContactRow, value: str) -> Said | None:
        return Said.UNSUBSCRIBED if self._flag(value) else None

    def _take_complained(self, row: ContactRow, value: str) -> Said | None:
        return Said.COMPLAINED if self._flag(value) else None

    def _take_bounced(self, row: ContactRow, value: str) -> Said | None:
        """Yes, no, or the reason of the bounce, which is a yes."""
        try:
            return Said.BOUNCED if read_flag(value) else None
        except ValueError:
            row.notes["bounce"] = value[:200]
            return Said.BOUNCED

    def _take_opt_out_reason(self, row: ContactRow, value: str) -> None:
        row.notes["reason"] = clean_text(value)[:200]

    def _take_lists(self, row: ContactRow, value: str) -> None:
        row.lists = _joined(row.lists, value)

    def _take_tags(self, row: ContactRow, value: str) -> None:
        row.tags = _joined(row.tags, value)

    def _read_topic(self, slug: str, is_yes: bool, row: ContactRow, value: str) -> None:
        if is_yes:
            row.topics[slug] = Said.GRANTED if self._flag(value) else Said.NEVER
        elif self._flag(value):
            row.topics[slug] = Said.WITHDRAWN

    def _read_moment(self, name: str, row: ContactRow, value: str) -> None:
        try:
            moment = self._moment(value)
        except (ValueError, OverflowError):
            raise ValueError(_("is no date that we can read")) from None
        if not _EARLIEST <= moment <= self._latest:
            raise ValueError(_("is not believable as a moment"))
        row.moments[name] = moment

    def _read_ip(self, name: str, row: ContactRow, value: str) -> None:
        try:
            row.notes[name] = str(ip_address(value))
        except ValueError:
            raise ValueError(_("is no IP address")) from None

    def _read_text(self, key: str, row: ContactRow, value: str) -> None:
        row.attributes[key] = clean_text(value)[:1000]

    def _read_number(self, key: str, row: ContactRow, value: str) -> None:
        try:
            number = read_number(value, decimal=self._batch.decimal)
        except ValueError:
            raise ValueError(_("is no number")) from None
        row.attributes[key] = int(number) if number == number.to_integral_value() else float(number)

    def _read_date(self, key: str, row: ContactRow, value: str) -> None:
        row.attributes[key] = self._day(value).isoformat()

    def _day(self, value: str) -> date:
        try:
            return read_day(value, order=self._batch.day_order)
        except (ValueError, OverflowError):
            raise ValueError(_("is no date that we can read")) from None

    def _flag(self, value: str) -> bool:
        try:
            return read_flag(value)
        except ValueError:
            raise ValueError(_("is neither yes nor no")) from None


def _joined(names: tuple[str, ...], value: str) -> tuple[str, ...]:
    """Return names with those that a value has between commas, semicolons or bars."""
    more = (clean_text(part.strip(" \"'[]")) for part in re.split(r"[,;|]", value))
    return tuple(dict.fromkeys((*names, *(name[:100] for name in more if name))))[:_LABEL_LIMIT]


def merged(rows: list[ContactRow]) -> Iterator[ContactRow]:
    """Yield one row per address, in the order of the file."""
    by_hash: dict[str, ContactRow] = {}
    for row in rows:
        if known := by_hash.get(row.hash):
            known.merge(row)
        else:
            by_hash[row.hash] = row
    yield from by_hash.values()
