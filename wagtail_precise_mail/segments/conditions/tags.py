"""The condition on tags."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from django.db.models import Exists, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import blocks

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.tags import ContactTag, Tag
from wagtail_precise_mail.segments.conditions.base import Condition, conditions
from wagtail_precise_mail.segments.conditions.several import Keys
from wagtail_precise_mail.segments.conditions.words import listed, named


def _tags() -> list[tuple[str, str | Promise]]:
    return list(Tag.objects.values_list("slug", "name"))


def _tag_block(**kwargs: object) -> blocks.ChoiceBlock:
    return blocks.ChoiceBlock(choices=_tags, **kwargs)


@conditions.register("tag")
@dataclass(frozen=True)
class Tagged(Condition):
    """Contacts who have a tag now; its history does not count."""

    label = gettext_lazy("Has a tag")
    description = gettext_lazy("Tags as they are now. Several tags: any of them.")
    icon = "tag"
    is_profiling = False

    tags: Annotated[
        tuple[str, ...],
        Keys(
            label=gettext_lazy("Tags"),
            item_label=gettext_lazy("Tag"),
            model="wagtail_precise_mail.Tag",
            attribute="slug",
            chooser=_tag_block,
        ),
    ]

    def as_q(self, at: datetime) -> Q:
        # What was put on later does not count; what was taken away since is gone.
        tagged = ContactTag.objects.filter(tag__slug__in=self.tags, since__lte=at)
        return Q(Exists(tagged.filter(contact=OuterRef("pk"))))

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        return _("have the tag %(tags)s") % {"tags": listed(map(named, self.tags))}

    def explain(self, contact: Contact, at: datetime) -> str:
        names = contact.tags.values_list("name", flat=True)
        return _("tags: %(tags)s") % {"tags": ", ".join(names)} if names else _("no tag")
