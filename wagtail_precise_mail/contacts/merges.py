"""Tables of duplicates: pairs that may be one person, and merges with all that is needed to undo them."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.encryption import EncryptedJSONField


class DuplicateReason(models.TextChoices):
    """Why two contacts may be one person."""

    SAME_MAILBOX = "same_mailbox", _("their provider delivers both addresses to one mailbox")
    LOOKALIKE = "lookalike", _("the addresses look alike, with letters of another alphabet")
    SAME_ACCOUNT = "same_account", _("the account of one has the address of the other")
    NAME_AND_BIRTHDAY = "birthday", _("same name and birthday")
    NAME_AND_PHONE = "phone", _("same name and telephone number")
    NAME_AND_POSTCODE = "postcode", _("same name and postcode")


class DuplicatePair(models.Model):
    """Two contacts who may be one person, until somebody looked; the older contact comes first."""

    first = models.ForeignKey(Contact, models.CASCADE, related_name="+")
    second = models.ForeignKey(Contact, models.CASCADE, related_name="+")
    reason = models.CharField(_("reason"), max_length=20, choices=DuplicateReason.choices)
    found_at = models.DateTimeField(_("found"))
    # Somebody said that these are two people: they are not shown again.
    dismissed_at = models.DateTimeField(_("set aside"), null=True, blank=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("pair of duplicates")
        verbose_name_plural = _("pairs of duplicates")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="wpm_duplicate_once"),
            models.CheckConstraint(condition=models.Q(first__lt=models.F("second")), name="wpm_duplicate_order"),
        ]
        indexes = [models.Index(fields=["id"], name="wpm_duplicate_open", condition=models.Q(dismissed_at=None))]

    def __str__(self) -> str:
        return f"{self.first_id}, {self.second_id}: {self.get_reason_display()}"


class ContactMerge(models.Model):
    """One merge. Erasing the contact who stayed erases it, with all that it remembers of the others."""

    keep = models.ForeignKey(Contact, models.CASCADE, related_name="merges", verbose_name=_("contact who stayed"))
    # What was moved, dropped and changed: see merging.py, which alone reads and writes it.
    record = EncryptedJSONField(encoder=DjangoJSONEncoder)
    merged_count = models.PositiveSmallIntegerField(_("contacts merged"))
    merged_at = models.DateTimeField(_("merged"))
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("undone by")
    )

    class Meta:
        verbose_name = _("merge of contacts")
        verbose_name_plural = _("merges of contacts")
        ordering = ["-merged_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.merged_at:%Y-%m-%d} {self.keep_id}"


class FormerContact(models.Model):
    """A contact who became part of another: old links and old addresses still find the person."""

    former_id = models.BigIntegerField(unique=True)
    address_hash = models.CharField(max_length=64, db_index=True)
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="former_contacts")
    merge = models.ForeignKey(ContactMerge, models.CASCADE, related_name="former_contacts")

    class Meta:
        verbose_name = _("former contact")
        verbose_name_plural = _("former contacts")

    def __str__(self) -> str:
        return f"{self.former_id} is {self.contact_id}"
