"""Looking again at once, where somebody changed what sends wait for."""

from __future__ import annotations

from django.db import transaction

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.delivery.crew import DELIVER_SEND
from wagtail_precise_mail.delivery.models import Send


def look_again() -> int:
    """Wake the sends that wait for a limit or a plan; returns how many."""
    with transaction.atomic():
        held = Send.objects.filter(state=Send.State.RUNNING, held_until__isnull=False)
        ids = list(held.values_list("pk", flat=True))
        Send.objects.filter(pk__in=ids).update(held_until=None)
        for pk in ids:
            enqueue(DELIVER_SEND, pk)
    return len(ids)
