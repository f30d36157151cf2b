"""Which emails and saved blocks show further fields of contacts, or ask for them in a survey."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.field_usage import FieldUsage, field_usages, stored_versions
from wagtail_precise_mail.emails.models import Email, SavedBlock

_NAMED = re.compile(r"contact\.attributes\.([A-Za-z0-9_-]+)")


@field_usages.register("emails")
class EmailUsage(FieldUsage):
    """Reads what is stored: a merge field is written the same way in every kind of block."""

    def places(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for thing, draft in chain(stored_versions(Email), stored_versions(SavedBlock)):
            place = (_("email “%(name)s”") if isinstance(thing, Email) else _("saved block “%(name)s”")) % {
                "name": thing
            }
            for key in dict.fromkeys(_named(thing, draft)):
                places = found.setdefault(key, [])
                if place not in places:
                    places.append(_("%(place)s, as a draft") % {"place": place} if draft else place)
        return found


def _named(thing: Any, draft: dict[str, Any] | None) -> Iterator[str]:
    stored = draft.get("body") if draft else thing.body.get_prep_value()
    body = json.loads(stored) if isinstance(stored, str) else stored
    lines = [(draft.get(name) if draft else getattr(thing, name, "")) or "" for name in ("subject", "preheader")]
    yield from _NAMED.findall(" ".join([json.dumps(body, ensure_ascii=False), *lines]))
