"""Potential customers: who of those who never bought is the most like those who did.

Each thing known about a contact is evidence: how many times as common it is among customers as among the others. The
score is the sum of the logarithms (naive Bayes), so that it can be added up from the reasons shown. :mod:`.ranking`
keeps the best of every night, so that no page has to rank a million contacts.

Left out: contacts who do not allow profiling, in quarantine, or who must not be written to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp, log
from typing import Any

from babel import Locale
from django.db.models import Case, Count, Exists, F, FloatField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.commerce.viewed import ProductView
from wagtail_precise_mail.contacts.models import Consent, ConsentStatus, Contact, Suppression, Topic
from wagtail_precise_mail.tracking.models import MessageEvent

LEAST_CUSTOMERS = 30
"""Customers, and contacts who are none: below it, likeness is chance."""

LEAST_COMMON = 20
"""Contacts with a country or source; a rarer one proves nothing."""

MOST_VALUES = 50

LEAST_LIFT = 1.1
"""Below it the page says that the order is no better than chance."""

CLICK_DAYS = 90
_CHECKED_ROWS = 20_000
_STRONG = 1.2
"""From how many times as common on evidence is a reason worth reading."""

Counts = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Evidence:
    """One thing that may be known: its weight where it is so, and where it is not."""

    kind: str
    value: str
    label: str
    times: float
    weight: float
    absent: float = 0.0


@dataclass(frozen=True)
class Prospect:
    """One potential customer, with the reasons, the strongest first."""

    contact: Contact
    score: float
    reasons: list[str]

    @property
    def times(self) -> float:
        """How many times as likely to be a customer as the average contact, if what is known were independent."""
        return exp(self.score)


@dataclass(frozen=True)
class Likeness:
    """What customers have in common, and how well that finds customers among those it was not learned from.

    Attributes:
        lift: share of customers in the tenth with the highest score, by their share among all; None if there are few.
    """

    customers: int
    others: int
    evidence: list[Evidence] = field(default_factory=list)
    lift: float | None = None

    @property
    def is_enough(self) -> bool:
        return min(self.customers, self.others) >= LEAST_CUSTOMERS and bool(self.evidence)

    @property
    def is_chance(self) -> bool:
        """Whether, where it was tested, it found customers no better than chance would."""
        return self.lift is not None and self.lift < LEAST_LIFT


def learn_likeness(at: datetime, *, is_checked: bool = True) -> Likeness:
    """Compare customers with the other contacts; two contacts of three teach where a check is wanted too."""
    likeness = _learn(at, _known(at))
    if not likeness.is_enough or not is_checked:
        return likeness
    return Likeness(likeness.customers, likeness.others, likeness.evidence, _lift(at))


def find_prospects(at: datetime, likeness: Likeness, *, count: int = 50) -> list[Prospect]:
    """Return who is the most like a customer: the best first, those of one score by their id."""
    if not likeness.is_enough:
        return []
    best = [(contact, contact.score) for contact in ranked(at, likeness)[:count]]
    return with_reasons(best, likeness, at=at)


def with_reasons(scored: list[tuple[Contact, float]], likeness: Likeness, *, at: datetime) -> list[Prospect]:
    """Return what speaks for some contacts, given with their scores: three queries."""
    facts = _facts(at, [contact for contact, _score in scored])
    return [Prospect(contact, score, _reasons(facts[contact.pk], likeness)) for contact, score in scored]


def _known(at: datetime) -> QuerySet[Any]:
    """Return the contacts who are compared, each with whether they bought."""
    orders = Order.objects.filter(contact=OuterRef("pk"), kind=Order.Kind.SALE, placed_at__lte=at)
    return Contact.objects.filter(is_profiling_allowed=True).order_by().annotate(is_buyer=Exists(orders))


def ranked(at: datetime, likeness: Likeness) -> QuerySet[Any]:
    """Return all potential customers with their ``score``, the best first: as dear as there are contacts."""
    suppressed = Suppression.objects.in_force(at).filter(address_hash=OuterRef("address_hash"))
    wanted = _known(at).filter(is_buyer=False, quarantined_at=None).exclude(Exists(suppressed))
    return wanted.annotate(score=_score(at, likeness.evidence)).order_by("-score", "pk")


def _clicks(at: datetime) -> QuerySet[MessageEvent]:
    since = at - timedelta(days=CLICK_DAYS)
    kinds = {"kind": MessageEvent.Kind.CLICK, "is_machine": False}
    return MessageEvent.objects.filter(happened_at__gt=since, happened_at__lte=at, **kinds).order_by()


def _views(at: datetime) -> QuerySet[ProductView]:
    return ProductView.objects.filter(viewed_at__lte=at).order_by()


def _learn(at: datetime, contacts: QuerySet[Any]) -> Likeness:
    totals = contacts.aggregate(customers=Count("pk", filter=Q(is_buyer=True)), all=Count("pk"))
    customers, others = totals["customers"], totals["all"] - totals["customers"]
    if min(customers, others) < LEAST_CUSTOMERS:
        return Likeness(customers, others)
    counted = {kind: _by_value(contacts, kind) for kind in ("country", "source")}
    # Whom an order brought came from the shop: that says who bought, not who will.
    counted["source"] = {
        value: counts for value, counts in counted["source"].items() if not Order.objects.filter(source=value).exists()
    }
    topics = {one.pk: one.name for one in Topic.objects.all()}
    consents = Consent.objects.filter(status=ConsentStatus.GRANTED).order_by()
    counted["topic"] = {
        str(pk): _with(contacts.filter(Exists(consents.filter(contact=OuterRef("pk"), topic=pk)))) for pk in topics
    }
    counted["clicked"] = {"": _with(contacts.filter(Exists(_clicks(at).filter(contact=OuterRef("pk")))))}
    counted["viewed"] = {"": _with(contacts.filter(Exists(_views(at).filter(contact=OuterRef("pk")))))}
    evidence = [
        _evidence(kind, value, topics[int(value)] if kind == "topic" else value, counts, customers, others)
        for kind, values in counted.items()
        for value, counts in values.items()
        if sum(counts) >= LEAST_COMMON
    ]
    return Likeness(customers, others, sorted(evidence, key=lambda one: (-one.times, one.kind, one.value)))


def _by_value(contacts: QuerySet[Any], name: str) -> Counts:
    rows = (
        contacts.exclude(**{name: ""})
        .values(name)
        .annotate(yes=Count("pk", filter=Q(is_buyer=True)), all=Count("pk"))
        .order_by("-all", name)
        .values_list(name, "yes", "all")[:MOST_VALUES]
    )
    return {value: (yes, every - yes) for value, yes, every in rows}


def _with(contacts: QuerySet[Any]) -> tuple[int, int]:
    found = contacts.aggregate(yes=Count("pk", filter=Q(is_buyer=True)), all=Count("pk"))
    return found["yes"], found["all"] - found["yes"]


def _evidence(kind: str, value: str, label: str, counts: tuple[int, int], customers: int, others: int) -> Evidence:
    # One more of each, so that what nobody of one side has is no proof beyond doubt.
    among, elsewhere = (counts[0] + 1) / (customers + 2), (counts[1] + 1) / (others + 2)
    # Of the values of a field one excludes the others, so that its absence is in their weights already.
    absent = 0.0 if kind in ("country", "source") else log((1 - among) / (1 - elsewhere))
    return Evidence(kind, value, label, among / elsewhere, log(among / elsewhere), absent)


def _score(at: datetime, evidence: Iterable[Evidence]) -> Any:
    """Return the sum of the weights as an expression over contacts."""
    by_kind: dict[str, list[Evidence]] = defaultdict(list)
    for one in evidence:
        by_kind[one.kind].append(one)
    parts: list[Any] = [
        Case(*(When(**{kind: one.value, "then": Value(one.weight)}) for one in by_kind[kind]), default=Value(0.0))
        for kind in ("country", "source")
        if by_kind[kind]
    ]
    if by_kind["topic"]:
        parts += [Value(sum(one.absent for one in by_kind["topic"])), _topic_score(by_kind["topic"])]
    for kind, rows in (("clicked", _clicks(at)), ("viewed", _views(at))):
        for one in by_kind[kind]:
            is_so = Exists(rows.filter(contact=OuterRef("pk")))
            parts.append(Case(When(is_so, then=Value(one.weight)), default=Value(one.absent)))
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return Case(When(pk__isnull=False, then=total), default=Value(0.0), output_field=FloatField())


def _topic_score(evidence: list[Evidence]) -> Any:
    gains = [When(topic=int(one.value), then=Value(one.weight - one.absent)) for one in evidence]
    rows = (
        Consent.objects.filter(contact=OuterRef("pk"), status=ConsentStatus.GRANTED)
        .order_by()
        .values("contact")
        .annotate(gain=Sum(Case(*gains, default=Value(0.0)), output_field=FloatField()))
        .values("gain")
    )
    return Coalesce(Subquery(rows), Value(0.0), output_field=FloatField())


def _facts(at: datetime, contacts: list[Any]) -> dict[int, set[tuple[str, str]]]:
    """Return what is known of some contacts: three queries."""
    facts: dict[int, set[tuple[str, str]]] = {
        one.pk: {("country", one.country), ("source", one.source)} for one in contacts
    }
    consents = Consent.objects.filter(contact__in=facts, status=ConsentStatus.GRANTED)
    for pk, topic in consents.values_list("contact_id", "topic_id"):
        facts[pk].add(("topic", str(topic)))
    for kind, rows in (("clicked", _clicks(at)), ("viewed", _views(at))):
        for pk in rows.filter(contact__in=facts).values_list("contact_id", flat=True).distinct():
            facts[pk].add((kind, ""))
    return facts


def _reasons(facts: set[tuple[str, str]], likeness: Likeness) -> list[str]:
    return [in_words(one) for one in likeness.evidence if (one.kind, one.value) in facts and one.times >= _STRONG]


def in_words(evidence: Evidence) -> str:
    """Return what is so, and how many times as common it is among customers."""
    words = {
        "country": _("country %(value)s"),
        "source": _("came from %(value)s"),
        "topic": _("agreed to %(value)s"),
        "clicked": _("clicked within %(days)s days"),
        "viewed": _("looked at products"),
    }
    label = _country(evidence.label) if evidence.kind == "country" else evidence.label
    what = words[evidence.kind] % {"value": label, "days": CLICK_DAYS}
    return _("%(what)s: %(times).1f times as common among customers") % {"what": what, "times": evidence.times}


def _country(code: str) -> str:
    return str(Locale.parse(to_locale(get_language() or "en")).territories.get(code, code))


def _lift(at: datetime) -> float | None:
    """Learn from two of three contacts, and look for the customers among the third."""
    parted = _known(at).annotate(part=F("pk") % 3)
    likeness = _learn(at, parted.exclude(part=0))
    if not likeness.is_enough:
        return None
    rows = parted.filter(part=0).annotate(score=_score(at, likeness.evidence)).order_by("pk")
    scored = sorted(rows.values_list("score", "pk", "is_buyer")[:_CHECKED_ROWS], key=lambda row: (-row[0], row[1]))
    top, buyers = scored[: len(scored) // 10], sum(row[2] for row in scored)
    if not top or not buyers:
        return None
    return (sum(row[2] for row in top) / len(top)) / (buyers / len(scored))
