"""Conditions on the stage of engagement, and on new subscribers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wagtail_precise_mail.contacts.models import ConsentChange, ConsentStatus, Contact
from wagtail_precise_mail.segments.axes import Axis, axes
from wagtail_precise_mail.segments.conditions import Choice, Condition, Count, Several, conditions
from wagtail_precise_mail.segments.conditions.words import listed
from wagtail_precise_mail.segments.movements import Movement
from wagtail_precise_mail.tracking.conditions.sharing import REACTIONS, on_day
from wagtail_precise_mail.tracking.engagement import ContactEngagement, EngagementStage
from wagtail_precise_mail.tracking.engaging import AXIS

axes.register(AXIS)(
    Axis(
        label=gettext_lazy("Engagement"),
        choices=lambda: list(EngagementStage.choices),
        model=lambda: ContactEngagement,
        place="stage",
        since="stage_since",
    )
)


@conditions.register("engagement")
@dataclass(frozen=True)
class Engagement(Condition):
    """Contacts by how they react to mail, as of the last night before the moment of evaluation."""

    label = gettext_lazy("Engagement")
    description = gettext_lazy(
        "How they react to mail, worked out each night. Who never got a mail, or may not be tracked, has no stage."
    )
    group = REACTIONS
    icon = "view"

    stages: Annotated[
        tuple[str, ...],
        Several(
            label=gettext_lazy("Stages"),
            help_text=gettext_lazy("Any of them."),
            item=Choice(label=gettext_lazy("Stage"), choices=EngagementStage.choices),
        ),
    ]

    def as_q(self, at: datetime) -> Q:
        now = ContactEngagement.objects.order_by().filter(stage__in=self.stages, stage_since__lte=at)
        return Q(pk__in=now.values("contact_id").union(self._before(at).values("contact_id"), all=True))

    def _before(self, at: datetime) -> QuerySet[Movement]:
        """Return where those stood who moved since: that is in the history."""
        moves = Movement.objects.order_by().filter(axis=AXIS)
        since = moves.filter(moved_at__gt=at)
        until = moves.filter(moved_at__lte=at)
        later = Q(moved_at__gt=OuterRef("moved_at")) | Q(moved_at=OuterRef("moved_at"), pk__gt=OuterRef("pk"))
        latest = until.filter(~Q(Exists(until.filter(later, contact=OuterRef("contact_id")))), after__in=self.stages)
        return latest.filter(contact__in=since.values("contact_id"))

    def sentence(self) -> str:
        labels = dict(EngagementStage.choices)
        return _("are %(stages)s as readers") % {"stages": listed(labels[stage] for stage in self.stages)}

    def explain(self, contact: Contact, at: datetime) -> str:
        row = ContactEngagement.objects.filter(contact=contact).first()
        if row is None or row.stage_since is None:
            return _("no stage: no mail yet, or not tracked")
        words = {"stage": row.get_stage_display(), "day": on_day(row.stage_since), "count": row.unanswered_count}
        return _("%(stage)s since %(day)s, %(count)s mails without a reaction") % words


@conditions.register("new_subscriber")
@dataclass(frozen=True)
class NewSubscriber(Condition):
    """Contacts who agreed to any topic for the first time within the last days, and still agree to one."""

    label = gettext_lazy("New subscriber")
    description = gettext_lazy("Agreed to any topic for the first time within the last days, and still agrees to one.")
    group = REACTIONS
    icon = "plus"

    days: Annotated[int, Count(label=gettext_lazy("Days"), minimum=1, maximum=3650)] = 30

    def as_q(self, at: datetime) -> Q:
        since = at - timedelta(days=self.days)
        granted = ConsentChange.objects.filter(contact=OuterRef("pk"), status=ConsentStatus.GRANTED, changed_at__lte=at)
        recent = Q(Exists(granted.filter(changed_at__gte=since)))
        return recent & ~Q(Exists(granted.filter(changed_at__lt=since))) & Q(Exists(_still(at)))

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        words = ngettext(
            "agreed to a topic for the first time within %(count)s day",
            "agreed to a topic for the first time within %(count)s days",
            self.days,
        )
        return words % {"count": self.days}

    def explain(self, contact: Contact, at: datetime) -> str:
        first = ConsentChange.objects.filter(contact=contact, status=ConsentStatus.GRANTED, changed_at__lte=at)
        row = first.order_by("changed_at").first()
        return _("agreed first on %(day)s") % {"day": on_day(row.changed_at)} if row else _("never agreed to a topic")


def _still(at: datetime) -> QuerySet[ConsentChange]:
    """Changes after which a contact agreed, as of a moment: the latest of a topic says yes."""
    changes = ConsentChange.objects.filter(contact=OuterRef("pk"), changed_at__lte=at)
    later = ConsentChange.objects.filter(
        Q(changed_at__gt=OuterRef("changed_at")) | Q(changed_at=OuterRef("changed_at"), pk__gt=OuterRef("pk")),
        contact=OuterRef("contact"),
        topic=OuterRef("topic"),
        changed_at__lte=at,
    )
    return changes.filter(~Exists(later), status=ConsentStatus.GRANTED)
