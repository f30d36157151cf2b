"""When a yes is no longer enough: a new policy asks again, or a topic asks for more proof.

Both are looked at before they are done, and every consent that changes gets its entry in the ledger.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from wagtail.log_actions import log

from wagtail_precise_mail.contacts.grades import Actor, grades_below
from wagtail_precise_mail.contacts.models import Consent, ConsentChange, ConsentStatus, Topic
from wagtail_precise_mail.exceptions import InvalidTransition

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from wagtail_precise_mail.contacts.wordings import PrivacyPolicy

logger = logging.getLogger(__name__)

_CHUNK = 2000
POLICY_SOURCE = "new policy"
MINIMUM_SOURCE = "more proof needed"


def consents_before(policy: PrivacyPolicy) -> QuerySet[Consent]:
    """Return the granted consents that are older than a policy; those given on another site's policy are not its."""
    last = ConsentChange.objects.filter(
        contact=OuterRef("contact"), topic=OuterRef("topic"), status=ConsentStatus.GRANTED
    ).order_by("-changed_at", "-pk")
    rows = Consent.objects.filter(status=ConsentStatus.GRANTED).annotate(
        agreed_at=Subquery(last.values("changed_at")[:1]), agreed_site=Subquery(last.values("policy__site")[:1])
    )
    is_older = Q(agreed_at__lt=policy.published_at) | Q(agreed_at=None, changed_at__lt=policy.published_at)
    return rows.filter(is_older, Q(agreed_site=None) | Q(agreed_site=policy.site_id))


def ask_again(policy: PrivacyPolicy, *, is_dry_run: bool, by: User | None = None, at: datetime | None = None) -> int:
    """Make the consents that are older than a policy pending, until their contacts agree again.

    Args:
        is_dry_run: only count.
        by: who decided so; kept in the ledger and the audit log.

    Returns:
        How many consents it is about. A second run finds none.

    Raises:
        InvalidTransition: this policy does not ask again, or is not in force yet.
    """
    at = at or timezone.now()
    if not policy.asks_again or policy.published_at > at:
        raise InvalidTransition("Only a policy that is in force and set to ask again can do so.")
    consents = consents_before(policy)
    if is_dry_run:
        return consents.count()
    facts = {"source": POLICY_SOURCE, "policy": policy, "evidence": f"policy {policy.version}"}
    count = _make_pending(consents, {"is_asked_again": True, "basis": ""}, facts, by, at)
    log(instance=policy, action="wagtail.edit", user=by, data={"asked_again": count})
    logger.info("Policy %s asks %d consents again.", policy.pk, count)
    return count


def consents_below(topic: Topic) -> QuerySet[Consent]:
    """Return the granted consents whose proof is weaker than their topic asks for now."""
    return Consent.objects.filter(
        topic=topic, status=ConsentStatus.GRANTED, basis__in=grades_below(topic.minimum_basis)
    )


def enforce_minimum(topic: Topic, *, is_dry_run: bool, by: User | None = None, at: datetime | None = None) -> int:
    """Make the consents pending whose proof is weaker than their topic asks for now.

    Args:
        is_dry_run: only count.

    Returns:
        How many consents it is about.
    """
    at = at or timezone.now()
    consents = consents_below(topic)
    if is_dry_run:
        return consents.count()
    evidence = f"at least: {topic.minimum_basis}"
    count = _make_pending(consents, {}, {"source": MINIMUM_SOURCE, "evidence": evidence}, by, at)
    log(instance=topic, action="wagtail.edit", user=by, data={"made_pending": count})
    return count


def _make_pending(
    consents: QuerySet[Consent], changes: dict[str, Any], facts: dict[str, Any], by: User | None, at: datetime
) -> int:
    count, last = 0, 0
    while rows := list(consents.filter(pk__gt=last).order_by("pk")[:_CHUNK]):
        last = rows[-1].pk
        with transaction.atomic():
            # Whoever left in the meantime has left.
            ids = [row.pk for row in rows]
            kept = list(Consent.objects.select_for_update().filter(pk__in=ids, status=ConsentStatus.GRANTED))
            ConsentChange.objects.bulk_create(_entries(kept, facts, by, at), batch_size=1000)
            Consent.objects.filter(pk__in=[row.pk for row in kept]).update(
                status=ConsentStatus.PENDING, changed_at=at, **changes
            )
            count += len(kept)
    return count


def _entries(consents: Iterable[Consent], facts: dict[str, Any], by: User | None, at: datetime) -> list[ConsentChange]:
    return [
        ConsentChange(
            contact_id=row.contact_id,
            topic_id=row.topic_id,
            status=ConsentStatus.PENDING,
            basis=row.basis,
            actor=Actor.SYSTEM,
            changed_at=at,
            changed_by=by,
            **facts,
        )
        for row in consents
    ]
