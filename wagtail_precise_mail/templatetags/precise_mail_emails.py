"""Template tags of the admin pages of emails."""

from __future__ import annotations

from dataclasses import dataclass

from django import template

from wagtail_precise_mail.emails.merge import Tag
from wagtail_precise_mail.emails.merge_fields import MergeField, roots

register = template.Library()


@dataclass(frozen=True)
class ListedField:
    """A merge field as editors read it."""

    label: str
    tag: str


@register.simple_tag
def merge_field_list() -> list[ListedField]:
    """Return every merge field, written as it would be typed."""
    return [_listed(f"{root}.{key}", field) for root, fields in roots.items() for key, field in fields.items()]


def _listed(name: str, field: MergeField) -> ListedField:
    filters = () if field.is_always_filled else (("default", "…"),)
    return ListedField(str(field.label), str(Tag(name, filters)))
