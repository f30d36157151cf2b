"""What somebody ticked in a sign-up form, written where it belongs, with where it came from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from wagtail_precise_mail.contacts.changes import SELF, ContactChange
from wagtail_precise_mail.contacts.fields import ContactField, FieldKind
from wagtail_precise_mail.contacts.models import Contact, ContactList
from wagtail_precise_mail.contacts.questions import SignUpChoice
from wagtail_precise_mail.contacts.services import set_attribute
from wagtail_precise_mail.contacts.tagging import add_pairs
from wagtail_precise_mail.contacts.values import show_value


@transaction.atomic
def take_choices(contact: Contact, choices: Iterable[SignUpChoice], *, evidence: str, at: datetime) -> None:
    """Put a contact on the tags and lists of their answers, and keep the answers in further fields.

    The history of tags and the audit of fields say that they said so themselves. What a person did not answer stays as
    it is. Topics are consent, and so belong to the sign-up itself.

    Args:
        evidence: where they answered, such as "sign-up 12".
    """
    chosen = list(choices)
    add_pairs([(contact.pk, one.tag) for one in chosen if one.tag], source=f"{SELF}, {evidence}", at=at)
    lists = {one.contact_list_id for one in chosen if one.contact_list_id}
    through = ContactList.contacts.through
    through.objects.bulk_create(
        [through(contact_id=contact.pk, contactlist_id=pk) for pk in sorted(lists)], ignore_conflicts=True
    )
    by_field: dict[ContactField, list[str]] = defaultdict(list)
    for one in chosen:
        if one.question.contact_field:
            by_field[one.question.contact_field].append(one.stored)
    for field, values in by_field.items():
        _keep(contact, field, values, evidence, at)


def _keep(contact: Contact, field: ContactField, values: list[str], evidence: str, at: datetime) -> None:
    before = contact.attributes if isinstance(contact.attributes, dict) else {}
    old = before.get(field.key)
    is_kept = set_attribute(contact, field.key, values if field.kind == FieldKind.CHOICES else ", ".join(values))
    new = contact.attributes.get(field.key)
    if is_kept and new != old:
        ContactChange.objects.create(
            contact=contact,
            field=f"{ContactChange.FURTHER}{field.key}"[:40],
            old_value=show_value(field, old)[:250] if old is not None else "",
            new_value=show_value(field, new)[:250],
            source=SELF,
            detail=evidence[:250],
            changed_at=at,
        )
