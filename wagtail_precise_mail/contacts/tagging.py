"""Putting tags on contacts and taking them away: in sets, as often as one likes, each real change in the history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from wagtail.log_actions import log

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.queries import ContactQuerySet
from wagtail_precise_mail.contacts.tags import ContactTag, Tag, TagChange

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Action = TagChange.Action
Contacts = Contact | ContactQuerySet | Iterable[int]

# Parameters of one query: SQLite takes some thousands.
_CHUNK = 2000


def get_tag(name: str) -> Tag:
    """Return the tag of that name, whatever its letters' case, made when there is none."""
    return find_or_make_tag(name)[0]


def find_or_make_tag(name: str) -> tuple[Tag, bool]:
    """Return the tag of that name, whatever its letters' case, and whether it had to be made."""
    name = " ".join(name.split())[:60].strip()
    if tag := Tag.objects.filter(name__iexact=name).first():
        return tag, False
    try:
        with transaction.atomic():
            return Tag.objects.create(name=name, slug=_free_slug(name)), True
    except IntegrityError:  # somebody else was quicker
        return Tag.objects.get(name__iexact=name), False


def add_tag(contacts: Contacts, tag: Tag, *, source: str, by: User | None = None, at: datetime | None = None) -> int:
    """Put a tag on contacts; those who have it are left as they are.

    Args:
        contacts: one, a queryset, or ids.
        source: what did it, such as "manual", "import" or the name of a rule.
        by: the colleague, when it was one.

    Returns:
        On how many it is new.
    """
    at = at or timezone.now()
    return sum(len(add_pairs([(pk, tag) for pk in chunk], source=source, by=by, at=at)) for chunk in _chunks(contacts))


def remove_tag(contacts: Contacts, tag: Tag, *, source: str, by: User | None = None, at: datetime | None = None) -> int:
    """Take a tag from contacts. Arguments as for :func:`add_tag`.

    Returns:
        How many had it.
    """
    at = at or timezone.now()
    return sum(remove_pairs([(pk, tag.pk) for pk in chunk], source=source, by=by, at=at) for chunk in _chunks(contacts))


@transaction.atomic
def add_pairs(
    pairs: Iterable[tuple[int, Tag]], *, source: str, by: User | None = None, at: datetime | None = None
) -> list[tuple[int, int]]:
    """Put different tags on different contacts at once, some thousands at the most: five statements.

    Args:
        pairs: ids of contacts, each with a tag. Other arguments as for :func:`add_tag`.

    Returns:
        Ids of contacts and tags, as far as they are new.
    """
    wanted = {(pk, tag.pk): tag for pk, tag in pairs}
    if not wanted:
        return []
    at = at or timezone.now()
    ids, tags = {pk for pk, _tag in wanted}, {tag.pk for tag in wanted.values()}
    # One after the other: two at once would both find it missing, and write its history twice.
    list(Contact.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
    known = set(ContactTag.objects.filter(tag__in=tags, contact__in=ids).values_list("contact_id", "tag_id"))
    new = sorted(wanted.keys() - known)
    ContactTag.objects.bulk_create(
        [ContactTag(contact_id=pk, tag_id=tag, since=at) for pk, tag in new], batch_size=1000
    )
    _remember([(pk, wanted[pk, tag]) for pk, tag in new], Action.ADDED, source, by, at)
    return new


@transaction.atomic
def remove_pairs(
    pairs: Iterable[tuple[int, int]], *, source: str, by: User | None = None, at: datetime | None = None
) -> int:
    """Take different tags from different contacts at once, by ids of both. Arguments as for :func:`add_tag`.

    Returns:
        How many were there.
    """
    wanted = set(pairs)
    rows = ContactTag.objects.select_for_update(of=("self",)).select_related("tag").order_by("pk")
    found = rows.filter(contact__in={pk for pk, _tag in wanted}, tag__in={tag for _pk, tag in wanted})
    gone = [row for row in found if (row.contact_id, row.tag_id) in wanted]
    ContactTag.objects.filter(pk__in=[row.pk for row in gone]).delete()
    _remember([(row.contact_id, row.tag) for row in gone], Action.REMOVED, source, by, at or timezone.now())
    return len(gone)


@transaction.atomic
def delete_tag(tag: Tag, *, by: User | None, source: str) -> int:
    """Take a tag from everybody and delete it; histories keep its name.

    Returns:
        How many had it.
    """
    count = remove_tag(Contact.objects.filter(tags=tag), tag, source=source, by=by)
    log(instance=tag, action="wagtail.delete", user=by, data={"contacts": count}, deleted=True)
    tag.delete()
    return count


def _remember(pairs: list[tuple[int, Tag]], action: Action, source: str, by: User | None, at: datetime) -> None:
    words = {"action": action, "source": source[:100], "changed_by": by, "changed_at": at}
    TagChange.objects.bulk_create(
        [TagChange(contact_id=pk, tag=tag, name=tag.name, **words) for pk, tag in pairs], batch_size=1000
    )


def _chunks(contacts: Contacts) -> Iterator[list[int]]:
    if isinstance(contacts, Contact):
        yield [contacts.pk]
        return
    if isinstance(contacts, ContactQuerySet):
        # Read before anything is written: the queryset may ask for the very tag.
        contacts = contacts.order_by("pk").values_list("pk", flat=True)
    ids = list(dict.fromkeys(contacts))
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


def _free_slug(name: str) -> str:
    slug = slugify(name)[:50] or "tag"
    taken = set(Tag.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    return next(one for one in (slug, *(f"{slug}-{number}" for number in range(2, len(taken) + 3))) if one not in taken)
