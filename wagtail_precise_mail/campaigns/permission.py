"""Before a campaign goes out: who must be asked for permission again first, and whether the email can ask them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wagtail_precise_mail.campaigns.audience import permission_rule
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.emails.checks import Finding, Level
from wagtail_precise_mail.emails.confirming import can_ask_again

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wagtail_precise_mail.campaigns.audience import Audience
    from wagtail_precise_mail.campaigns.models import Campaign
    from wagtail_precise_mail.emails.models import Email

_KEY = "permission"


def permission_findings(campaign: Campaign, versions: Iterable[Email], audience: Audience) -> Iterator[Finding]:
    """Say how many must be asked again first, and what a campaign lacks that asks them.

    Args:
        versions: the approved versions of the email, one for each language.
    """
    if campaign.asks_permission:
        yield from _check_asking(campaign, versions)
    elif count := audience.skipped.get(OutboxMessage.SkipReason.ASK_FIRST, 0):
        months = permission_rule(campaign).months
        message = ngettext(
            "%(count)d person must be asked again first: no mail, no new consent and no order for %(months)d months.",
            "%(count)d people must be asked again first: no mail, no new consent and no order for %(months)d months.",
            count,
        )
        yield Finding(
            Level.WARNING,
            message % {"count": count, "months": months},
            _("Press “Ask them again” beside the audience: it copies this campaign into one that asks them."),
            place="segment",
            key=_KEY,
        )


def _check_asking(campaign: Campaign, versions: Iterable[Email]) -> Iterator[Finding]:
    if not permission_rule(campaign).months:
        yield Finding(
            Level.ERROR,
            _("This campaign asks for permission again, and the site asks nobody."),
            _("Give a number of months in the settings “Law and mail”, or take the tick away in the campaign."),
            place="segment",
            key=_KEY,
        )
    for email in versions:
        if not can_ask_again(email):
            yield Finding(
                Level.ERROR,
                _("“%(email)s” asks for permission again, and has no button for the answer.") % {"email": email},
                _("Add the block “Ask for permission again”, and publish the email."),
                place="email",
                key=_KEY,
            )
