"""Who a campaign comes from: its own sender, or that of its site; never one whose address nobody has verified."""

from __future__ import annotations

from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.emails.models import BrandSettings
from wagtail_precise_mail.emails.senders import SenderIdentity, sender_problem
from wagtail_precise_mail.exceptions import NotReady


def sender_of(campaign: Campaign) -> SenderIdentity | None:
    """Return who a campaign would come from now, verified or not; None where the site has no sender."""
    return campaign.sender or BrandSettings.for_site(campaign.site).sender


def require_sender(campaign: Campaign) -> SenderIdentity:
    """Return who a campaign comes from.

    Raises:
        NotReady: there is no sender, or it is not verified.
    """
    sender = sender_of(campaign)
    if (problem := sender_problem(sender)) or sender is None:
        raise NotReady([str(problem)])
    return sender
