"""The condition on mails that came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from django.db.models import Count as CountRows
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.bounces.kinds import BOUNCES, COUNTED, Kind
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.segments.conditions import Choice, Several, Tally, Windowed, conditions
from wagtail_precise_mail.segments.conditions.words import listed
from wagtail_precise_mail.tracking.conditions.sharing import REACTIONS, SHOWN, Times, dated, evidence

PASSING = tuple(kind for kind in BOUNCES if kind != Kind.HARD)
"""Kinds that may pass: after a hard one nothing is sent any more."""


def _count_mails(only: Q | None) -> Any:
    """Count mails and not what came back of them: a server may answer one mail twice."""
    return CountRows("message", distinct=True, filter=only)


@conditions.register("soft_bounced")
@dataclass(frozen=True)
class SoftBounced(Windowed):
    """Contacts of whom so many mails came back for reasons that may pass."""

    label = gettext_lazy("Mail came back")
    description = gettext_lazy("For a reason that may pass, such as trouble of their server or a full mailbox.")
    group = REACTIONS
    icon = "arrow-left"

    times: Times = 1
    kinds: Annotated[
        tuple[str, ...],
        Several(
            label=gettext_lazy("Reasons"),
            help_text=gettext_lazy("Any of them. Empty: trouble that may pass, and no reason given."),
            item=Choice(label=gettext_lazy("Reason"), choices=[(kind.value, kind.label) for kind in PASSING]),
        ),
    ] = ()

    def as_q(self, at: datetime) -> Q:
        return self.tally(at).as_q()

    def tally(self, at: datetime) -> Tally:
        return Tally(
            source=("bounces", self._kinds, self.window),
            rows=lambda: self._rows(at),
            figures={"mail_count": _count_mails},
            having=Q(mail_count__gte=self.times),
            is_any_row=self.times == 1,
        )

    @property
    def _kinds(self) -> tuple[str, ...]:
        return tuple(sorted(self.kinds or COUNTED))

    def _rows(self, at: datetime) -> QuerySet[Bounce]:
        # A warning says that the server goes on trying.
        wanted = Bounce.objects.filter(kind__in=self._kinds, is_final=True, contact__isnull=False)
        return wanted.order_by().filter(**self.window.lookups(at, "happened_at"))

    def sentence(self) -> str:
        words = ngettext(
            "got at least %(count)s mail that came back (%(kinds)s)",
            "got at least %(count)s mails that came back (%(kinds)s)",
            self.times,
        )
        kinds = listed(str(Kind(kind).label) for kind in self._kinds)
        return words % {"count": self.times, "kinds": kinds} + self.window.sentence()

    def explain(self, contact: Contact, at: datetime) -> str:
        found = self._rows(at).filter(contact=contact)
        latest = found.order_by("-happened_at", "-pk")[:SHOWN]
        lines = [dated(str(one.get_kind_display()), one.happened_at) for one in latest]
        return evidence(lines, found.count(), _("no such mail"))
