"""What merge fields say of a digest: read off its list, so that the subject counts what the mail shows."""

from __future__ import annotations

from dataclasses import replace

from django.utils import translation
from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.models import Cadence, Contact
from wagtail_precise_mail.emails.digesting import DIGEST_BLOCK
from wagtail_precise_mail.emails.merge_digests import digest_values
from wagtail_precise_mail.emails.readers import Reader, ReaderLoader


def with_digest(reader: Reader, loader: ReaderLoader, contact: Contact | None) -> Reader:
    """Return a reader who knows what is in their digest; any other mail's as it is.

    One whose issues have all gone since the gate looked fails: nobody gets a digest of nothing.
    """
    names = loader.lists_of(DIGEST_BLOCK)
    if not names:
        return reader
    items = [item for name in names for item in reader.lists.get(name, ())]
    with translation.override(loader.language):
        values = digest_values(items, contact.cadence if contact else Cadence.EVERY)
        failure = reader.failure or ("" if items else str(_("There is nothing left to tell.")))
    return replace(reader, values={**reader.values, **values}, failure=failure)
