"""The portrait of a contact on their profile: what is worked out about them, each with its evidence (C037).

A room registers a :class:`PortraitSource` in its own ``portrait.py``; so may any other app.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.panels import ProfilePanel, profile_panels
from wagtail_precise_mail.registry import Registry


@dataclass(frozen=True)
class PortraitFact:
    """One thing that is worked out about a contact.

    Attributes:
        evidence: what it rests on, such as "12 of 20 pieces".
        computed_at: when it was worked out.
        is_flagged: whether it is news that somebody should see.
    """

    label: str
    value: str
    evidence: str
    computed_at: datetime | None
    is_flagged: bool = False


class PortraitSource(ABC):
    """Some facts of the portrait."""

    @abstractmethod
    def facts(self, contact: Contact) -> list[PortraitFact]:
        """Return the facts in the order to read them; none where nothing is known."""


portrait_sources: Registry[type[PortraitSource]] = Registry("portrait source")


@profile_panels.register("portrait")
class PortraitPanel(ProfilePanel):
    """What every room worked out."""

    title: ClassVar[str | Promise] = _("Portrait")
    template_name = "wagtail_precise_mail/contacts/portrait.html"

    def context(self, contact: Contact) -> dict[str, Any]:
        return {"facts": [fact for _key, source in portrait_sources.items() for fact in source().facts(contact)]}
