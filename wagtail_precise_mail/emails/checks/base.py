"""What a check is, what it finds, and the registry that projects add theirs to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.conf import SETTING, options
from wagtail_precise_mail.exceptions import ConfigurationError
from wagtail_precise_mail.registry import Registry

if TYPE_CHECKING:
    from wagtail_precise_mail.emails.checks.facts import BlockFacts, EmailFacts

OFF = "off"
"""The level by which a project turns a check off."""


class Level(models.TextChoices):
    """How bad a finding is, the worst first."""

    ERROR = "error", gettext_lazy("error")
    WARNING = "warning", gettext_lazy("warning")
    HINT = "hint", gettext_lazy("hint")


_ORDER = {level.value: number for number, level in enumerate(Level)}


@dataclass(frozen=True)
class Finding:
    """One thing about an email that somebody should look at.

    Attributes:
        level: one of :class:`Level`; an error stops the email, the others do not.
        message: what is wrong.
        remedy: what to do about it.
        place: where: a field or a block, in words.
        key: of the check that found it, or "".
        block_id: the block of the email's own editor where it can be repaired, or "".
        field: "subject", "preheader", "sender" or "brand" where it is none of a block, or "".
        variants: texts that could stand in the field instead.
    """

    level: str
    message: str
    remedy: str
    place: str = ""
    key: str = ""
    block_id: str = ""
    field: str = ""
    variants: tuple[str, ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether the email must not go out like this."""
        return self.level == Level.ERROR

    @property
    def order(self) -> int:
        """For sorting: the worst first."""
        return _ORDER.get(self.level, len(_ORDER))


class EmailCheck(ABC):
    """One thing that is looked at before an email goes out; its docstring is what the reference says about it.

    Args:
        key: under which it is registered.
        level: of its findings: the project's choice, else the check's own.
    """

    label: ClassVar[str | Promise]
    """What editors call it."""

    level: str = Level.WARNING
    """How bad its findings are where the project's ``check_levels`` does not say it."""

    def __init__(self, key: str, level: str) -> None:
        self.key = key
        self.level = level

    @abstractmethod
    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        """Yield what is wrong, with :meth:`finding`; nothing when all is well."""

    def finding(
        self, message: str, remedy: str, *, block: BlockFacts | None = None, place: str = "", field: str = ""
    ) -> Finding:
        """Return a finding of this check, at a block or at a named place."""
        block_id = block.editor_id if block else ""
        return Finding(self.level, message, remedy, place or (block.place if block else ""), self.key, block_id, field)


email_checks: Registry[type[EmailCheck]] = Registry("email check")


def active_checks() -> list[EmailCheck]:
    """Return the checks that the project wants, in the order of their registration, at its levels.

    Raises:
        ConfigurationError: ``check_levels`` names a check that nobody registered.
    """
    require_known_checks()
    chosen = options().check_levels
    levels = {key: chosen.get(key, check.level) for key, check in email_checks.items()}
    return [email_checks.get(key)(key, level) for key, level in levels.items() if level != OFF]


def require_known_checks() -> None:
    """Refuse levels of checks that do not exist: a misspelled key would leave the check as it is.

    Raises:
        ConfigurationError: with the keys that there are.
    """
    if unknown := sorted(set(options().check_levels) - set(email_checks)):
        raise ConfigurationError(
            f"{SETTING}['check_levels'] names checks that nobody registered: {', '.join(unknown)}. "
            f"Registered: {', '.join(sorted(email_checks))}."
        )
