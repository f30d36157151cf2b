"""What Wagtail's log calls people: by their number, where their names are encrypted."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, F, Model, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.db.models.signals import pre_save
from django.dispatch import receiver
from wagtail.models import ModelLogEntry

from wagtail_precise_mail.contacts.merge_rows import relations
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.encryption import is_encrypting

ERASED_LABEL = "erased contact"


def number_entries() -> int:
    """Take the names out of the entries from before the encryption; return of how many."""
    return sum(
        entries.update(label=Concat(Value(_prefix(model)), Cast(F("object_id"), CharField()), output_field=CharField()))
        for model, entries in _named().items()
    )


def count_names() -> int:
    """Return how many entries have names."""
    return sum(entries.count() for entries in _named().values()) if is_encrypting() else 0


def _named() -> dict[type[Model], QuerySet[ModelLogEntry]]:
    models = ContentType.objects.get_for_models(*_about_people())
    named = ModelLogEntry.objects.exclude(label=ERASED_LABEL)
    return {
        model: named.filter(content_type=content_type).exclude(label__startswith=_prefix(model))
        for model, content_type in models.items()
    }


def _about_people() -> list[type[Model]]:
    return [Contact, *dict.fromkeys(relation.model for relation in relations())]


def _prefix(model: type[Model]) -> str:
    return f"{model._meta.object_name} #"


@receiver(pre_save, sender=ModelLogEntry, dispatch_uid="wagtail_precise_mail.log_labels")
def _number(sender: Any, instance: ModelLogEntry, **kwargs: Any) -> None:
    if not is_encrypting() or instance.label == ERASED_LABEL:
        return
    model = instance.content_type.model_class()
    if model in _about_people():
        instance.label = f"{_prefix(model)}{instance.object_id}"
