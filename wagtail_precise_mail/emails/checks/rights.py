"""Whether the images of an email may be used when it goes out."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.facts import EmailFacts
from wagtail_precise_mail.emails.context import UsedPicture
from wagtail_precise_mail.emails.rights import ImageRights, rights_of

_NAMED = 4
"""Images that a finding names."""


@email_checks.register("image_rights_expired")
class ImageRightsExpired(EmailCheck):
    """No image has a license that has run out by the time the mail goes out."""

    label = gettext_lazy("Licenses of images are valid")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        rights = _rights(facts)
        for picture in _pictures(facts):
            known = rights.get(picture.image.pk)
            if known and known.expires_on and known.has_expired(on=timezone.localdate(facts.at)):
                yield self.finding(
                    _("The license of the image “%(title)s” ended on %(date)s.")
                    % {"title": picture.image.title, "date": date_format(known.expires_on, "j F Y")},
                    _("Renew it under Image rights, or choose another image."),
                    block=facts.block(picture.block_id),
                )


@email_checks.register("image_rights_missing")
class ImageRightsMissing(EmailCheck):
    """Every image is the company's own, or has a license."""

    label = gettext_lazy("Rights of images are known")
    level = Level.HINT

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        rights = _rights(facts)
        titles = [
            picture.image.title
            for picture in _pictures(facts)
            if not (known := rights.get(picture.image.pk)) or not known.is_licensed
        ]
        if titles:
            message = ngettext(
                "The rights of %(count)s image are not known:",
                "The rights of %(count)s images are not known:",
                len(titles),
            )
            shown = ", ".join(f"“{title}”" for title in titles[:_NAMED]) + (", …" if len(titles) > _NAMED else "")
            yield self.finding(
                message % {"count": len(titles)} + " " + shown,
                _("Enter them under Image rights: your own, or with a license."),
                place=_("Body"),
            )


def _pictures(facts: EmailFacts) -> list[UsedPicture]:
    """The first use of each image."""
    return list({picture.image.pk: picture for picture in reversed(facts.context.shared.pictures)}.values())


def _rights(facts: EmailFacts) -> dict[int, ImageRights]:
    known: dict[int, ImageRights] | None = facts.__dict__.get("_rights")
    if known is None:
        known = facts.__dict__["_rights"] = rights_of([picture.image for picture in facts.context.shared.pictures])
    return known
