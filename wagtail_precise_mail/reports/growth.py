"""How a list grows: who came, who confirmed, who was lost, by where they came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from wagtail_precise_mail.contacts.erased import ErasedContact, day_of
from wagtail_precise_mail.contacts.models import Consent, ConsentChange, ConsentStatus, Contact, Suppression


@dataclass(frozen=True)
class Growth:
    """The figures of one source in a period; people, not entries."""

    source: str
    new: int
    confirmed: int
    lost: int

    @property
    def net(self) -> int:
        """What is left of the growth."""
        return self.new - self.lost


def list_growth(since: datetime, until: datetime) -> list[Growth]:
    """Return the growth by source, the largest first, in five queries.

    New: came in the period. Confirmed: of these, who has a granted consent. Lost: said no to the last topic that they
    had, or must no longer be written to, since a moment in the period; whenever they came. Erased people are counted as
    before, by the day.
    """
    new = _by_source(Contact.objects.filter(created_at__gte=since, created_at__lt=until))
    granted = Consent.objects.filter(contact=OuterRef("pk"), status=ConsentStatus.GRANTED)
    confirmed = _by_source(Contact.objects.filter(Exists(granted), created_at__gte=since, created_at__lt=until))
    lost = _by_source(lost_contacts(since, until))
    day = day_of(since)
    erased = ErasedContact.objects.order_by().values_list("source")
    came = erased.filter(came_at__gte=day, came_at__lt=until)
    facts = {"wpm_count": Count("pk"), "wpm_confirmed": Count("pk", filter=Q(was_confirmed=True))}
    for source, count, confirmed_count in came.annotate(**facts):
        new[source] = new.get(source, 0) + count
        confirmed[source] = confirmed.get(source, 0) + confirmed_count
    for source, count in erased.filter(lost_at__gte=day, lost_at__lt=until).annotate(Count("pk")):
        lost[source] = lost.get(source, 0) + count
    sources = new.keys() | lost.keys()
    rows = [Growth(name, new.get(name, 0), confirmed.get(name, 0), lost.get(name, 0)) for name in sources]
    return sorted(rows, key=lambda row: (-row.new, -row.lost, row.source))


def lost_contacts(since: datetime, until: datetime) -> QuerySet[Contact]:
    """Return who was lost in a period: by the last no, or by a suppression."""
    suppressed = Suppression.objects.filter(
        address_hash=OuterRef("address_hash"), created_at__gte=since, created_at__lt=until
    )
    said_no = ConsentChange.objects.filter(
        contact=OuterRef("pk"), status=ConsentStatus.WITHDRAWN, changed_at__gte=since, changed_at__lt=until
    )
    granted = Consent.objects.filter(contact=OuterRef("pk"), status=ConsentStatus.GRANTED)
    return Contact.objects.filter(Q(Exists(suppressed)) | Q(Exists(said_no) & ~Exists(granted)))


def _by_source(contacts: QuerySet[Contact]) -> dict[str, int]:
    return dict(contacts.order_by().values_list("source").annotate(Count("pk")))
