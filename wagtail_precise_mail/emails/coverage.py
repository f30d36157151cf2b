"""How many contacts would see the fallback of each merge tag: counted in one query, whatever the number of tags."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from wagtail.models import Site

from wagtail_precise_mail.contacts.queries import ContactQuerySet
from wagtail_precise_mail.emails.composition import Written, compose
from wagtail_precise_mail.emails.merge import Tag, tags_in
from wagtail_precise_mail.emails.merge_fields import find_field
from wagtail_precise_mail.emails.merge_filters import Kind
from wagtail_precise_mail.emails.sites import base_url_of


@dataclass(frozen=True)
class TagCoverage:
    """One tag, and who would see its fallback.

    Attributes:
        count: how many contacts; None where the field cannot be counted by the database.
        percent: of the whole audience.
        is_least: whether more may see it, because nobody knows before what of the field its filter can read.
    """

    tag: Tag
    count: int | None
    percent: float
    is_least: bool


@dataclass(frozen=True)
class Coverage:
    """The tags of an email that have a fallback to show, and the size of the audience."""

    total_count: int
    tags: list[TagCoverage]


def coverage_of(tags: Iterable[Tag], contacts: ContactQuerySet) -> Coverage:
    """Count the contacts that would see the fallback, in one query.

    Tags of fields that are never empty are left out, and so are those of the brand: they are the same for everybody.
    """
    shown = [tag for tag in dict.fromkeys(tags) if _may_be_empty(tag)]
    conditions = {tag.field: field.is_empty for tag in shown if (field := find_field(tag.field)) and field.is_empty}
    # By number: names of fields are no names of columns.
    names = {field: f"wpm_empty_{number}" for number, field in enumerate(conditions)}
    counts = contacts.order_by().aggregate(
        wpm_total=Count("pk"), **{names[field]: Count("pk", filter=Q(empty)) for field, empty in conditions.items()}
    )
    total = counts["wpm_total"]
    return Coverage(total, [_covered(tag, counts.get(names.get(tag.field, "")), total) for tag in shown])


def tags_of(email: Written, site: Site, *, at: datetime) -> list[Tag]:
    """Return the merge tags of an email as it would be sent now, without those of blocks that cannot be rendered."""
    source = compose(email, site=site, base_url=base_url_of(site), at=at, is_draft=True)
    return tags_in(source.context.marks.table())


def _may_be_empty(tag: Tag) -> bool:
    field = find_field(tag.field) if tag.field.startswith("contact.") else None
    return field is not None and not field.is_always_filled


def _covered(tag: Tag, count: int | None, total: int) -> TagCoverage:
    field = find_field(tag.field)
    is_least = bool(field and field.kind in (Kind.ANY, Kind.COUNTRY, Kind.LANGUAGE) and tag.reading)
    return TagCoverage(tag, count, 100 * count / total if count and total else 0.0, is_least)
