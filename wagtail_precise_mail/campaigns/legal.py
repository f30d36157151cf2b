"""What the law of the places where an audience lives asks of a campaign; what is missing stops it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from wagtail_precise_mail.campaigns.audience import sendable_contacts
from wagtail_precise_mail.campaigns.senders import sender_of
from wagtail_precise_mail.contacts.jurisdictions import Demands, is_quiet, jurisdictions, strictest
from wagtail_precise_mail.contacts.legal_settings import LegalSettings
from wagtail_precise_mail.emails.brand import load_brand
from wagtail_precise_mail.emails.checks import Finding, Level
from wagtail_precise_mail.emails.merge import as_read

if TYPE_CHECKING:
    from wagtail_precise_mail.campaigns.models import Campaign
    from wagtail_precise_mail.emails.models import Email


def jurisdictions_of(campaign: Campaign, *, at: datetime) -> dict[str, int]:
    """Return how many who would get a campaign live under the law of each profile, by its key: one query.

    Raises:
        InvalidRules: the segment, or an excluded one, cannot be evaluated.
    """
    settings = LegalSettings.of(campaign.site)
    contacts = sendable_contacts(campaign, at=at).order_by()
    counts: dict[str, int] = {}
    for country, count in contacts.values_list(Upper("country")).annotate(Count("pk")):
        key = settings.key_for(country)
        counts[key] = counts.get(key, 0) + count
    return counts


def legal_findings(campaign: Campaign, emails: list[Email], *, at: datetime, send_at: datetime) -> list[Finding]:
    """Return what is missing by the law of the audience; nothing for an audience of nobody.

    Args:
        emails: the approved versions that would be sent, one for each language.
        send_at: when the campaign would start.

    Raises:
        InvalidRules: the audience cannot be evaluated.
    """
    counts = jurisdictions_of(campaign, at=at)
    if not counts:
        return []
    demands = strictest(counts)
    return [
        *_check_sender(campaign, demands),
        *_check_labels(campaign, emails, demands),
        *_check_quiet_hours(campaign, demands, send_at, campaign.zone),
    ]


def quiet_findings(campaign: Campaign, *, at: datetime, send_at: datetime, zone: ZoneInfo) -> list[Finding]:
    """Return the quiet hours that a time is in: the house's own, and those of the audience.

    Args:
        zone: whose clocks count.

    Raises:
        InvalidRules: the audience cannot be evaluated.
    """
    counts = jurisdictions_of(campaign, at=at)
    return list(_check_quiet_hours(campaign, strictest(counts), send_at, zone)) if counts else []


def _check_sender(campaign: Campaign, demands: Demands) -> Iterator[Finding]:
    brand = load_brand(campaign.site)
    remedy = _("Add it in the settings of the email brand.")
    if demands.needs_postal_address and not brand.address_lines:
        yield _missing(_("The postal address is missing, which this law asks for: %(laws)s."), remedy, demands)
    sender = sender_of(campaign)
    reads_answers = sender is not None and (sender.reply_to or sender.address) not in sender.no_reply_addresses
    if demands.needs_contact and not (brand.phone or brand.contact_address or reads_answers):
        yield _missing(
            _("There is no way to reach you in the mail, which this law asks for: %(laws)s."),
            _("Add a phone number or an address for questions in the settings of the email brand."),
            demands,
        )


def _check_labels(campaign: Campaign, emails: list[Email], demands: Demands) -> Iterator[Finding]:
    if LegalSettings.of(campaign.site).adds_labels:
        return
    for key in demands.keys:
        profile = jurisdictions.get(key)
        for email in emails:
            language = email.locale.language_code
            label = profile.label_for(language)
            if label and not profile.is_labelled(email.subject):
                yield Finding(
                    Level.ERROR,
                    _("The subject “%(subject)s” does not begin with “%(label)s”, which this law asks for: %(law)s.")
                    % {"subject": as_read(email.subject), "label": label.strip(), "law": profile.label},
                    _("Write it there, or let the settings “Law and mail” add it for the contacts concerned."),
                    place="email",
                    key="law_label",
                )


def _check_quiet_hours(campaign: Campaign, demands: Demands, send_at: datetime, zone: ZoneInfo) -> Iterator[Finding]:
    own = LegalSettings.of(campaign.site).quiet_hours
    local = send_at.astimezone(zone)
    for hours in (*demands.quiet_hours, *([own] if own else [])):
        if is_quiet(local.time(), hours):
            yield Finding(
                Level.ERROR,
                _("%(time)s is within the quiet hours from %(start)s to %(end)s (%(zone)s).")
                % {
                    "time": f"{local:%H:%M}",
                    "start": f"{hours[0]:%H:%M}",
                    "end": f"{hours[1]:%H:%M}",
                    "zone": zone.key,
                },
                _("Choose another time, or change the quiet hours in the settings “Law and mail”."),
                place="scheduled_at",
                key="law_quiet_hours",
            )


def _missing(message: str, remedy: str, demands: Demands) -> Finding:
    laws = ", ".join(str(jurisdictions.get(key).label) for key in demands.keys)
    return Finding(
        Level.ERROR, message % {"laws": laws}, remedy, place=_("Email brand"), key="law_footer", field="brand"
    )
