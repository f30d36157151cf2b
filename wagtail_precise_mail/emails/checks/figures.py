"""What the panel measures: length, ease of reading, balance and size, each against its limit."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from wagtail_precise_mail.charts import as_percent
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.emails.checks.balance import balance_of
from wagtail_precise_mail.emails.checks.cross_selling import cross_selling_of
from wagtail_precise_mail.emails.checks.facts import EmailFacts
from wagtail_precise_mail.emails.checks.reading import read


@dataclass(frozen=True)
class Figure:
    """One thing that was measured.

    Attributes:
        value: in words.
        percent: how much of the limit is used, 100 at the most; None where there is no limit.
        is_over: whether it is beyond the limit.
    """

    label: str
    value: str
    percent: int | None = None
    is_over: bool = False


def figures_of(facts: EmailFacts) -> list[Figure]:
    """Return the figures of an email."""
    return [_words(facts), *_ease(facts), _balance(facts), *_cross_selling(facts), _size(facts)]


def _words(facts: EmailFacts) -> Figure:
    count, limit = read(facts.text, facts.language).word_count, options().max_words
    return _limited(_("Words"), _("%(count)s of %(limit)s") % {"count": count, "limit": limit}, count, limit)


def _ease(facts: EmailFacts) -> list[Figure]:
    reading = read(facts.text, facts.language)
    if reading.sentence_length is not None:
        value = _("%(count)s characters per sentence") % {"count": reading.sentence_length}
    elif reading.ease is not None:
        value = _("%(score)s of 100") % {"score": max(reading.ease, 0)}
    else:
        return []
    return [Figure(_("Easy to read"), value, is_over=reading.is_hard)]


def _balance(facts: EmailFacts) -> Figure:
    balance = balance_of(facts)
    value = _("%(promotion)s promotion, %(editorial)s to read") % {
        "promotion": balance.promotion_count,
        "editorial": balance.editorial_count,
    }
    return Figure(_("Parts"), value, balance.percent, balance.percent > options().max_promotion_percent)


def _cross_selling(facts: EmailFacts) -> list[Figure]:
    found = cross_selling_of(facts) if facts.is_transactional else None
    if found is None or not (found.slots or found.outside):
        return []
    limit = options().cross_sell_max_percent
    value = _("%(percent)s of %(limit)s") % {"percent": found.percent, "limit": as_percent(limit, None)}
    return [_limited(_("Selling in it"), value, found.percent, limit)]


def _size(facts: EmailFacts) -> Figure:
    size, limit = facts.html_size, options().html_size_limit
    value = _("%(size)s of %(limit)s kB") % {"size": size // 1000, "limit": limit // 1000}
    return _limited(_("HTML"), value, size, limit)


def _limited(label: str, value: str, count: int, limit: int) -> Figure:
    return Figure(label, value, min(100, round(100 * count / limit)), count > limit)
