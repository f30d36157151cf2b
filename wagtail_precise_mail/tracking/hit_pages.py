"""The table of opens and clicks that wait to be counted: many to a row, gone within a minute."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import DatabaseError, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.encryption import EncryptedTextField
from wagtail_precise_mail.tracking.hits import Hit, HitBuffer

COUNT_HITS = "wagtail_precise_mail.tracking.tasks.count_hits"

# Then nobody works, and the schedule finds what is left: the queue must not fill with calls that nobody hears.
_UNHEARD = timedelta(seconds=30)
# Longer than any pause between two tries at writing.
_REMEMBERED = timedelta(minutes=10)


class HitPage(models.Model):
    """Some opens and clicks as one process wrote them, in their order.

    Messages are named by plain ids: those that are gone by now must not keep the others from being written.
    """

    # Made by the process before it writes, so that writing twice changes nothing.
    key = models.UUIDField(unique=True)
    # JSON. Addresses of links may name their reader until they are counted.
    hits = EncryptedTextField()
    # 0 once they are counted.
    hit_count = models.PositiveIntegerField()
    written_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("opens and clicks to be counted")
        verbose_name_plural = _("opens and clicks to be counted")

    def __str__(self) -> str:
        return f"{self.hit_count} {self.written_at:%Y-%m-%d %H:%M:%S}"

    def read(self) -> list[Hit]:
        """Return the hits."""
        # Written by a newer version, they may say more than this one knows.
        return [Hit(**{name: one[name] for name in Hit._fields if name in one}) for one in json.loads(self.hits)]


def waiting_pages() -> models.QuerySet[HitPage]:
    """Return the pages that nobody counted yet, in the order in which they were written."""
    return HitPage.objects.filter(hit_count__gt=0).order_by("pk")


def end_pages(pages: Iterable[HitPage]) -> None:
    """Note that some pages are counted, and forget their hits.

    Their keys stay for some minutes: a process that never heard that its page was written writes it once more.
    """
    now = timezone.now()
    ended = HitPage.objects.filter(pk__in=[page.pk for page in pages])
    ended.update(hits="", hit_count=0, written_at=now)
    HitPage.objects.filter(hit_count=0, written_at__lt=now - _REMEMBERED).delete()


def write_page(key: uuid.UUID, hits: Sequence[Hit]) -> None:
    """Keep some hits, once however often it is called with the same key."""
    content = json.dumps([hit._asdict() for hit in hits])
    page = HitPage(key=key, hits=content, hit_count=len(hits), written_at=timezone.now())
    HitPage.objects.bulk_create([page], ignore_conflicts=True)


def call_for_counting() -> None:
    """Ask a worker to count what was written; whatever goes wrong, the schedule does so within a minute."""
    try:
        if not waiting_pages().filter(written_at__lt=timezone.now() - _UNHEARD).exists():
            enqueue(COUNT_HITS)
    except DatabaseError:
        pass


hit_buffer = HitBuffer(write_page, after_writing=call_for_counting)
"""What this process did not write yet."""
