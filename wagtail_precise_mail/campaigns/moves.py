"""The one way in which a campaign's state changes: by the table, once, logged and announced."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.signals import campaign_moved
from wagtail_precise_mail.exceptions import InvalidTransition

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

# The name of each move in Wagtail's audit log.
LOG_PREFIX = "precise_mail.campaign."


def move(
    campaign: Campaign,
    state: Campaign.State,
    *,
    verb: str,
    by: AbstractBaseUser | None,
    data: dict[str, Any] | None = None,
    **changes: Any,
) -> Campaign:
    """Bring a campaign to a state, if it still is where the caller saw it.

    Args:
        verb: what is done, as the audit log names it: "schedule", "pause".
        by: None when the machine does it.
        data: what the log keeps beside it; JSON.
        changes: fields that are written together with the state.

    Raises:
        InvalidTransition: the table does not allow it, or somebody moved the campaign meanwhile.
    """
    before = Campaign.State(campaign.state)
    if not campaign.may_become(state):
        raise InvalidTransition(_("This is not possible for a campaign that is %(state)s.") % {"state": before.label})
    with transaction.atomic():
        unmoved = Campaign.objects.filter(pk=campaign.pk, state=before)
        if not unmoved.update(state=state, **changes):
            raise InvalidTransition(_("Somebody else changed this campaign meanwhile. Look at it again."))
        for name, value in {"state": state, **changes}.items():
            setattr(campaign, name, value)
        record(campaign, verb, by=by, data=data)
        transaction.on_commit(
            partial(campaign_moved.send, Campaign, campaign=campaign, before=before, after=state, by=by)
        )
    return campaign


def record(campaign: Campaign, verb: str, *, by: AbstractBaseUser | None, data: dict[str, Any] | None = None) -> None:
    """Write into Wagtail's audit log."""
    log(campaign, LOG_PREFIX + verb, user=by, data=data or {})
