"""What a check found: a code and its particulars, so that each reader gets the words in their own language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Level(models.TextChoices):
    """How a check came out, the best first."""

    GOOD = "good", _("good")
    OPTIONAL = "optional", _("nice to have")
    UNKNOWN = "unknown", _("not known")
    LOOK = "look", _("look at it")
    BROKEN = "broken", _("broken")


@dataclass(frozen=True)
class Record:
    """A record for the domain name system, such as TXT under "_dmarc.example.com"."""

    name: str
    kind: str
    value: str


@dataclass(frozen=True)
class Finding:
    """One result of one check.

    Attributes:
        check: which, such as "spf"; a key of :data:`.words.CHECKS`.
        code: what came out, such as "spf_missing"; a key of :data:`.words.WORDS`.
        params: what the words name.
        found: the record or header as it is, or "".
        publish: what to publish instead, if anything.
    """

    check: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)
    found: str = ""
    publish: Record | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as data to store."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Finding:
        """Return what :meth:`to_json` stored."""
        record = data.get("publish")
        return cls(**{**data, "publish": Record(**record) if record else None})


@dataclass(frozen=True)
class Check:
    """One check: its name, and in one sentence why it matters."""

    label: str | Promise
    why: str | Promise


@dataclass(frozen=True)
class Words:
    """How bad a finding is, what was found, and what to do; both with the particulars of the finding."""

    level: Level
    found: str | Promise
    todo: str | Promise = ""


def worst(levels: Iterable[str]) -> str:
    """Return the worst of some levels; nothing at all is not known."""
    order = list(Level.values)
    return max(levels, key=order.index, default=Level.UNKNOWN)
