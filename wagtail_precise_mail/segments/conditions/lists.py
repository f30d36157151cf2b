"""Conditions that need no facts about the contact: static lists, and everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from django.apps import apps
from django.db.models import Exists, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import blocks

from wagtail_precise_mail.contacts.models import Contact, ContactList
from wagtail_precise_mail.segments.conditions.base import Condition, conditions
from wagtail_precise_mail.segments.conditions.several import Keys
from wagtail_precise_mail.segments.conditions.words import listed, named


def _lists() -> list[tuple[str, str | Promise]]:
    model = apps.get_model("wagtail_precise_mail.ContactList")
    return list(model._default_manager.values_list("slug", "name"))


def _list_block(**kwargs: object) -> blocks.ChoiceBlock:
    return blocks.ChoiceBlock(choices=_lists, **kwargs)


@conditions.register("in_list")
@dataclass(frozen=True)
class InList(Condition):
    """Contacts on a static list."""

    label = gettext_lazy("On a list")
    description = gettext_lazy("Contacts put together by hand or by an import. Several lists: on any of them.")
    icon = "list-ul"
    is_profiling = False

    lists: Annotated[
        tuple[str, ...],
        Keys(
            label=gettext_lazy("Lists"),
            item_label=gettext_lazy("List"),
            model="wagtail_precise_mail.ContactList",
            attribute="slug",
            chooser=_list_block,
        ),
    ]

    def as_q(self, at: datetime) -> Q:
        entries = ContactList.contacts.through.objects.filter(contactlist__slug__in=self.lists)
        return Q(Exists(entries.filter(contact=OuterRef("pk"))))

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        return _("are on the list %(lists)s") % {"lists": listed(map(named, self.lists))}

    def explain(self, contact: Contact, at: datetime) -> str:
        names = contact.lists.values_list("slug", flat=True)
        return _("on the lists %(lists)s") % {"lists": ", ".join(names)} if names else _("on no list")


@conditions.register("everybody")
@dataclass(frozen=True)
class Everybody(Condition):
    """All contacts: said out loud, because a segment without rules has no members."""

    label = gettext_lazy("Everybody")
    description = gettext_lazy("All contacts. Consent and suppression still decide who is written to.")
    icon = "group"
    is_profiling = False

    def as_q(self, at: datetime) -> Q:
        return Q(pk__isnull=False)

    def sentence(self) -> str:
        return _("are contacts at all")
