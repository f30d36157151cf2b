"""Reads of what came back."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Count

from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.delivery.models import Send


def counts_of_send(send: Send) -> Mapping[Kind, int]:
    """Return how many messages of a send came back, by kind; warnings that a server goes on trying are none."""
    rows = Bounce.objects.filter(message__send=send, is_final=True).values_list("kind")
    counted = rows.annotate(count=Count("message", distinct=True)).order_by()
    return {Kind(kind): count for kind, count in counted}
