"""Who a send was meant for: the rules as they were when its audience was frozen, whatever segments say later (C032).

A freeze that was interrupted goes on with these rules, too: half of an audience by the old ones and half by new ones
would be nobody's choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wagtail_precise_mail.segments.conditions import References
from wagtail_precise_mail.segments.queries import rules_in_force
from wagtail_precise_mail.segments.rules import EXCEPT, RULES, Rules

if TYPE_CHECKING:
    from wagtail_precise_mail.campaigns.models import Campaign
    from wagtail_precise_mail.delivery.models import Send


@dataclass(frozen=True)
class FrozenAudience:
    """Rules with the names their segments had.

    Attributes:
        rules: with the rules of other segments in the place of their names.
        sentence: the rules in words, with the names.
    """

    name: str
    sentence: str
    rules: Rules
    excluded_names: tuple[str, ...] = ()
    excluded_sentences: tuple[str, ...] = ()
    excluded: tuple[Rules, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what a send keeps."""
        excluded = zip(self.excluded_names, self.excluded_sentences, self.excluded, strict=True)
        return {
            "name": self.name,
            "sentence": self.sentence,
            **self.rules.to_json(),
            "excluded": [{"name": name, "sentence": sentence, **rules.to_json()} for name, sentence, rules in excluded],
        }


def describe(campaign: Campaign) -> FrozenAudience:
    """Return the audience of a campaign as its segments stand now.

    Raises:
        InvalidRules: the segment, or an excluded one, cannot be evaluated.
    """
    excluded = list(campaign.excluded_segments.order_by("name"))
    read = [rules_in_force(one) for one in excluded]
    rules = rules_in_force(campaign.segment)
    return FrozenAudience(
        campaign.segment.name,
        rules.sentence(),
        rules.expanded(),
        tuple(one.name for one in excluded),
        tuple(one.sentence() for one in read),
        tuple(one.expanded() for one in read),
    )


def frozen_of(send: Send | None) -> FrozenAudience | None:
    """Return what a send keeps of its audience; None for one from before that was kept.

    Raises:
        InvalidRules: something that the rules name was deleted since.
    """
    if send is None or not send.audience:
        return None
    kept = send.audience
    return FrozenAudience(
        kept["name"],
        kept["sentence"],
        _read(kept),
        tuple(one["name"] for one in kept["excluded"]),
        tuple(one["sentence"] for one in kept["excluded"]),
        tuple(_read(one) for one in kept["excluded"]),
    )


def _read(kept: dict[str, Any]) -> Rules:
    data = {key: value for key, value in kept.items() if key in (RULES, EXCEPT)}
    # Segments in segments were counted when they were read; written out they may be deeper than a file may be.
    return Rules.from_json(data, references=References(limit=None))
