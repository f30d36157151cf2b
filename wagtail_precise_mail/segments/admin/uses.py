"""What counts on a segment: everything that points to it, and the rules of other segments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from wagtail.admin.admin_url_finder import AdminURLFinder

from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.naming import names_used
from wagtail_precise_mail.segments.sizes import SegmentSize

_MOST = 20


@dataclass(frozen=True)
class Use:
    """Something that uses a segment.

    Attributes:
        url: where it is edited; "" for those who may not.
    """

    kind: str
    name: str
    how: str
    url: str


def uses_of(segment: Segment, user: Any) -> list[Use]:
    """Return what uses a segment: rows of rooms above, by foreign key or exclusion, and other segments."""
    finder = AdminURLFinder(user)
    named = names_used(Segment).get(segment.slug, [])
    is_draft = dict(named)
    found = [
        _use(one, _("in its rules, as a draft") if is_draft[one.pk] else _("in its rules"), finder)
        for one in Segment.objects.filter(pk__in=is_draft)
    ]
    return [*found, *(_use(one, how, finder) for one, how in _pointing(segment))]


def _pointing(segment: Segment) -> Iterator[tuple[Model, str]]:
    """Yield what points to it, the latest first: what belongs to the segment itself (its sizes) does not count."""
    relations: list[Any] = list(segment._meta.get_fields())
    for relation in relations:
        if not (relation.auto_created and (relation.one_to_many or relation.many_to_many)):
            continue
        model = relation.related_model
        if model is SegmentSize:
            continue
        name = relation.field.name
        for one in model._default_manager.filter(**{name: segment.pk}).order_by("-pk")[:_MOST]:
            yield one, str(capfirst(relation.field.verbose_name))


def _use(one: Any, how: str, finder: AdminURLFinder) -> Use:
    return Use(str(capfirst(one._meta.verbose_name)), str(one), how, finder.get_edit_url(one) or "")
