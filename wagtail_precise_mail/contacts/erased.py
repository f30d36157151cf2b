"""What the growth of the list counts of people who were erased: when they came, from where, and when they were lost."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import ConsentStatus, Contact, Suppression


class ErasedContact(models.Model):
    """Somebody who was erased. No word, number or hash tells who it was; of moments the day alone is kept."""

    source = models.CharField(_("source"), max_length=100, blank=True)
    came_at = models.DateTimeField(_("came"))
    was_confirmed = models.BooleanField(_("confirmed"))
    lost_at = models.DateTimeField(_("lost"))

    class Meta:
        verbose_name = _("erased contact")
        verbose_name_plural = _("erased contacts")
        indexes = [
            models.Index(fields=["came_at"], name="wpm_erased_came"),
            models.Index(fields=["lost_at"], name="wpm_erased_lost"),
        ]

    def __str__(self) -> str:
        return f"{self.came_at:%Y-%m-%d} – {self.lost_at:%Y-%m-%d}"


def count_erased(contact: Contact, *, at: datetime) -> None:
    """Keep what is counted of a contact who is about to be erased; call it before anything of theirs changes.

    Who was lost before, by a suppression or the last no, is lost since then.
    """
    is_granted = contact.consents.filter(status=ConsentStatus.GRANTED).exists()
    suppressed = Suppression.objects.in_force(at).filter(address_hash=contact.address_hash).first()
    said_no = contact.consent_changes.filter(status=ConsentStatus.WITHDRAWN).order_by("-changed_at").first()
    moments = [at]
    if suppressed:
        moments.append(suppressed.created_at)
    if said_no and not is_granted:
        moments.append(said_no.changed_at)
    ErasedContact.objects.create(
        source=contact.source,
        came_at=day_of(contact.created_at),
        was_confirmed=is_granted,
        lost_at=day_of(min(moments)),
    )


def day_of(moment: datetime) -> datetime:
    """Return the beginning of a day, in the zone of the moment."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
