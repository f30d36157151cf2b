"""Putting tags on contacts and taking them away: in sets, as often as one likes, each real change in the history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
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
    name = " ".join(name.split())[:60]
    tag = Tag.objects.filter(name__iexact=name).first()
    return tag or Tag.objects.create(name=name, slug=_free_slug(name))


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
    return sum(_add(chunk, tag, source, by, at) for chunk in _chunks(contacts))


def remove_tag(contacts: Contacts, tag: Tag, *, source: str, by: User | None = None, at: datetime | None = None) -> int:
    """Take a tag from contacts. Arguments as for :func:`add_tag`.

    Returns:
        How many had it.
    """
    at = at or timezone.now()
    return sum(_remove(chunk, tag, source, by, at) for chunk in _chunks(contacts))


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


@transaction.atomic
def _add(ids: list[int], tag: Tag, source: str, by: User | None, at: datetime) -> int:
    # One after the other: two at once would both find it missing, and write its history twice.
    list(Contact.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
    tagged = ContactTag.objects.filter(tag=tag, contact__in=ids).values_list("contact_id", flat=True)
    new = sorted(set(ids) - set(tagged))
    ContactTag.objects.bulk_create([ContactTag(contact_id=pk, tag=tag, since=at) for pk in new], batch_size=1000)
    _remember(new, tag, Action.ADDED, source, by, at)
    return len(new)


@transaction.atomic
def _remove(ids: list[int], tag: Tag, source: str, by: User | None, at: datetime) -> int:
    rows = ContactTag.objects.select_for_update().filter(tag=tag, contact__in=ids).order_by("pk")
    tagged = list(rows.values_list("contact_id", flat=True))
    ContactTag.objects.filter(tag=tag, contact__in=tagged).delete()
    _remember(tagged, tag, Action.REMOVED, source, by, at)
    return len(tagged)


def _remember(ids: list[int], tag: Tag, action: Action, source: str, by: User | None, at: datetime) -> None:
    words = {"tag": tag, "name": tag.name, "action": action, "source": source[:100], "changed_by": by, "changed_at": at}
    TagChange.objects.bulk_create([TagChange(contact_id=pk, **words) for pk in ids], batch_size=1000)


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
