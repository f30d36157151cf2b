"""Conditions on clicks and mails, whatever the campaign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Annotated

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Choice, Condition, Count, Several, Tally, Window, conditions
from wagtail_precise_mail.segments.conditions.words import listed
from wagtail_precise_mail.tracking.conditions.sharing import REACTIONS, count_rows, on_day
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.stages import asking_mails

BUCKET_DAYS = 90
BUCKETS: dict[str, tuple[int, int | None]] = {"none": (0, 0), "few": (1, 2), "some": (3, 9), "many": (10, None)}
"""Clicks in 90 days: from and to, both included."""
_BUCKET_WORDS = {
    "none": gettext_lazy("no clicks"),
    "few": gettext_lazy("1 or 2 clicks"),
    "some": gettext_lazy("3 to 9 clicks"),
    "many": gettext_lazy("10 clicks or more"),
}
# What a contact does with a mail. Leaving is no reason to write again.
REACTION_KINDS = [
    MessageEvent.Kind.OPEN,
    MessageEvent.Kind.CLICK,
    MessageEvent.Kind.CONVERSION,
    MessageEvent.Kind.FORWARD,
    MessageEvent.Kind.SHARE,
    MessageEvent.Kind.GOAL,
]


@conditions.register("click_bucket")
@dataclass(frozen=True)
class ClickBucket(Condition):
    """Contacts by how often they clicked within 90 days, in four classes that cover everybody."""

    label = gettext_lazy("Clicks in 90 days")
    description = gettext_lazy("By people, in any mail. Everybody is in one of the four classes.")
    group = REACTIONS
    icon = "link"

    buckets: Annotated[
        tuple[str, ...],
        Several(
            label=gettext_lazy("Classes"),
            help_text=gettext_lazy("Any of them."),
            item=Choice(label=gettext_lazy("Class"), choices=list(_BUCKET_WORDS.items())),
        ),
    ]

    def as_q(self, at: datetime) -> Q:
        return self.tally(at).as_q()

    def tally(self, at: datetime) -> Tally:
        wanted, others = self._split()
        # Who never clicked has no rows: then the others are left out instead.
        nobody = Q(row_count__lt=0)
        having = reduce(or_, map(_in_bucket, others if "none" in wanted else wanted), nobody)
        found = Tally(
            source=("events", MessageEvent.Kind.CLICK.value, BUCKET_DAYS),
            rows=lambda: _clicks(at),
            figures={"row_count": count_rows},
            having=having,
            is_any_row=wanted == ["none"],
        )
        return ~found if "none" in wanted else found

    def _split(self) -> tuple[list[str], list[str]]:
        return list(self.buckets), [name for name in BUCKETS if name not in self.buckets]

    def sentence(self) -> str:
        return _("made %(clicks)s in 90 days") % {"clicks": listed(_BUCKET_WORDS[name] for name in self.buckets)}

    def explain(self, contact: Contact, at: datetime) -> str:
        clicks = _clicks(at).filter(contact=contact).order_by("-happened_at")
        count, last = clicks.count(), clicks.first()
        words = ngettext("%(count)s click", "%(count)s clicks", count) % {"count": count}
        return f"{words}, {_last_on(last.happened_at)}" if last else words


def _clicks(at: datetime) -> QuerySet[MessageEvent]:
    return MessageEvent.objects.order_by().filter(
        kind=MessageEvent.Kind.CLICK,
        is_machine=False,
        contact__isnull=False,
        **Window(days=BUCKET_DAYS).lookups(at, "happened_at"),
    )


def _in_bucket(name: str) -> Q:
    low, high = BUCKETS[name]
    return Q(row_count__gte=low) if high is None else Q(row_count__gte=low, row_count__lte=high)


@conditions.register("unengaged")
@dataclass(frozen=True)
class Unengaged(Condition):
    """Contacts who got so many mails in a row without a reaction to any mail since the first of them."""

    label = gettext_lazy("No reaction for so many mails")
    description = gettext_lazy(
        "Got at least so many mails about topics since their last open, click, order from a mail, or sharing of one."
    )
    group = REACTIONS
    icon = "no-view"

    mails: Annotated[int, Count(label=gettext_lazy("Mails"), minimum=1, maximum=1000)] = 5

    def as_q(self, at: datetime) -> Q:
        return self.tally(at).as_q()

    def tally(self, at: datetime) -> Tally:
        return Tally(
            source=("unanswered mails",),
            rows=lambda: _unanswered(at),
            figures={"row_count": count_rows},
            having=Q(row_count__gte=self.mails),
            is_any_row=self.mails == 1,
        )

    def sentence(self) -> str:
        words = ngettext(
            "got at least %(count)s mail without a reaction since",
            "got at least %(count)s mails without a reaction since",
            self.mails,
        )
        return words % {"count": self.mails}

    def explain(self, contact: Contact, at: datetime) -> str:
        count = _unanswered(at).filter(contact=contact).count()
        words = ngettext("%(count)s mail without a reaction", "%(count)s mails without a reaction", count)
        last = _reactions(at).filter(contact=contact).order_by("-happened_at").first()
        latest = _last_on(last.happened_at) if last else _("never any")
        return f"{words % {'count': count}}, {latest}"


def _reactions(at: datetime) -> QuerySet[MessageEvent]:
    return MessageEvent.objects.filter(
        kind__in=REACTION_KINDS, is_machine=False, contact__isnull=False, happened_at__lte=at
    )


def _unanswered(at: datetime) -> QuerySet:
    later = _reactions(at).filter(contact=OuterRef("contact"), happened_at__gte=OuterRef("handed_off_at"))
    return asking_mails(at).filter(~Exists(later))


def _last_on(moment: datetime) -> str:
    return _("the last on %(day)s") % {"day": on_day(moment)}
