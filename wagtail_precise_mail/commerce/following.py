"""What commerce works out again when contacts are merged, or become several again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from wagtail_precise_mail.commerce.due import mark_due
from wagtail_precise_mail.contacts.merge_followers import merge_followers
from wagtail_precise_mail.contacts.models import Contact


@merge_followers.register("figures")
def mark_merged(contact_ids: Sequence[int], moved: Collection[str]) -> None:
    """Orders may have gone from one to the other, and what was worked out about the others is gone."""
    mark_due(Contact.objects.filter(pk__in=contact_ids).values_list("pk", flat=True))
