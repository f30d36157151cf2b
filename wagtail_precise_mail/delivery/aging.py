"""Who has heard nothing for so long that they must be asked again before a campaign."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Greatest

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import ConsentChange, ConsentStatus, Contact
from wagtail_precise_mail.contacts.queries import ContactQuerySet
from wagtail_precise_mail.delivery.models import OutboxMessage, Send

SkipReason = OutboxMessage.SkipReason

_DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True)
class PermissionRule:
    """What a send about a topic does with those who heard nothing for long.

    Attributes:
        months: for how long; 0 asks nobody again.
        is_asking: whether the send is the one that asks them: then it goes to nobody else, and once in that time.
    """

    months: int = 0
    is_asking: bool = False

    @classmethod
    def of(cls, send: Send) -> PermissionRule:
        """Return the rule that a send was started with."""
        return cls(send.permission_months, send.asks_permission)

    def whens(self, at: datetime) -> list[When]:
        """Return the reasons to leave contacts out, for :func:`~.freezing.skip_reason`."""
        if not self.is_asking:
            return [When(_has_grown_old(at, self.months), then=Value(SkipReason.ASK_FIRST))] if self.months else []
        if not self.months:
            return [When(pk__isnull=False, then=Value(SkipReason.NO_NEED))]
        asked = Exists(_asked(at, self.months).filter(contact=OuterRef("pk"), created_at__gte=_since(at, self.months)))
        return [
            When(~_has_grown_old(at, self.months), then=Value(SkipReason.NO_NEED)),
            When(asked, then=Value(SkipReason.ASKED)),
        ]

    def find(self, contacts: Iterable[Contact], *, except_send: int, at: datetime) -> dict[int, str]:
        """Return the same reasons by contact id: at most one query, two for a send that asks, often none.

        Args:
            except_send: the send that wants to know; what was tried of it before has not asked yet.
        """
        contacts = list(contacts)
        if self.months == 0:
            return {contact.pk: SkipReason.NO_NEED for contact in contacts} if self.is_asking else {}
        came_before = at - _length(self.months)
        candidates = [contact.pk for contact in contacts if contact.created_at < came_before]
        old = set()
        if candidates:
            among = Contact.objects.filter(pk__in=candidates)
            old = set(needs_permission(at=at, months=self.months, contacts=among).values_list("pk", flat=True))
        if not self.is_asking:
            return dict.fromkeys(old, SkipReason.ASK_FIRST)
        reasons: dict[int, str] = {contact.pk: SkipReason.NO_NEED for contact in contacts if contact.pk not in old}
        if old:
            asked = _asked(at, self.months).filter(contact__in=old).exclude(send=except_send)
            reasons |= {pk: SkipReason.ASKED for pk in asked.values_list("contact_id", flat=True) if pk}
        return reasons


NOBODY_IS_ASKED = PermissionRule()


def needs_permission(*, at: datetime, months: int, contacts: ContactQuerySet | None = None) -> ContactQuerySet:
    """Return contacts who have heard nothing from us for some months: they have forgotten what they agreed to.

    Nothing means: no mail about a topic, and no digest of such, was accepted for them, they said yes to nothing, and
    bought nothing. A mail that asked for permission, or for the confirmation of a sign-up, does not count: it was no
    answer. Whoever came within that time, by an import of old consents too, has it from the day they came.

    Args:
        months: the site's ``permission_months``, above 0.
        contacts: among whom; None for all.
    """
    among = Contact.objects.all() if contacts is None else contacts
    return among.filter(_has_grown_old(at, months))


def _has_grown_old(at: datetime, months: int) -> Q:
    since = _since(at, months)
    mailed = OutboxMessage.objects.filter(
        Q(send__topic__isnull=False) | Q(send__origin_kind=Send.DIGEST),
        contact=OuterRef("pk"),
        state=OutboxMessage.State.ACCEPTED,
        created_at__gte=since,
        send__is_test=False,
        send__asks_permission=False,
    )
    agreed = ConsentChange.objects.filter(contact=OuterRef("pk"), status=ConsentStatus.GRANTED, changed_at__gte=since)
    bought = Order.objects.filter(contact=OuterRef("pk"), kind=Order.Kind.SALE, placed_at__gte=since)
    came_before = at - _length(months)
    return Q(~Exists(mailed), ~Exists(agreed), ~Exists(bought), created_at__lt=came_before)


def _asked(at: datetime, months: int) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(
        state=OutboxMessage.State.ACCEPTED,
        created_at__gte=at - _length(months),
        send__asks_permission=True,
        send__is_test=False,
    )


def _since(at: datetime, months: int) -> Greatest:
    """The beginning of the time that counts, as of each contact: who is asked about came before it anyway.

    Were the moment the same for all, PostgreSQL would read the whole outbox rather than the contact's own index.
    """
    return Greatest(Value(at - _length(months)), OuterRef("created_at"))


def _length(months: int) -> timedelta:
    return timedelta(days=round(months * _DAYS_A_MONTH))
