"""What a column of a file can become."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

TEXT_FIELDS = {
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "full_name": _("First and last name together"),
    "organization": _("Organization"),
    "job_title": _("Job"),
    "gender": _("Gender"),
    "city": _("City"),
    "region": _("Region"),
}
CHECKED_FIELDS = {
    "country": _("Country"),
    "locale": _("Language"),
    "time_zone": _("Time zone"),
    "birthday_on": _("Birthday"),
}
CONSENT = {
    "state": _("Subscription state"),
    "unsubscribed": _("Unsubscribed from everything (yes or no)"),
    "bounced": _("Bounced (yes or no, or the reason)"),
    "complained": _("Called a mail spam (yes or no)"),
    "suppressions": _("Reasons not to write (HARD_BOUNCE …)"),
    "opted_in_at": _("Opted in at"),
    "opt_in_ip": _("Opted in from (IP address)"),
    "confirmed_at": _("Confirmed at"),
    "confirm_ip": _("Confirmed from (IP address)"),
    "opted_out_at": _("Left at"),
    "opt_out_reason": _("Why they left"),
}
GROUPS = {"tags": _("Interests or tags: a tag for each"), "lists": _("Groups: a list for each")}
KINDS = {
    "text": _("Further field: text"),
    "number": _("Further field: number"),
    "date": _("Further field: date"),
}
OF_TOPIC = {
    "opt_out": _("Opted out of “%(topic)s” (yes or no)"),
    "opt_in": _("Agreed to “%(topic)s” (yes or no)"),
}
ADDRESS = "email"
REPEATABLE = frozenset(["", "tags", "lists", "unsubscribed", "bounced", "complained", "suppressions"])
"""Targets that several columns may share; two first names would be one too many."""

_BAD_KEY = re.compile(r'["\\]')


def attribute_key(header: str) -> str:
    """Return the name of the further field that a column becomes, such as shoe_size."""
    key = slugify(_BAD_KEY.sub("", header), allow_unicode=True).replace("-", "_")[:80].strip("_")
    # In a JSON path a number means a place in a list.
    return f"field_{key}" if not key or key.isdigit() else key


def parse(target: str) -> tuple[str, str]:
    """Return the two parts of a target: ``"number:shoe_size"`` is a number, ``"city"`` has no second part."""
    kind, _colon, name = target.partition(":")
    return kind, name


def is_target(target: str, *, topics: Iterable[str]) -> bool:
    """Whether this is something that a column can become."""
    kind, name = parse(target)
    if kind in KINDS:
        return bool(name) and not _BAD_KEY.search(name) and not name.isdigit() and len(name) <= 100
    if kind in OF_TOPIC:
        return name in topics
    return not name and (
        kind in ("", ADDRESS) or any(kind in group for group in (TEXT_FIELDS, CHECKED_FIELDS, CONSENT, GROUPS))
    )
