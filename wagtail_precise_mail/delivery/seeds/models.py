"""Tables of seeds: the addresses, and where each of their mails arrived."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.encryption import EncryptedCharField


class SeedAddress(models.Model):
    """A mailbox of our own that gets a copy of every newsletter and campaign."""

    address = models.EmailField(_("address"), max_length=254, unique=True)
    # The URL has the password in it.
    mailbox = EncryptedCharField(_("IMAP mailbox"), max_length=500, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    # What went wrong at the last look, in the words of the server; "" when all was well.
    problem = models.CharField(max_length=300, blank=True)
    checked_at = models.DateTimeField(_("looked at"), null=True)

    class Meta:
        verbose_name = _("seed address")
        verbose_name_plural = _("seed addresses")
        ordering = ["address"]

    def __str__(self) -> str:
        return self.address


class SeedArrival(models.Model):
    """One mail to one seed, and where it was found."""

    class Folder(models.TextChoices):
        INBOX = "inbox", _("inbox")
        SPAM = "spam", _("spam folder")

    seed = models.ForeignKey(SeedAddress, models.CASCADE, related_name="arrivals")
    message = models.OneToOneField(OutboxMessage, models.CASCADE, related_name="seed_arrival")
    # The send that it is a copy of.
    send = models.ForeignKey(Send, models.CASCADE, related_name="seed_arrivals")
    folder = models.CharField(_("where"), max_length=10, choices=Folder.choices, blank=True)
    arrived_at = models.DateTimeField(_("arrived"), null=True)
    # When people were told that it is missing; it may arrive all the same.
    missed_at = models.DateTimeField(_("missing"), null=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("arrival of a seed mail")
        verbose_name_plural = _("arrivals of seed mails")
        indexes = [models.Index(fields=["created_at"], name="wpm_seed_arrival_age")]

    def __str__(self) -> str:
        return f"{self.seed}: {self.folder or '?'}"
