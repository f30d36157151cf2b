"""What other rooms add to a contact's profile: panels beside the timeline, and actions in its head."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.functional import Promise

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.registry import Registry


class ProfilePanel(ABC):
    """A panel that is fetched once the page stands, so that it may ask the database more than the page does."""

    title: ClassVar[str | Promise]
    template_name: ClassVar[str]

    def is_shown(self, user: Any) -> bool:
        """Whether somebody who may see contacts may see this, too."""
        return True

    @abstractmethod
    def context(self, contact: Contact) -> dict[str, Any]:
        """Return what the template needs."""


@dataclass(frozen=True)
class ProfileAction:
    """A button in the head of a profile."""

    label: str
    url: str
    icon: str


class ProfileActionSource(ABC):
    """Something that can be done with one contact."""

    @abstractmethod
    def action(self, contact: Contact, user: Any) -> ProfileAction | None:
        """Return the button, or None for those who may not."""


source_panels: Registry[Callable[[], Any]] = Registry("panel of a source of sign-ups")
"""Panels of Wagtail that other rooms add to the form of a source, such as what signing up there gives."""

profile_panels: Registry[type[ProfilePanel]] = Registry("profile panel")
profile_actions: Registry[type[ProfileActionSource]] = Registry("profile action")
