"""Search entries of what an import wrote, made once it is in: they take as long as a third of the import."""

from __future__ import annotations

import time

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.indexing import index_in_bulk

INDEX = "wagtail_precise_mail.contacts.tasks.index_imported"
CHUNK = 2000


def index_imported(batch_id: int, after: int = 0, *, seconds: float | None = None) -> int:
    """Make the contacts of an import findable in choosers for a while; return where to go on, or 0 at the end.

    Twice does no harm, and what a lost task leaves out is caught up by ``update_index``.
    """
    deadline = time.monotonic() + (options().task_seconds if seconds is None else seconds)
    while True:
        found = Contact.objects.filter(imported_rows__batch=batch_id, pk__gt=after).order_by("pk")
        contacts = list(found[:CHUNK])
        if not contacts:
            return 0
        index_in_bulk(Contact, contacts)
        after = contacts[-1].pk
        if time.monotonic() >= deadline:
            enqueue(INDEX, batch_id, after)
            return after
