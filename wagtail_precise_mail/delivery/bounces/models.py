"""The table of what came back."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.addresses import mask_address
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.bounces import kinds
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.encryption import EncryptedCharField, EncryptedEmailField

REFUSED = "reply"
"""The source of bounces that are replies of a server while we were connected; their messages are rejected."""


class Bounce(models.Model):
    """Something that came back because of one outbox message: a refusal, a complaint, an automatic answer."""

    Kind: ClassVar = kinds.Kind

    message = models.ForeignKey(OutboxMessage, models.CASCADE, related_name="bounces")
    # An erasure leaves what figures count.
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="bounces")
    # The address that was refused; of a mail that is passed on, not always that of the message.
    address = EncryptedEmailField(max_length=254, blank=True)
    # The hash of the address that the message went to.
    recipient_key = models.CharField(max_length=64, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=kinds.Kind.choices)
    status = models.CharField(_("enhanced code"), max_length=12, blank=True, help_text="As in RFC 3463.")
    reply_code = models.CharField(_("code"), max_length=3, blank=True)
    diagnostic = EncryptedCharField(_("answer of the server"), max_length=500, blank=True)
    # False for a warning: the server goes on trying.
    is_final = models.BooleanField(default=True)
    # How we heard of it: "mailbox", or the key of a provider.
    source = models.CharField(max_length=30)
    # The name of the event with whoever told it, so that telling it twice changes nothing.
    key = models.CharField(max_length=64, unique=True)
    happened_at = models.DateTimeField(_("when"))
    # Complaints are cases: somebody looks at each, and says so.
    handled_at = models.DateTimeField(_("handled"), null=True, editable=False)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False, verbose_name=_("by")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("bounce")
        verbose_name_plural = _("bounces")
        indexes = [
            models.Index(fields=["message", "kind"], name="wpm_bounce_message"),
            models.Index(fields=["recipient_key", "happened_at"], name="wpm_bounce_recipient"),
            models.Index(fields=["contact", "happened_at"], name="wpm_bounce_timeline"),
            models.Index(fields=["happened_at"], name="wpm_bounce_age"),
            models.Index(
                fields=["happened_at"],
                name="wpm_bounce_open_case",
                condition=models.Q(kind="complaint", handled_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{mask_address(self.address)}: {self.kind}" if self.address else str(self.kind)
