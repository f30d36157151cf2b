"""The landing pages of campaigns, and what became of their visitors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wagtail_precise_mail.campaigns.landing.goals import Goal
from wagtail_precise_mail.campaigns.landing.models import landing_page_models
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.queries import Share
from wagtail_precise_mail.commerce.money import format_money
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.tracking.goals import VisitFigures, visit_figures


@dataclass(frozen=True)
class LandingReport:
    """What became of the visitors of a campaign's landing pages.

    Attributes:
        pages: drafts, too.
        figures: all zero before the campaign was sent.
    """

    pages: list[Any] = field(default_factory=list)
    figures: VisitFigures = field(default_factory=VisitFigures)

    @property
    def visitors(self) -> int:
        """Contacts whose click led to one of the pages."""
        return self.figures.visitor_count

    @property
    def reached(self) -> Share:
        """Who did what the pages are for: where that is to buy, the buyers."""
        is_to_buy = any(page.goal == Goal.BUY for page in self.pages)
        count = self.figures.buyer_count if is_to_buy else self.figures.goal_count
        return Share(count, self.figures.visitor_count)

    @property
    def revenue_lines(self) -> list[str]:
        """What visitors ordered, one amount per currency."""
        return [format_money(round(value, 2), currency) for currency, value in sorted(self.figures.revenue.items())]

    @property
    def sentence(self) -> str:
        """The figures in words."""
        seen = self.figures
        if not seen.visitor_count:
            return _("Nobody has come yet.")
        parts = [
            ngettext("%(count)d contact came by a click", "%(count)d contacts came by a click", seen.visitor_count)
            % {"count": seen.visitor_count},
            ngettext("%(count)d reached the goal", "%(count)d reached the goal", self.reached.count)
            % {"count": self.reached.count},
        ]
        if seen.order_count:
            orders = ngettext("%(count)d order of theirs", "%(count)d orders of theirs", seen.order_count)
            parts.append(f"{orders % {'count': seen.order_count}}: {' + '.join(self.revenue_lines)}")
        return "; ".join(parts) + "."


def landing_report(campaign: Campaign) -> LandingReport:
    """Return the landing pages of one campaign with their figures."""
    return landing_reports([campaign])[campaign.pk]


def landing_reports(campaigns: Iterable[Campaign]) -> dict[int, LandingReport]:
    """Return the landing pages of campaigns with their figures, by the campaign's id.

    Costs one query for each type of landing page, and three where there are any.
    """
    by_id = {campaign.pk: campaign for campaign in campaigns}
    pages: dict[int, list[Any]] = defaultdict(list)
    for model in landing_page_models():
        for page in model.objects.filter(campaign__in=by_id).order_by("pk").defer_streamfields():
            pages[page.campaign_id].append(page)
    addresses = {
        send_id: {url for page in pages[pk] for url in addresses_of(page)}
        for pk, campaign in by_id.items()
        if (send_id := campaign.send_id) and pages[pk]
    }
    seen = visit_figures(addresses)
    return {
        pk: LandingReport(pages[pk], seen.get(campaign.send_id or 0, VisitFigures())) for pk, campaign in by_id.items()
    }


def addresses_of(page: Any) -> set[str]:
    """Return the addresses by which links in mails lead to a page."""
    parts = page.get_url_parts()
    if not parts:
        return set()
    _site_id, root_url, path = parts
    return {f"{start.rstrip('/')}{path}" for start in (root_url, options().base_url) if start}
