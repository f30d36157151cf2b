"""Departures: who left, when and why, as far as they cared to say."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact, UnsubscribeReason
from wagtail_precise_mail.encryption import EncryptedCharField

COMMENT_LENGTH = 500


class Departure(models.Model):
    """One time that a contact left. It outlives the contact, so that the report of reasons stays the same."""

    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="departures")
    reason = models.CharField(_("reason"), max_length=20, choices=UnsubscribeReason.choices, blank=True)
    comment = EncryptedCharField(_("in their words"), max_length=COMMENT_LENGTH, blank=True)
    # Where they asked, as a plain kind and id: foreign keys point down the house only.
    origin_kind = models.CharField(max_length=30, blank=True)
    origin_id = models.BigIntegerField(null=True, blank=True)
    left_at = models.DateTimeField(_("left"))
    returned_at = models.DateTimeField(_("came back"), null=True, blank=True)

    class Meta:
        verbose_name = _("departure")
        verbose_name_plural = _("departures")
        ordering = ["-left_at", "-pk"]
        indexes = [
            models.Index(fields=["contact", "left_at"], name="wpm_departure_contact"),
            models.Index(fields=["left_at", "reason"], name="wpm_departure_report"),
        ]

    def __str__(self) -> str:
        return f"{self.left_at:%Y-%m-%d} {self.reason}"


def record_departure(
    contact: Contact,
    *,
    reason: str = "",
    comment: str = "",
    origin_kind: str = "",
    origin_id: int | None = None,
    at: datetime,
) -> Departure:
    """Keep that a contact left, once; a reason or a comment that comes later is filled in.

    Args:
        reason: a value of ``UnsubscribeReason``, or "".
    """
    known = contact.departures.filter(returned_at=None).order_by("-pk").first()
    if known is None:
        return Departure.objects.create(
            contact=contact,
            reason=reason,
            comment=comment[:COMMENT_LENGTH],
            origin_kind=origin_kind,
            origin_id=origin_id,
            left_at=at,
        )
    known.reason, known.comment = known.reason or reason, known.comment or comment[:COMMENT_LENGTH]
    known.save(update_fields=["reason", "comment"])
    return known


def record_return(contact: Contact, *, at: datetime) -> None:
    """Keep that a contact who left is back."""
    contact.departures.filter(returned_at=None).update(returned_at=at)
