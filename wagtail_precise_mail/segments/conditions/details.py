"""The condition on how long ago a contact looked at their own details."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from django.db.models import Exists, OuterRef, Q
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wagtail_precise_mail.contacts.changes import SELF, ContactChange
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.preferences import CONFIRMED, confirmed_at, months_later
from wagtail_precise_mail.segments.conditions.base import Condition, conditions
from wagtail_precise_mail.segments.conditions.parameters import Count


@conditions.register("details_unconfirmed")
@dataclass(frozen=True)
class DetailsUnconfirmed(Condition):
    """Contacts who have been here for some months, and did not say within them that their details are right."""

    label = gettext_lazy("Details not confirmed for long")
    description = gettext_lazy(
        "Known for so many months, and never confirmed or corrected their details themselves since."
    )
    icon = "user"

    months: Annotated[int, Count(label=gettext_lazy("Months"), minimum=1, maximum=120)] = 12

    def as_q(self, at: datetime) -> Q:
        since = months_later(at, -self.months)
        looked = ContactChange.objects.filter(
            contact=OuterRef("pk"), field=CONFIRMED, source=SELF, changed_at__gt=since, changed_at__lte=at
        )
        return Q(~Exists(looked), created_at__lte=since)

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        words = ngettext(
            "have not confirmed their details for %(count)d month",
            "have not confirmed their details for %(count)d months",
            self.months,
        )
        return words % {"count": self.months}

    def explain(self, contact: Contact, at: datetime) -> str:
        looked_at = confirmed_at(contact)
        if looked_at is None:
            return _("never confirmed their details")
        return _("confirmed their details on %(day)s") % {"day": date_format(localtime(looked_at), "DATE_FORMAT")}
