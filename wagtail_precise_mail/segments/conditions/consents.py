"""Conditions on whether a contact may be written to: consent, suppression, and both together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import blocks

from wagtail_precise_mail.contacts.grades import ConsentBasis
from wagtail_precise_mail.contacts.models import (
    Consent,
    ConsentStatus,
    Contact,
    Suppression,
    SuppressionReason,
    Topic,
)
from wagtail_precise_mail.contacts.reachability import reachability
from wagtail_precise_mail.segments.conditions.base import Condition, conditions
from wagtail_precise_mail.segments.conditions.days import (
    MaxDaysAgo,
    MinDaysAgo,
    ago_in_words,
    ago_problems,
    ago_window,
    day_in_words,
    site_day,
)
from wagtail_precise_mail.segments.conditions.parameters import Choice
from wagtail_precise_mail.segments.conditions.several import Keys, Several
from wagtail_precise_mail.segments.conditions.words import listed, named

CONSENT = gettext_lazy("Consent and mail")


def _topics() -> list[tuple[str, str]]:
    return list(Topic.objects.values_list("slug", "name"))


def _topic_block(**kwargs: object) -> blocks.ChoiceBlock:
    return blocks.ChoiceBlock(choices=_topics, **kwargs)


_TOPICS: dict[str, Any] = {
    "label": gettext_lazy("Topics"),
    "item_label": gettext_lazy("Topic"),
    "model": "wagtail_precise_mail.Topic",
    "attribute": "slug",
    "chooser": _topic_block,
}


@conditions.register("consent")
@dataclass(frozen=True)
class HasConsent(Condition):
    """Contacts who stand somehow with a topic, since some time; what changed after the moment does not count."""

    label = gettext_lazy("Consent")
    description = gettext_lazy("Where the contact stands with a topic now. Several topics: with any of them.")
    group = CONSENT
    icon = "check"
    is_profiling = False

    topics: Annotated[tuple[str, ...], Keys(**_TOPICS)]
    status: Annotated[str, Choice(label=gettext_lazy("Status"), choices=list(ConsentStatus.choices))] = "granted"
    basis: Annotated[
        tuple[str, ...],
        Several(
            label=gettext_lazy("Proof"),
            help_text=gettext_lazy("Empty: any."),
            item=Choice(label=gettext_lazy("Proof"), choices=list(ConsentBasis.choices)),
        ),
    ] = ()
    min_days_ago: MinDaysAgo = None
    max_days_ago: MaxDaysAgo = None

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from ago_problems(self.min_days_ago, self.max_days_ago)

    def _consents(self, at: datetime) -> QuerySet[Consent]:
        window = ago_window(at, self.min_days_ago, self.max_days_ago)
        consents = Consent.objects.filter(topic__slug__in=self.topics, status=self.status)
        consents = consents.filter(**{f"changed_at__{lookup}": moment for lookup, moment in window.items()})
        return consents.filter(basis__in=self.basis) if self.basis else consents

    def as_q(self, at: datetime) -> Q:
        return Q(Exists(self._consents(at).filter(contact=OuterRef("pk"))))

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        words = [
            _("have the consent “%(status)s” to %(topics)s")
            % {"status": ConsentStatus(self.status).label, "topics": listed(map(named, self.topics))}
        ]
        if self.basis:
            words.append(_("by %(basis)s") % {"basis": listed(str(ConsentBasis(one).label) for one in self.basis)})
        if self.min_days_ago or self.max_days_ago:
            words.append(_("since %(ago)s") % {"ago": ago_in_words(self.min_days_ago, self.max_days_ago)})
        return " ".join(words)

    def explain(self, contact: Contact, at: datetime) -> str:
        mine = contact.consents.filter(topic__slug__in=self.topics, changed_at__lte=at).select_related("topic")
        facts = [
            _("%(topic)s: %(status)s since %(day)s")
            % {"topic": one.topic, "status": one.get_status_display(), "day": day_in_words(site_day(one.changed_at))}
            for one in mine
        ]
        return "; ".join(facts) or _("never asked")


def suppressions_of_contacts(at: datetime) -> QuerySet[Suppression]:
    """Return what holds mail about topics back from the contact of the outer query, as of ``at``."""
    holding = Suppression.objects.holding_back(is_marketing=True, at=at)
    return holding.filter(address_hash=OuterRef("address_hash"), created_at__lte=at)


@conditions.register("suppressed")
@dataclass(frozen=True)
class Suppressed(Condition):
    """Contacts whose address must not be written to, whoever decided that."""

    label = gettext_lazy("Must not be written to")
    description = gettext_lazy("Unsubscribed, bounced, complained, or stopped by hand. Several reasons: any of them.")
    group = CONSENT
    icon = "no-view"

    reasons: Annotated[
        tuple[str, ...],
        Several(
            label=gettext_lazy("Reasons"),
            help_text=gettext_lazy("Empty: any."),
            item=Choice(label=gettext_lazy("Reason"), choices=list(SuppressionReason.choices)),
        ),
    ] = ()

    def as_q(self, at: datetime) -> Q:
        holding = suppressions_of_contacts(at)
        return Q(Exists(holding.filter(reason__in=self.reasons) if self.reasons else holding))

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        if not self.reasons:
            return _("must not be written to")
        reasons = listed(str(SuppressionReason(reason).label) for reason in self.reasons)
        return _("must not be written to because: %(reasons)s") % {"reasons": reasons}

    def explain(self, contact: Contact, at: datetime) -> str:
        found = Suppression.objects.holding_back(is_marketing=True, at=at).filter(address_hash=contact.address_hash)
        one = found.filter(created_at__lte=at).first()
        return str(one.get_reason_display()) if one else _("nothing is in the way")


@conditions.register("reachable")
@dataclass(frozen=True)
class Reachable(Condition):
    """Contacts whom mail about a topic may go to: consent is granted, and nothing holds it back."""

    label = gettext_lazy("May be written to")
    description = gettext_lazy(
        "Agreed to a topic, and is neither suppressed, in quarantine nor pausing. Several topics: to any of them."
    )
    group = CONSENT
    icon = "mail"
    is_profiling = False

    topics: Annotated[tuple[str, ...], Keys(**_TOPICS, help_text=gettext_lazy("Empty: any."))] = ()

    def as_q(self, at: datetime) -> Q:
        consents = Consent.objects.filter(contact=OuterRef("pk"), status=ConsentStatus.GRANTED, changed_at__lte=at)
        if self.topics:
            consents = consents.filter(topic__slug__in=self.topics)
        awake = Q(quarantined_at__isnull=True) & (Q(paused_until__isnull=True) | Q(paused_until__lte=at))
        return awake & Q(Exists(consents)) & ~Q(Exists(suppressions_of_contacts(at)))

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        if not self.topics:
            return _("may be written to")
        return _("may be written to about %(topics)s") % {"topics": listed(map(named, self.topics))}

    def explain(self, contact: Contact, at: datetime) -> str:
        found = Suppression.objects.holding_back(is_marketing=True, at=at).filter(address_hash=contact.address_hash)
        wanted = contact.consents.filter(topic__slug__in=self.topics) if self.topics else contact.consents.all()
        return "; ".join(reachability(contact, found.first(), list(wanted), at=at).obstacles)
