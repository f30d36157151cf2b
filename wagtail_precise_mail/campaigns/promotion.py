"""How much promotion the readers of a campaign would have been sent lately, the campaign included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Count

from wagtail_precise_mail.campaigns.audience import sendable_contacts
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.balance import count_over
from wagtail_precise_mail.emails.checks.balance import FEW, Balance, count_balance
from wagtail_precise_mail.emails.checks.facts import blocks_of
from wagtail_precise_mail.emails.languages import choose_language

if TYPE_CHECKING:
    from wagtail_precise_mail.campaigns.models import Campaign
    from wagtail_precise_mail.emails.models import Email


@dataclass(frozen=True)
class PromotionOverTime:
    """The readers of a campaign, and for how many of them promotion would be above the limit."""

    total_count: int
    over_count: int


def promotion_over_time(
    campaign: Campaign, versions: Mapping[str, Email], *, original: str, at: datetime, send_at: datetime
) -> PromotionOverTime:
    """Count the readers for whom a campaign would be too much: one query, and one for each language.

    What others will send them until then is not known, and not counted.

    Args:
        versions: the emails that would be sent, by their language.
        original: the language of those who have none of the others.
        at: as of when the audience is read.

    Raises:
        InvalidRules: the audience cannot be evaluated.
    """
    limit, since = options().max_promotion_percent_over_time, send_at - timedelta(days=options().promotion_days)
    contacts = sendable_contacts(campaign, at=at)
    rows = contacts.order_by().values_list("locale").annotate(wpm_count=Count("pk"))
    counts: dict[str, int] = dict(rows)
    locales: dict[str, list[str]] = defaultdict(list)
    for locale in counts:
        locales[choose_language(locale, versions, default=original)].append(locale)
    over = 0
    for language, some in locales.items():
        balance = count_balance(blocks_of(versions[language].body))
        theirs = contacts if len(locales) == 1 else contacts.filter(locale__in=some)
        fed = count_over(theirs, balance, since=since, until=send_at, max_percent=limit)
        over += fed.over_count
        if _is_over(balance, limit):  # then it is for those, too, who were sent nothing else
            over += sum(counts[locale] for locale in some) - fed.seen_count
    return PromotionOverTime(sum(counts.values()), over)


def _is_over(balance: Balance, limit: int) -> bool:
    total = balance.promotion_count + balance.editorial_count
    return total >= FEW and balance.promotion_count > total * limit / 100
