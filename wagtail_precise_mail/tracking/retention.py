"""How long tracking keeps what is personal in events and answers."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.retention import RetentionRule, retention_rules, signs_of_life
from wagtail_precise_mail.tracking.models import MessageEvent, SurveyAnswer
from wagtail_precise_mail.tracking.site_views import SiteView


@retention_rules.register("user_agents")
class OldUserAgents(RetentionRule):
    """Which program opened or clicked."""

    label = _("Programs behind opens and clicks")
    description = _("The name of the mail program or browser is deleted; the open or click stays, and is counted.")

    def due(self, before: datetime) -> QuerySet[MessageEvent]:
        return MessageEvent.objects.filter(happened_at__lt=before).exclude(user_agent="")

    def let_go(self, rows: QuerySet[MessageEvent]) -> int:
        return rows.update(user_agent="")


@retention_rules.register("events")
class OldEvents(RetentionRule):
    """Who opened, clicked and bought."""

    label = _("Who opened and clicked")
    description = _("Opens, clicks and the rest lose their contact; reports count them as before, profiles do not.")

    def due(self, before: datetime) -> QuerySet[MessageEvent]:
        return MessageEvent.objects.filter(happened_at__lt=before, contact__isnull=False)

    def let_go(self, rows: QuerySet[MessageEvent]) -> int:
        return rows.update(contact=None, user_agent="")


@retention_rules.register("survey_comments")
class OldComments(RetentionRule):
    """What people wrote beside their answers."""

    label = _("Comments in surveys")
    description = _("The words are deleted; the answer stays, and is counted.")

    def due(self, before: datetime) -> QuerySet[SurveyAnswer]:
        return SurveyAnswer.objects.filter(answered_at__lt=before).exclude(comment="")

    def let_go(self, rows: QuerySet[SurveyAnswer]) -> int:
        return rows.update(comment="")


@retention_rules.register("site_views")
class OldSiteViews(RetentionRule):
    """What contacts looked at on the site."""

    label = _("Visits of the site")
    description = _("Pages, products and searches that contacts looked at are deleted.")
    days = 365

    def due(self, before: datetime) -> QuerySet[SiteView]:
        return SiteView.objects.filter(happened_at__lt=before)


@signs_of_life.register("reactions")
def reacted(moment: datetime) -> Q:
    """Opens, clicks, answers and visits of people since a moment."""
    events = MessageEvent.objects.filter(happened_at__gte=moment, is_machine=False, contact__isnull=False)
    answers = SurveyAnswer.objects.filter(answered_at__gte=moment, contact__isnull=False)
    visits = SiteView.objects.filter(happened_at__gte=moment)
    return Q(
        Q(pk__in=events.values("contact")) | Q(pk__in=answers.values("contact")) | Q(pk__in=visits.values("contact"))
    )
