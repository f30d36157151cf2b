"""Search entries for rows that were written in bulk, which sends no signals."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db.models import Model
from wagtail.search.backends import get_search_backends

logger = logging.getLogger(__name__)


def index_in_bulk(model: type[Model], objects: Sequence[Model]) -> None:
    """Make rows findable in the admin's searches and choosers.

    A search server that is away is logged; its own ``update_index`` catches up.
    """
    if not objects:
        return
    for backend in get_search_backends(with_auto_update=True):
        try:
            backend.add_bulk(model, objects)
        except Exception:
            logger.exception("Could not index %d rows of %s.", len(objects), model._meta.label)
            # An error of a search backend inside the database has broken the transaction, too.
            if not getattr(backend, "catch_indexing_errors", False):
                raise
