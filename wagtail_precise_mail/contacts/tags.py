"""Tags: short words on contacts, with a history of who put them there and took them away (C039)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact


class Tag(models.Model):
    """A word that can stand on contacts."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    slug = models.SlugField(_("slug"), max_length=60, unique=True)
    contacts = models.ManyToManyField(
        Contact, verbose_name=_("contacts"), related_name="tags", blank=True, through="ContactTag"
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ContactTag(models.Model):
    """A tag on a contact, now; how it came there is in the history."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="contact_tags")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="contact_tags")
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("tag of a contact")
        verbose_name_plural = _("tags of contacts")
        constraints = [models.UniqueConstraint(fields=["contact", "tag"], name="wpm_tag_once")]
        indexes = [models.Index(fields=["tag", "contact"], name="wpm_tag_members")]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.tag_id}"


class TagChange(models.Model):
    """One entry of the append-only history of tags."""

    class Action(models.TextChoices):
        ADDED = "added", _("added")
        REMOVED = "removed", _("removed")

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="tag_changes")
    # A tag that was deleted keeps its name here.
    tag = models.ForeignKey(Tag, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(_("tag"), max_length=60)
    action = models.CharField(_("what happened"), max_length=10, choices=Action.choices)
    source = models.CharField(_("source"), max_length=100)
    changed_at = models.DateTimeField(_("changed"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("tag change")
        verbose_name_plural = _("tag changes")
        indexes = [models.Index(fields=["contact", "changed_at"], name="wpm_tag_history")]

    def __str__(self) -> str:
        return f"{self.changed_at:%Y-%m-%d} {self.contact_id}: {self.name} {self.action}"
