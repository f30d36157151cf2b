"""The languages of a campaign: the published translations of its email, pinned with it when it is scheduled."""

from __future__ import annotations

from typing import cast

from django.utils.translation import gettext as _
from wagtail.models import Revision

from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.exceptions import NotReady


def published_translations(email: Email) -> dict[str, Email]:
    """Return the translations of an email that are sent: those with an approved version, by language."""
    found = email.get_translations().filter(live=True, live_revision__isnull=False)
    return {one.locale.language_code: one for one in found.select_related("locale", "live_revision")}


def pinned_translations(campaign: Campaign) -> dict[str, Email]:
    """Return the translations of the email as they were approved when the campaign was scheduled, by language.

    Raises:
        NotReady: one of those versions was deleted.
    """
    pinned: dict[str, int] = campaign.translation_revisions
    revisions = Revision.objects.in_bulk(pinned.values()) if pinned else {}
    for language, pk in pinned.items():
        if pk not in revisions:
            raise NotReady(
                [
                    _("The approved version in %(language)s no longer exists. Unschedule, then schedule again.")
                    % {"language": language}
                ]
            )
    return {language: cast("Email", revisions[pk].as_object()) for language, pk in pinned.items()}
