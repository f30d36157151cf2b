"""The mapping file: what the columns of an order file are called, and how its values are written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from babel.numbers import is_currency

from wagtail_precise_mail.exceptions import ConfigurationError
from wagtail_precise_mail.tabular.formats import FileFormat

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}\Z")


@dataclass(frozen=True)
class Columns:
    """The table ``[columns]``: the header of each column; the first five are needed."""

    number: str
    sku: str
    quantity: str
    unit_price: str
    placed_at: str
    description: str = ""
    customer: str = ""
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    country: str = ""
    currency: str = ""
    category: str = ""
    image_url: str = ""
    url: str = ""
    cost: str = ""
    discount: str = ""
    order_discount: str = ""
    shipping_total: str = ""
    coupon: str = ""
    channel: str = ""
    payment_method: str = ""
    shipping_method: str = ""
    unit_cost: str = ""
    variant: str = ""
    brand: str = ""
    tags: str = ""

    def named(self) -> dict[str, str]:
        """Our names to the file's, of the columns that the mapping uses."""
        return {item.name: name for item in fields(self) if (name := getattr(self, item.name))}


@dataclass(frozen=True)
class Contacts:
    """The table ``[contacts]``: how an address is made, and what the contacts agreed to."""

    address: str = ""
    """Made from the customer's id, such as "customer-{id}@example.com"; "" when there is an email column."""
    remove_suffix: str = ""
    """Cut from the end of ids, such as ".0" of numbers that were once floats."""
    topic: str = ""
    """Slug of a topic that all of them agreed to; "" records no consent."""
    evidence: str = ""
    """What proves that consent."""


@dataclass(frozen=True)
class Orders:
    """The table ``[orders]``: regular expressions that the start of a number must match."""

    refunds: str = ""
    adjustments: str = ""


@dataclass(frozen=True)
class Products:
    """The table ``[products]``: which codes are charges."""

    charges: tuple[str, ...] = ()
    """Codes, whatever their case."""
    charge_pattern: str = ""
    """A regular expression for whole codes, whatever their case."""


@dataclass(frozen=True)
class OrderMapping:
    """A whole mapping file."""

    source: str
    """Names the system that the orders come from; with the number it is the key of an order."""
    columns: Columns
    currency: str = ""
    file: FileFormat = field(default_factory=FileFormat)
    contacts: Contacts = field(default_factory=Contacts)
    orders: Orders = field(default_factory=Orders)
    products: Products = field(default_factory=Products)
    countries: Mapping[str, str] = field(default_factory=dict)
    """Spellings of the file to ISO 3166 alpha-2 codes, or to "" for those that are no country."""

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise ConfigurationError(f"The mapping does not fit: {problem}")

    @cached_property
    def time_zone(self) -> ZoneInfo:
        """Of dates without an offset."""
        return ZoneInfo(self.file.time_zone)


def load_mapping(path: str | Path) -> OrderMapping:
    """Read a mapping file.

    Raises:
        ConfigurationError: not there, not TOML, or with wrong keys or values; the message says which.
    """
    try:
        data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"Cannot read the mapping {path}: {error.strerror or error}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The mapping {path} is not TOML: {error}.") from error
    try:
        return read_mapping(data)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from error


def read_mapping(data: dict[str, Any]) -> OrderMapping:
    """Return the mapping that a TOML document holds.

    Raises:
        ConfigurationError: an unknown or missing key, or a value of the wrong kind.
    """
    tables = {"file": FileFormat, "columns": Columns, "contacts": Contacts, "orders": Orders, "products": Products}
    data = {"columns": {}, **data}
    built: dict[str, Any] = {name: _build(kind, data[name], name) for name, kind in tables.items() if name in data}
    countries = _build_countries(data.get("countries", {}))
    return _build(OrderMapping, {**data, **built, "countries": countries}, "")


T = TypeVar("T")


def _build(kind: type[T], given: Any, place: str) -> T:
    prefix = f"{place}." if place else ""
    if not isinstance(given, dict):
        raise ConfigurationError(f"[{place}] must be a table.")
    known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(given) - set(known)):
        raise ConfigurationError(f"unknown key {prefix}{unknown[0]}; known: {', '.join(known)}.")
    for name, item in known.items():
        if name not in given and item.default is MISSING and item.default_factory is MISSING:
            raise ConfigurationError(f"{prefix}{name} is missing.")
    return kind(**{name: _checked(known[name].type, value, prefix + name) for name, value in given.items()})


def _checked(kind: Any, value: Any, place: str) -> Any:
    if kind == "str" and not isinstance(value, str):
        raise ConfigurationError(f"{place} must be a text, not {value!r}.")
    if kind == "tuple[str, ...]":
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigurationError(f"{place} must be a list of texts, not {value!r}.")
        return tuple(value)
    return value


def _build_countries(given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        raise ConfigurationError("[countries] must be a table.")
    for name, code in given.items():
        if not isinstance(code, str) or (code and not re.fullmatch("[A-Z]{2}", code)):
            raise ConfigurationError(f'countries."{name}" must be two capital letters such as "GB", or "".')
    return given


def _problems(mapping: OrderMapping) -> Any:
    """Yield what is wrong, in words."""
    if not _SLUG.match(mapping.source):
        yield f"source {mapping.source!r} must be lower-case letters, digits, _ and - (50 at the most)."
    if mapping.currency and not is_currency(mapping.currency):
        yield f"currency {mapping.currency!r} is no ISO 4217 code such as EUR."
    if not mapping.currency and not mapping.columns.currency:
        yield "either currency or columns.currency is needed."
    yield from _problems_of_columns(mapping)
    yield from _problems_of_file(mapping.file)
    for name in ("orders.refunds", "orders.adjustments", "products.charge_pattern"):
        table, key = name.split(".")
        try:
            re.compile(getattr(getattr(mapping, table), key))
        except re.error as error:
            yield f"{name} is no regular expression: {error}."


def _problems_of_columns(mapping: OrderMapping) -> Any:
    for ours in ("number", "sku", "quantity", "unit_price", "placed_at"):
        if not getattr(mapping.columns, ours):
            yield f"columns.{ours} is needed."
    address = mapping.contacts.address
    if address and ("{id}" not in address or "@" not in address):
        yield f'contacts.address {address!r} needs "{{id}}" and "@", such as "customer-{{id}}@example.com".'
    if address and not mapping.columns.customer:
        yield "contacts.address needs columns.customer, where the id comes from."
    if mapping.columns.customer and not address and not mapping.columns.email:
        yield "columns.customer needs contacts.address, which makes an address from the id."


def _problems_of_file(file: FileFormat) -> Any:
    for name in ("delimiter", "quote", "decimal"):
        if len(getattr(file, name)) != 1:
            yield f"file.{name} must be one character, not {getattr(file, name)!r}."
    if file.delimiter == file.quote or {file.delimiter, file.quote} & {"\r", "\n"}:
        yield "file.delimiter and file.quote must differ, and cannot be line ends."
    if file.thousands == file.decimal:
        yield "file.thousands and file.decimal must differ."
    try:
        "".encode(file.encoding)
    except LookupError:
        yield f"file.encoding {file.encoding!r} is unknown; try utf-8, cp1252 or gb18030."
    try:
        ZoneInfo(file.time_zone)
    except (KeyError, ValueError, OSError):
        yield f"file.time_zone {file.time_zone!r} is unknown; try UTC or Europe/London."
