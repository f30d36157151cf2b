"""The table of answers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.encryption import EncryptedCharField, EncryptedTextField


class Reply(models.Model):
    """What somebody wrote in answer to one of our mails."""

    message = models.ForeignKey(OutboxMessage, models.CASCADE, related_name="replies")
    # It is theirs: erasing the contact erases it.
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="replies")
    subject = EncryptedCharField(_("subject"), max_length=250, blank=True)
    # Without what they quote of ours.
    text = EncryptedTextField(_("text"), blank=True)
    # The name of the mail, so that reading it twice changes nothing.
    key = models.CharField(max_length=64, unique=True)
    happened_at = models.DateTimeField(_("when"))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        indexes = [
            models.Index(fields=["contact", "happened_at"], name="wpm_reply_timeline"),
            models.Index(fields=["happened_at"], name="wpm_reply_age"),
        ]

    def __str__(self) -> str:
        return f"Reply {self.pk}"
