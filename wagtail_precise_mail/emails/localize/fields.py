"""Which fields of emails and saved blocks wagtail-localize translates, and what is wrong with a translation.

Imported where wagtail-localize is installed, and nowhere else.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.translation import gettext as _
from wagtail.blocks import Block, ListBlock
from wagtail.rich_text import RichText
from wagtail_localize.fields import BaseTranslatableField, SynchronizedField, TranslatableField
from wagtail_localize.models import StringTranslation
from wagtail_localize.strings import StringValue

from wagtail_precise_mail.emails.attribute_words import check_words
from wagtail_precise_mail.emails.models import Email, SavedBlock
from wagtail_precise_mail.fields import RegistryStreamField

# Its own schedule, and whom its preview shows, each translation keeps.
_OWN = [BaseTranslatableField(name) for name in ("go_live_at", "expire_at")]

Email.override_translatable_fields = [
    # For colleagues, who find the languages of an email under one name.
    SynchronizedField("name"),
    SynchronizedField("source_page", overridable=False),
    SynchronizedField("site"),
    *(TranslatableField(name) for name in ("subject", "preheader", "body", "web_title", "web_description")),
    *(BaseTranslatableField(name) for name in ("sample_contact", "sample_segment")),
    *_OWN,
]
SavedBlock.override_translatable_fields = [SynchronizedField("name"), TranslatableField("body"), *_OWN]


@receiver(post_save, sender=StringTranslation)
def check_translation(instance: StringTranslation, **kwargs: Any) -> None:
    """Mark a translation that would break the email, at its place; what is marked is not used until it is repaired."""
    model = instance.context.object.content_type.model_class() if instance.context else None
    if model not in (Email, SavedBlock):
        return
    place = (model, instance.context.field_path)
    problem = problem_of(instance.data, *place)
    # What is wrong in the original already is not for the translator to repair.
    if problem and not problem_of(instance.translation_of.data, *place):
        instance.has_error, instance.field_error = True, problem
        StringTranslation.objects.filter(pk=instance.pk).update(has_error=True, field_error=problem)


def problem_of(html: str, model: type, field_path: str) -> str:
    """Return what is wrong with a translation, in words for the translator, or "".

    Args:
        field_path: where it stands, by names of fields and blocks: "body.button.label".
    """
    try:
        check_words(RichText(html))
    except ValidationError as error:
        return str(error.messages[0])
    limit = _limit_of(model, field_path)
    if limit and len(StringValue(html).render_text()) > limit:
        return _("Write at most %(limit)s characters.") % {"limit": limit}
    return ""


def _limit_of(model: Any, field_path: str) -> int | None:
    name, *path = field_path.split(".")
    place: Any = model._meta.get_field(name)
    if isinstance(place, Field) and not isinstance(place, RegistryStreamField):
        return place.max_length
    place = place.stream_block
    for step in path:
        place = _inside(place, step)
    return getattr(getattr(place, "field", None), "max_length", None)


def _inside(block: Block | None, step: str) -> Block | None:
    if isinstance(block, ListBlock):
        return block.child_block
    return getattr(block, "child_blocks", {}).get(step)
