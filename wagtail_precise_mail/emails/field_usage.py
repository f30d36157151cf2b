"""Which emails and saved blocks show further fields of contacts, or ask for them in a survey."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.field_usage import FieldUsage, field_usages
from wagtail_precise_mail.emails.models import Email, SavedBlock

_NAMED = re.compile(r"contact\.attributes\.([A-Za-z0-9_-]+)")


@field_usages.register("emails")
class EmailUsage(FieldUsage):
    """Reads what is stored: a merge field is written the same way in every kind of block."""

    def places(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for thing in chain(Email.objects.all(), SavedBlock.objects.all()):
            words = _("email “%(name)s”") if isinstance(thing, Email) else _("saved block “%(name)s”")
            for key in dict.fromkeys(_named(thing)):
                found.setdefault(key, []).append(words % {"name": thing})
        return found


def _named(thing: Any) -> Iterator[str]:
    stored = json.dumps(thing.body.get_prep_value(), ensure_ascii=False)
    lines = [getattr(thing, name, "") or "" for name in ("subject", "preheader")]
    yield from _NAMED.findall(" ".join([stored, *lines]))
