"""Who comes first in a send that may not leave all at once: a room above says how engaged contacts are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db.models import Expression, IntegerField, Value

from wagtail_precise_mail.contacts.addresses import domain_of
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.delivery.pacing.warming import plan_for
from wagtail_precise_mail.registry import Registry

rankings: Registry[Callable[[datetime], Expression]] = Registry("ranking of contacts")
"""Each makes an expression over contacts, a small whole number: lower ones leave first. The first one is used."""


def priority_in(send: Send, *, at: datetime) -> Expression:
    """Return the priority of contacts in a send: by their engagement under a warm-up plan, or else all the same."""
    if send.is_marketing and plan_for(domain_of(send.from_address), at=at):
        for _key, make in rankings.items():
            return make(at)
    return Value(send.priority, output_field=IntegerField())
