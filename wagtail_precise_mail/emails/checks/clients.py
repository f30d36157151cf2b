"""HTML and CSS that mail programs do not show, by the table in ``data/clients.toml``.

What our own templates use is left out: MJML gives it a fallback, and an editor could not change it. Looked at are
raw MJML, and the blocks of the project.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import tinycss2
from bs4 import Tag
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.facts import EmailFacts
from wagtail_precise_mail.emails.checks.markup import markup_of, parse


@dataclass(frozen=True)
class Feature:
    """Something that HTML or CSS can do, and who cannot.

    Attributes:
        breaks: keys of the mail programs in which it does not work.
        partial: keys of those in which it works in part.
        tested: year and month of the last test.
        is_harmless: without it a mail looks plainer, and nothing is lost.
        find: how it is recognized, as in the table.
    """

    key: str
    name: str
    breaks: tuple[str, ...]
    partial: tuple[str, ...]
    tested: str
    source: str
    note: str
    is_harmless: bool
    find: dict[str, Any]


@dataclass(frozen=True)
class Table:
    """The table of features.

    Attributes:
        updated: the day of the data.
        clients: names of the mail programs, by their keys.
    """

    updated: str
    source: str
    clients: dict[str, str]
    features: tuple[Feature, ...]


@email_checks.register("client_support")
class ClientSupport(EmailCheck):
    """Raw MJML and blocks of the project use no HTML or CSS that a mail program breaks; it names the program."""

    label = gettext_lazy("HTML and CSS that mail programs show")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        for block in facts.blocks:
            # What a block holds is looked at by itself.
            if not block.brings_markup or block.block.streams(block.value):
                continue
            for feature in features_in(markup_of(block, facts)):
                if not feature.is_harmless and (names := breaking(feature)):
                    yield self.finding(
                        _("%(feature)s does not work in %(clients)s.") % {"feature": feature.name, "clients": names},
                        _(feature.note) if feature.note else _("It must look right without it."),
                        block=block,
                    )


@email_checks.register("client_unknown")
class ClientUnknown(EmailCheck):
    """A hint for emails in Simplified Chinese: of QQ Mail and 163 Mail next to nothing is published, so try them."""

    label = gettext_lazy("QQ Mail and 163 Mail")
    level = Level.HINT

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        if facts.language != "zh" or "hant" in facts.context.language.lower():
            return
        if any(block.brings_markup for block in facts.blocks):
            remedy = _(
                "Send yourself a test to both. Raw MJML: keep to tables, inline styles and pictures with an address."
            )
        else:
            remedy = _(
                "Send yourself a test to both. The blocks here are tables with inline styles, the safest there is."
            )
        message = _("What QQ Mail shows of HTML is unknown, and of 163 Mail nearly so: nobody publishes tests.")
        yield self.finding(message, remedy, place=_("Body"))


@cache
def table() -> Table:
    """Return the table of features and mail programs."""
    data = tomllib.loads((Path(__file__).parent / "data" / "clients.toml").read_text(encoding="utf-8"))
    known = {"name", "breaks", "partial", "unknown", "tested", "source", "note", "harmless", "reports"}
    features = []
    for key, row in data["features"].items():
        reports = row.get("reports", [])
        features.append(
            Feature(
                key=key,
                name=row["name"],
                breaks=(*row["breaks"], *(one["client"] for one in reports if one["says"] == "breaks")),
                partial=(*row["partial"], *(one["client"] for one in reports if one["says"] == "partial")),
                tested=row["tested"],
                source=row["source"],
                note=row.get("note", ""),
                is_harmless=row.get("harmless", False),
                find={name: value for name, value in row.items() if name not in known},
            )
        )
    return Table(data["updated"], data["source"], data["clients"], tuple(features))


def breaking(feature: Feature) -> str:
    """Return the names of the mail programs that break a feature, those that do it in part behind them; or ""."""
    names = table().clients
    whole = ", ".join(names[client] for client in feature.breaks)
    part = ", ".join(names[client] for client in feature.partial)
    return _("%(clients)s (in part: %(others)s)") % {"clients": whole, "others": part} if whole and part else whole


def features_in(markup: str) -> list[Feature]:
    """Return the features that MJML or HTML uses, in the order of the table.

    The attributes of MJML's own elements do not count: MJML writes them with a fallback.
    """
    soup = parse(markup)
    used = _Used()
    for tag in soup.find_all(True):
        used.add_tag(tag)
    return [feature for feature in table().features if used.has(feature)]


def image_feature(source: str) -> Feature | None:
    """Return the feature that shows an image of this address, where not every program has it."""
    for feature in table().features:
        for ending in feature.find.get("image", ()):
            if source.startswith(ending) if ending.endswith(":") else _path(source).endswith(f".{ending}"):
                return feature
    return None


def _path(source: str) -> str:
    try:
        return urlsplit(source).path.lower()
    except ValueError:
        return ""


class _Used:
    """Everything in a piece of markup that the table may ask for."""

    def __init__(self) -> None:
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.declarations: list[tuple[str, str]] = []
        self.at_rules: list[tuple[str, str]] = []
        self.selectors: list[str] = []
        self.is_nested = False

    def add_tag(self, tag: Tag) -> None:
        if tag.name in ("style", "mj-style"):
            self._add_rules(tinycss2.parse_stylesheet(tag.get_text(), skip_comments=True, skip_whitespace=True))
        if tag.name.startswith("mj-"):
            return
        self.elements.add(tag.name)
        self.attributes |= set(tag.attrs)
        if style := tag.get("style"):
            self._add_declarations(tinycss2.parse_blocks_contents(str(style), skip_comments=True, skip_whitespace=True))

    def has(self, feature: Feature) -> bool:
        find = feature.find
        return (
            any(name in self.elements for name in find.get("element", ()))
            or any(name in self.attributes for name in find.get("attribute", ()))
            or any(name in find.get("at_rule", ()) for name, _prelude in self.at_rules)
            or any(_matches(find.get("at_rule_pattern"), prelude) for _name, prelude in self.at_rules)
            or any(_matches(find.get("selector_pattern"), selector) for selector in self.selectors)
            or (bool(find.get("nesting")) and self.is_nested)
            or any(_declares(find, name, value) for name, value in self.declarations)
        )

    def _add_rules(self, rules: list[Any], *, inside: bool = False) -> None:
        for rule in rules:
            if rule.type == "at-rule":
                self.at_rules.append((rule.lower_at_keyword, tinycss2.serialize(rule.prelude).strip()))
                self._add_content(rule.content, inside=inside)
            elif rule.type == "qualified-rule":
                self.selectors.append(tinycss2.serialize(rule.prelude).strip())
                self.is_nested = self.is_nested or inside
                self._add_content(rule.content, inside=True)
            elif rule.type == "declaration":
                self._add_declarations([rule])

    def _add_content(self, content: list[Any] | None, *, inside: bool) -> None:
        if content:
            parsed = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
            self._add_rules(parsed, inside=inside)

    def _add_declarations(self, nodes: list[Any]) -> None:
        for node in nodes:
            if node.type == "declaration":
                self.declarations.append((node.lower_name, tinycss2.serialize(node.value).strip().lower()))


def _declares(find: dict[str, Any], name: str, value: str) -> bool:
    names = find.get("property", ())
    if "*" in names:
        return _matches(find["value_pattern"], value)
    if name not in names:
        return False
    wanted = find.get("values")
    # "url" is the name of a function, "flex" a word of its own.
    return not wanted or any(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", value) for word in wanted)


def _matches(pattern: str | None, text: str) -> bool:
    return bool(pattern and re.search(pattern, text))
