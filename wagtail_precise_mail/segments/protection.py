"""Segments that must not be deleted: ours, and those whose absence would let more people in elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from django.db.models import Exists, ManyToManyRel, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from wagtail.permission_policies import ModelPermissionPolicy

from wagtail_precise_mail.segments.naming import names_used

if TYPE_CHECKING:
    from wagtail_precise_mail.segments.models import Segment


def why_protected(segment: Segment) -> str:
    """Return why a segment cannot be deleted, or "". Foreign keys to it are Wagtail's and the database's business."""
    if segment.is_system:
        return _('"%(name)s" belongs to the system and cannot be deleted.') % {"name": segment.name}
    if _is_referenced(segment):
        # A row of a many-to-many vanishes silently, and an exclusion with it: its campaign would reach more people.
        return _('"%(name)s" is used, and cannot be deleted before that ends.') % {"name": segment.name}
    return ""


def _is_referenced(segment: Segment) -> bool:
    known: bool | None = getattr(segment, "is_referenced", None)
    if known is not None:
        return known
    if segment.slug in names_used(type(segment)):
        return True
    return any(rows.filter(**{name: segment.pk}).exists() for rows, name in _references(type(segment)))


def with_protection(segments: QuerySet[Segment]) -> QuerySet[Segment]:
    """Note on each segment whether it is used: one query more for the rules that name segments, one for drafts."""
    named = names_used(segments.model)
    used = Q(slug__in=named) if named else Q()
    for rows, name in _references(segments.model):
        used |= Q(Exists(rows.filter(**{name: OuterRef("pk")})))
    return segments.annotate(is_referenced=used) if used else segments


def _references(model: type[Segment]) -> Iterator[tuple[QuerySet[Any], str]]:
    """Yield the link tables of rooms above that name segments, with the name of the column."""
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToManyRel) and relation.through:
            name = cast("Any", relation.field).m2m_reverse_field_name()
            yield relation.through._default_manager.all(), f"{name}_id"


class SegmentPermissionPolicy(ModelPermissionPolicy):
    """Wagtail's permissions for snippets, except that protected segments cannot be deleted."""

    def user_has_permission_for_instance(self, user: Any, action: str, instance: Segment) -> bool:
        if action == "delete" and why_protected(instance):
            return False
        return super().user_has_permission_for_instance(user, action, instance)
