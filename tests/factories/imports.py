"""Imports of contacts: uploaded, described, run to their end."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User

from wagtail_precise_mail.contacts.importing import services
from wagtail_precise_mail.contacts.importing.files import receive_file
from wagtail_precise_mail.contacts.importing.run import go_on
from wagtail_precise_mail.contacts.imports import ImportBasis, ImportBatch
from wagtail_precise_mail.contacts.models import Topic

EVIDENCE = "Paper forms of the fair in May 2026, binder 3."


def upload(
    text: str | bytes, name: str = "contacts.csv", *, encoding: str = "utf-8", by: User | None = None
) -> ImportBatch:
    """An uploaded file."""
    data = text if isinstance(text, bytes) else text.encode(encoding)
    return receive_file(io.BytesIO(data), name, by=by)


def described(
    text: str | bytes, *topics: Topic, name: str = "contacts.csv", columns: Sequence[str] = (), **given: Any
) -> ImportBatch:
    """An import that may start."""
    batch = upload(text, name)
    services.describe(
        batch,
        columns=columns or batch.columns,
        topics=topics,
        **{"basis": ImportBasis.OPT_IN, "evidence": EVIDENCE, **given},
    )
    return batch


def work(batch: ImportBatch) -> ImportBatch:
    """Do what a worker does until there is nothing left."""
    while go_on(batch.pk, seconds=600):
        pass
    batch.refresh_from_db()
    return batch


def checked(batch: ImportBatch) -> ImportBatch:
    """A dry run."""
    services.check_import(batch)
    return work(batch)


def imported(text: str | bytes, *topics: Topic, **given: Any) -> ImportBatch:
    """A file that is in."""
    batch = described(text, *topics, **given)
    services.start_import(batch)
    return work(batch)
