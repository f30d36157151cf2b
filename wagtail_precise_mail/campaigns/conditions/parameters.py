"""Campaigns in conditions: two may have one name, so that their number is the key."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from wagtail import blocks

from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.conditions import Key, Keys, References
from wagtail_precise_mail.segments.conditions.parameters import shown


def _campaigns() -> list[tuple[str, str | Promise]]:
    model = apps.get_model("wagtail_precise_mail.Campaign")
    started = model._default_manager.filter(send__isnull=False).order_by("-started_at", "-pk")
    return [
        (str(pk), f"{name} ({date_format(at, 'SHORT_DATE_FORMAT')})" if at else name)
        for pk, name, at in started.values_list("pk", "name", "started_at")
    ]


def campaign_block(**kwargs: Any) -> blocks.ChoiceBlock:
    """Return the choice of one campaign that was started, the latest first."""
    return blocks.ChoiceBlock(choices=_campaigns, **kwargs)


class CampaignKeys(Keys):
    """A list of campaigns by their numbers."""

    def __post_init__(self) -> None:
        super().__post_init__()
        read = self.item.read

        def read_number(value: Any, place: str, references: References) -> Key:
            number = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
            if not isinstance(number, str) or not (number.isascii() and number.isdigit() and len(number) < 19):
                raise InvalidRules(
                    _("must be the number of a campaign, not %(value)s") % {"value": shown(value)}, place=place
                )
            key: Key = read(str(int(number)), place, references)
            return key

        self.item.read = read_number  # type: ignore[method-assign]
