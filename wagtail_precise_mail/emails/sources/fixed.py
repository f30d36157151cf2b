"""Items that the block itself names: the same for all readers, as in the block picker's previews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.readers import Item, ItemSource, Occasion, Spec, item_sources


@item_sources.register("fixed")
class FixedItems(ItemSource):
    """The items in the spec's "items"."""

    def may_be_shared(self, spec: Spec) -> bool:
        return True

    def load(
        self, spec: Spec, contacts: Sequence[Contact], *, limit: int, occasion: Occasion
    ) -> Mapping[int, Sequence[Item]]:
        """Return the same items for everybody."""
        return {contact.pk or 0: spec["items"] for contact in contacts}
