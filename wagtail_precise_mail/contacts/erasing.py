"""Erasing a person: what can be read about them goes, what is counted stays, and no mail comes again."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone
from wagtail.models import ModelLogEntry

from wagtail_precise_mail.contacts.erased import count_erased
from wagtail_precise_mail.contacts.log_labels import ERASED_LABEL
from wagtail_precise_mail.contacts.models import Contact, SuppressionReason
from wagtail_precise_mail.contacts.personal_data import personal_data
from wagtail_precise_mail.contacts.suppressing import suppress

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

"""What stands in the audit log of the admin where the address stood."""


@transaction.atomic
def erase(contact: Contact, *, by: AbstractBaseUser | None = None, at: datetime | None = None) -> None:
    """Delete a contact for good, and forget who they were in what outlives them. There is no way back.

    Rows that reports count stay without a name: messages, events, orders, answers, the ledger, and that somebody came
    and was lost. The hash of the address
    stays among the suppressed ones, so that importing the person again brings no mail; ordering again still does, for
    what is about the order.

    Args:
        by: the colleague who does it; None where the machine does.
    """
    at = at or timezone.now()
    count_erased(contact, at=at)
    suppress(contact.email, reason=SuppressionReason.ERASED, origin_kind="erasure", at=at)
    # The rooms above first: a worker holds messages before it looks at contacts, and so does this.
    for _key, source in reversed(list(personal_data.items())):
        source().anonymize(contact)
    _forget_in_log(contact, by)
    contact.delete()


def _forget_in_log(contact: Contact, by: AbstractBaseUser | None) -> None:
    entries = ModelLogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(Contact, for_concrete_model=False), object_id=str(contact.pk)
    )
    entries.update(label=ERASED_LABEL, data={})
    ModelLogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(Contact, for_concrete_model=False),
        object_id=str(contact.pk),
        label=ERASED_LABEL,
        action="wagtail.delete",
        timestamp=timezone.now(),
        user_id=by.pk if by else None,
        deleted=True,
        content_changed=True,
    )
