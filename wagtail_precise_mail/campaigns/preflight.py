"""What must be right before a campaign may be scheduled, and what had better be."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from wagtail.models import Revision

from wagtail_precise_mail.campaigns.audience import preview_audience, sendable_contacts
from wagtail_precise_mail.campaigns.legal import legal_findings, quiet_findings
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.permission import permission_findings
from wagtail_precise_mail.campaigns.promotion import promotion_over_time
from wagtail_precise_mail.campaigns.senders import sender_of
from wagtail_precise_mail.campaigns.starting import compile_for, pinned_email
from wagtail_precise_mail.campaigns.translations import pinned_translations, published_translations
from wagtail_precise_mail.charts import as_percent
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.emails.checks import Finding, Level, check_email
from wagtail_precise_mail.emails.coverage import Coverage, coverage_of, tags_of
from wagtail_precise_mail.emails.languages import language_of
from wagtail_precise_mail.emails.merge import as_read
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.senders import SENDER_PROBLEMS, sender_problem
from wagtail_precise_mail.exceptions import InvalidRules, NotReady, RenderError

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from wagtail_precise_mail.campaigns.audience import Audience


def preflight(
    campaign: Campaign, *, at: datetime, send_at: datetime | None = None, keep_for: AbstractBaseUser | None = None
) -> list[Finding]:
    """Check a campaign as it would be sent: errors first, then warnings and hints.

    Compiles the email, so that what cannot be rendered is found here rather than at the time of sending.

    Args:
        send_at: when it would be sent, for offers and licenses that end; None means when it is scheduled for, or now.
        keep_for: who schedules, so that the compiled email is kept for the send; None only looks.
    """
    send_at = send_at or campaign.scheduled_at or at
    findings = [
        *_check_sender(campaign),
        *_check_email(campaign, send_at, keep_for),
        *_check_audience(campaign, at),
        *_check_law(campaign, at, send_at),
    ]
    if keep_for is None:  # only a warning, and it asks for what every reader was sent
        findings += _check_promotion(campaign, at, send_at)
    return sorted(findings, key=lambda finding: finding.order)


def require_ready(campaign: Campaign, *, at: datetime, by: AbstractBaseUser, send_at: datetime | None = None) -> None:
    """Let a campaign pass that has no errors; warnings are for people to weigh.

    Args:
        send_at: as in :func:`preflight`.

    Raises:
        NotReady: with every error and its remedy.
    """
    _require_none(preflight(campaign, at=at, send_at=send_at, keep_for=by))


def require_approved_ready(campaign: Campaign, *, send_at: datetime) -> None:
    """Let a scheduled campaign pass whose approved versions, in every language, have no errors at another time.

    Raises:
        NotReady: with every error and its remedy; or a version was deleted.
    """
    findings = [*_check_sender(campaign), *_findings(campaign, pinned_email(campaign), send_at)]
    for email in pinned_translations(campaign).values():
        findings += [_in_language(one, email) for one in _findings(campaign, email, send_at)]
    _require_none(findings)


def _require_none(findings: list[Finding]) -> None:
    """Refuse errors; warnings are for people to weigh."""
    errors = [finding for finding in findings if finding.is_error]
    if errors:
        raise NotReady([" ".join(filter(None, [str(error.message), str(error.remedy)])) for error in errors])


def _in_language(finding: Finding, translation: Email) -> Finding:
    language = translation.locale.get_display_name()
    return replace(finding, place=f"{language}: {finding.place}" if finding.place else language)


def require_no_quiet_hours(campaign: Campaign, *, at: datetime, send_at: datetime, time_zone: str) -> None:
    """Let a time pass at which a campaign may start.

    Raises:
        NotReady: with the quiet hours that it is in.
    """
    try:
        found = quiet_findings(campaign, at=at, send_at=send_at, zone=ZoneInfo(time_zone))
    except InvalidRules:  # whoever gathers the audience says so, when the time has come
        return
    if found:
        raise NotReady([f"{one.message} {one.remedy}" for one in found])


def audience_or_problem(campaign: Campaign, *, at: datetime) -> tuple[Audience | None, str]:
    """Return the audience as it would be now, or None and why it cannot be evaluated."""
    try:
        return preview_audience(campaign, at=at), ""
    except InvalidRules as error:
        return None, str(error)


def coverage_or_none(campaign: Campaign, *, at: datetime) -> Coverage | None:
    """Return how many who would get a campaign now would see the fallback of each merge tag.

    None while no version of the email is approved, or the audience cannot be evaluated.
    """
    email = campaign.email
    pinned = Revision.objects.filter(pk=campaign.email_revision_id).first() if campaign.email_revision_id else None
    revision = pinned or (email.live_revision if email.live else None)
    if revision is None:
        return None
    try:
        contacts = sendable_contacts(campaign, at=at)
    except InvalidRules:
        return None
    return coverage_of(tags_of(cast("Email", revision.as_object()), campaign.site, at=at), contacts)


def _check_sender(campaign: Campaign) -> list[Finding]:
    """Once for all languages, and whatever levels the project gave to the checks of emails."""
    problem = sender_problem(sender_of(campaign))
    return [Finding(Level.ERROR, problem.message, problem.remedy, "sender", problem.key)] if problem else []


def _check_email(campaign: Campaign, send_at: datetime, keep_for: AbstractBaseUser | None) -> list[Finding]:
    email = campaign.email
    if not email.live or not email.live_revision:
        return [
            Finding(
                level=Level.ERROR,
                message=_("The email “%(email)s” was never published, so no version of it is approved.")
                % {"email": email},
                remedy=_("Open the email and publish it, or have its workflow approve it."),
                place="email",
            )
        ]
    approved = cast("Email", email.live_revision.as_object())
    findings = [
        *_check_approved(campaign, approved, send_at, keep_for, revision_id=email.live_revision_id),
        *_ask_the_approver(approved),
    ]
    if approved.site and approved.site != campaign.site:
        findings.append(
            Finding(
                level=Level.WARNING,
                message=_("The email was written for “%(own)s”, and the campaign sends it for “%(other)s”.")
                % {"own": approved.site, "other": campaign.site},
                remedy=_("Look at it in the brand of that site: choose the site in the email, too."),
                place="email",
            )
        )
    if email.has_unpublished_changes:
        findings.append(
            Finding(
                level=Level.WARNING,
                message=_("The email has changes that are not approved; the version of %(date)s would be sent.")
                % {"date": date_format(email.live_revision.created_at, "j F Y")},
                remedy=_("Publish the email if the changes belong to this campaign."),
                place="email",
            )
        )
    return findings + _check_translations(campaign, send_at, keep_for, said=findings)


def _check_translations(
    campaign: Campaign, send_at: datetime, keep_for: AbstractBaseUser | None, *, said: list[Finding]
) -> list[Finding]:
    """What is wrong in other languages; what is true of each of them, such as a page that changed, is said once."""
    findings: list[Finding] = []
    known = {(one.level, one.message, one.remedy) for one in said}
    for translation in published_translations(campaign.email).values():
        revision = cast("Revision", translation.live_revision)
        found = _check_approved(
            campaign, cast("Email", revision.as_object()), send_at, keep_for, revision_id=revision.pk
        )
        fresh = [one for one in found if (one.level, one.message, one.remedy) not in known]
        known |= {(one.level, one.message, one.remedy) for one in fresh}
        findings += [_in_language(one, translation) for one in fresh]
    drafts = campaign.email.get_translations().exclude(live=True, live_revision__isnull=False).select_related("locale")
    findings += [
        Finding(
            level=Level.WARNING,
            message=_("The translation into %(language)s is not published, so nobody gets it.")
            % {"language": draft.locale.get_display_name()},
            remedy=_("Publish it, if it belongs to this campaign."),
            place="email",
        )
        for draft in drafts
    ]
    return findings


def _check_approved(
    campaign: Campaign,
    approved: Email,
    send_at: datetime,
    keep_for: AbstractBaseUser | None,
    *,
    revision_id: int | None,
) -> list[Finding]:
    if keep_for is None:
        return _findings(campaign, approved, send_at)
    try:
        compiled = compile_for(campaign, approved, revision_id=revision_id, at=send_at, by=keep_for)
    except RenderError as error:
        findings = _findings(campaign, approved, send_at)
        if any(finding.is_error for finding in findings):
            return findings
        remedy = _("Repair the block, and publish the email again.")
        message = _("The email cannot be rendered: %(error)s") % {"error": error}
        return [*findings, Finding(Level.ERROR, message, remedy, error.block)]
    # With the payload: the MJML is compiled once for the checks and for everybody who gets it.
    return _findings(campaign, approved, send_at, payload=compiled.payload)


def _findings(
    campaign: Campaign, approved: Email, send_at: datetime, payload: dict[str, Any] | None = None
) -> list[Finding]:
    # Whoever gets a campaign has agreed to its topic: it may sell as much as it likes.
    found = check_email(
        approved, campaign.site, payload=payload, sender=campaign.sender, at=send_at, is_transactional=False
    )
    return [finding for finding in found if finding.key not in SENDER_PROBLEMS]


def _ask_the_approver(approved: Email) -> list[Finding]:
    """What no machine can tell, for whoever approves."""
    if not approved.subject.strip():
        return []
    return [
        Finding(
            level=Level.HINT,
            message=_("Does the subject state what readers gain? “%(subject)s”")
            % {"subject": as_read(approved.subject)},
            remedy=_("You decide: a subject that names the benefit is opened for the right reason."),
            place="email",
            key="value_stated",
        )
    ]


def _check_audience(campaign: Campaign, at: datetime) -> list[Finding]:
    audience, problem = audience_or_problem(campaign, at=at)
    if audience is None:
        return [
            Finding(
                level=Level.ERROR,
                message=_("The audience “%(segment)s” cannot be evaluated: %(problem)s")
                % {"segment": campaign.segment, "problem": problem},
                remedy=_("Repair the rules of the segment."),
                place="segment",
            )
        ]
    findings = list(permission_findings(campaign, _approved_versions(campaign), audience))
    if not audience.sendable_count + audience.kept_count:
        remedy = _("Look at the audience below: it says who is left out, and why.")
        findings.append(Finding(Level.WARNING, _("Nobody would get this email."), remedy, place="segment"))
    return findings


def _check_promotion(campaign: Campaign, at: datetime, send_at: datetime) -> list[Finding]:
    """How many readers would have been sent little but promotion."""
    email = campaign.email
    if not email.live or not email.live_revision:
        return []
    approved = cast("Email", email.live_revision.as_object())
    original = language_of(approved, campaign.site)
    versions = {
        language: cast("Email", cast("Revision", one.live_revision).as_object())
        for language, one in published_translations(email).items()
    }
    try:
        found = promotion_over_time(
            campaign, {**versions, original: approved}, original=original, at=at, send_at=send_at
        )
    except InvalidRules:  # said by the check of the audience
        return []
    if not found.over_count:
        return []
    message = _(
        "%(over)s of %(total)s would have been sent more than %(percent)s promotion within %(days)s days, "
        "this email included."
    )
    words = {
        "over": number_format(found.over_count, force_grouping=True),
        "total": number_format(found.total_count, force_grouping=True),
        "percent": as_percent(options().max_promotion_percent_over_time, None),
        "days": options().promotion_days,
    }
    remedy = _("Add something to read, or wait: people leave who are only sold to.")
    return [Finding(Level.WARNING, message % words, remedy, "segment", key="promotion_over_time")]


def _check_law(campaign: Campaign, at: datetime, send_at: datetime) -> list[Finding]:
    try:
        return legal_findings(campaign, _approved_versions(campaign), at=at, send_at=send_at)
    except InvalidRules:  # the check of the audience says so
        return []


def _approved_versions(campaign: Campaign) -> list[Email]:
    versions = [campaign.email, *published_translations(campaign.email).values()]
    return [cast("Email", one.live_revision.as_object()) for one in versions if one.live and one.live_revision]
