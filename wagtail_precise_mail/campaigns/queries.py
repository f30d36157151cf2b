"""Figures of one campaign, ready to be shown: counts with the base they are a share of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wagtail_precise_mail.commerce.money import format_money
from wagtail_precise_mail.delivery.bounces.queries import counts_of_send
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.queries import progress
from wagtail_precise_mail.tracking.queries import figures

if TYPE_CHECKING:
    from wagtail_precise_mail.delivery.models import Send
    from wagtail_precise_mail.delivery.queries import Progress
    from wagtail_precise_mail.tracking.queries import Figures

State = OutboxMessage.State


@dataclass(frozen=True)
class Share:
    """A count and what it is a part of; without a base there is no rate, rather than one of zero."""

    count: int
    base: int

    @property
    def percent(self) -> float | None:
        """From 0 to 100, or None when there is nothing to compare with."""
        return 100 * self.count / self.base if self.base else None


@dataclass(frozen=True)
class Part:
    """One part of the frozen audience: a state of messages, or one reason to skip."""

    key: str
    label: str
    share: Share
    tone: str


@dataclass(frozen=True)
class Link:
    """Clicks on one link of the email: the share is of the contacts who clicked anything."""

    label: str
    url: str
    block_id: str
    share: Share
    click_count: int
    language: str = ""

    @property
    def short_url(self) -> str:
        """The address without its scheme, cut to fit beside numbers."""
        bare = self.url.partition("://")[2] or self.url
        return bare if len(bare) <= 60 else bare[:59] + "…"


@dataclass(frozen=True)
class Report:
    """What became of a campaign.

    Rates are of *accepted* messages, the ones a server took; rejected and unknown ones are of those that were handed
    to a server at all. Opens and clicks of machines are counted apart and are in no rate.
    """

    progress: Progress
    figures: Figures
    parts: list[Part]
    links: list[Link]
    done: Share
    accepted: Share
    rejected: Share
    unknown: Share
    opened: Share
    clicked: Share
    clicked_of_opened: Share
    unsubscribed: Share
    converted: Share
    passed_on: Share

    @property
    def revenue_lines(self) -> list[str]:
        """What the conversions brought, one amount per currency."""
        return [format_money(round(value, 2), currency) for currency, value in sorted(self.figures.revenue.items())]

    @property
    def machine_opens(self) -> str:
        """What to say of machines beside the opens, or ""."""
        count = self.figures.machine_open_count
        return ngettext("+ %(count)d by machines", "+ %(count)d by machines", count) % {"count": count} if count else ""

    @property
    def machine_clicks(self) -> str:
        """What to say of machines beside the clicks, or ""."""
        count = self.figures.machine_click_count
        return (
            ngettext("+ %(count)d click by machines", "+ %(count)d clicks by machines", count) % {"count": count}
            if count
            else ""
        )


def report_for(send: Send) -> Report:
    """Read the figures of one send, with a constant number of queries."""
    return report_of(progress(send), figures(send.pk))


def report_of(counted: Progress, seen: Figures) -> Report:
    """Put together what delivery counted and what tracking saw."""
    by_state = counted.by_state
    accepted, rejected, unknown = (by_state.get(state, 0) for state in (State.ACCEPTED, State.REJECTED, State.UNKNOWN))
    handed_over = accepted + rejected + unknown
    return Report(
        progress=counted,
        figures=seen,
        parts=parts_of(counted),
        links=[
            Link(link.label, link.url, link.block_id, Share(link.unique, seen.click_count), link.clicks, link.language)
            for link in sorted(seen.links, key=lambda link: (-link.unique, -link.clicks, link.link_index))
        ],
        done=Share(counted.settled_count, counted.total),
        accepted=Share(accepted, counted.total),
        rejected=Share(rejected, handed_over),
        unknown=Share(unknown, handed_over),
        opened=Share(seen.open_count, accepted),
        clicked=Share(seen.click_count, accepted),
        clicked_of_opened=Share(seen.click_count, seen.open_count),
        unsubscribed=Share(seen.unsubscribe_count, accepted),
        converted=Share(seen.conversion_count, accepted),
        # Whoever forwarded and shared is one of each: both are counted once per contact.
        passed_on=Share(seen.forward_count + seen.share_count, accepted),
    )


def came_back(send: Send) -> list[tuple[str, int]]:
    """Return how many messages of a send came back or were refused, by kind in words, the most first."""
    counted = counts_of_send(send)
    return [(str(kind.label), count) for kind, count in sorted(counted.items(), key=lambda item: -item[1])]


# How each state is drawn; skipped ones follow, one part per reason.
_TONES = {
    State.ACCEPTED: "good",
    State.REJECTED: "bad",
    State.UNKNOWN: "unsure",
    State.DEFERRED: "later",
    State.HANDOFF: "busy",
    State.CLAIMED: "busy",
    State.PENDING: "waiting",
    State.CANCELLED: "off",
}


def parts_of(counted: Progress) -> list[Part]:
    """Split the frozen audience into parts that sum to its total; empty parts are left out."""
    parts = [
        Part(state.value, str(state.label), Share(counted.by_state.get(state, 0), counted.total), tone)
        for state, tone in _TONES.items()
    ]
    kept = OutboxMessage.SkipReason.KEPT
    # Not skipped: they get it, only later.
    parts.append(Part(kept.value, str(kept.label), Share(counted.skipped.get(kept, 0), counted.total), "kept"))
    skipped = [
        Part(
            f"skipped-{reason}",
            _("skipped: %(reason)s") % {"reason": OutboxMessage.SkipReason(reason).label},
            Share(count, counted.total),
            "skipped",
        )
        for reason, count in sorted(counted.skipped.items(), key=lambda item: -item[1])
        if reason != kept
    ]
    return [part for part in [*parts, *skipped] if part.share.count]
