"""Tables of emails, saved blocks, the brand of a site, and compiled emails."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.models import (
    DraftStateMixin,
    LockableMixin,
    PreviewableMixin,
    RevisionMixin,
    TranslatableMixin,
    WorkflowMixin,
)
from wagtail.search import index

from wagtail_precise_mail.contacts.masking import may_see_addresses
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails import preview
from wagtail_precise_mail.emails.body import make_body_block, make_saved_body_block
from wagtail_precise_mail.emails.brand_settings import BrandSettings
from wagtail_precise_mail.emails.preview_readers import may_see
from wagtail_precise_mail.fields import PageForeignKey, RegistryStreamField
from wagtail_precise_mail.segments.models import Segment

__all__ = ["ApprovedContent", "BrandSettings", "CompiledEmail", "Email", "SavedBlock"]


class Translated(TranslatableMixin):
    """What is written once per language. A translation starts as a draft, whatever became of the original."""

    # What happened to the original: that it is live, since when, and who locked it.
    exclude_fields_in_copy = [
        "live",
        "live_revision",
        "has_unpublished_changes",
        "first_published_at",
        "last_published_at",
        "go_live_at",
        "expire_at",
        "expired",
        "locked",
        "locked_at",
        "locked_by",
        "created_at",
    ]

    class Meta(TranslatableMixin.Meta):
        abstract = True

    def copy_for_translation(self, locale: Any, exclude_fields: Any = None) -> Any:
        translation = super().copy_for_translation(locale, exclude_fields=exclude_fields)
        # Wagtail's default is True, and only published translations are sent.
        translation.live = False
        translation.has_unpublished_changes = True
        return translation


class Email(
    WorkflowMixin,
    DraftStateMixin,
    LockableMixin,
    RevisionMixin,
    PreviewableMixin,
    Translated,
    index.Indexed,
    models.Model,
):
    """What is written: a subject, a preheader and a body of blocks."""

    name = models.CharField(_("name"), max_length=150, help_text=_("For colleagues; contacts never see it."))
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    preheader = models.CharField(
        _("preheader"), max_length=250, blank=True, help_text=_("The line that inboxes show after the subject.")
    )
    body = RegistryStreamField(make_body_block, verbose_name=_("body"), blank=True)
    site = models.ForeignKey(
        "wagtailcore.Site",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("site"),
        help_text=_("Whose brand it shows and is checked with. Empty: the default site's."),
    )
    # Whom the preview and the test mail show; never an audience.
    sample_contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("preview as")
    )
    sample_segment = models.ForeignKey(
        Segment, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("or as a member of")
    )
    # Where "Email this page" was pressed; the usage of the page lists its emails by it.
    source_page = PageForeignKey(
        on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("made from the page")
    )
    shows_web_link = models.BooleanField(
        _("“View in browser” above the email"), default=True, help_text=_("Leads to the web version of each mail.")
    )
    is_indexable = models.BooleanField(
        _("anybody may read it on the web"),
        default=False,
        help_text=_("Once it was sent, it has a public page that search engines may list, without anything personal."),
    )
    web_title = models.CharField(_("title on the web"), max_length=150, blank=True, help_text=_("Empty: the subject."))
    web_description = models.CharField(
        _("description on the web"), max_length=300, blank=True, help_text=_("Empty: the preheader.")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    workflow_states = GenericRelation(
        "wagtailcore.WorkflowState",
        content_type_field="base_content_type",
        object_id_field="object_id",
        related_query_name="precise_mail_email",
        for_concrete_model=False,
    )
    _revisions = GenericRelation("wagtailcore.Revision", related_query_name="precise_mail_email")

    search_fields = [
        index.SearchField("name"),
        index.AutocompleteField("name"),
        index.SearchField("subject"),
        index.FilterField("locale_id"),
    ]

    class Meta(TranslatableMixin.Meta):
        verbose_name = _("email")
        verbose_name_plural = _("emails")
        ordering = ["-pk"]
        permissions = [("use_raw_mjml", _("Can write raw MJML in emails"))]

    def __str__(self) -> str:
        return self.name

    @property
    def revisions(self) -> GenericRelation:
        return self._revisions

    @property
    def preview_modes(self) -> list[tuple[str, Any]]:
        return preview.preview_modes(self)

    @property
    def preview_sizes(self) -> list[dict[str, Any]]:
        return preview.SIZES

    def serve_preview(self, request: HttpRequest, mode: str) -> HttpResponse:
        # The request is made up by Wagtail, host and all: no address in the mail may come from it.
        user = getattr(request, "user", None)
        return preview.email_preview(
            self,
            mode,
            may_see_contacts=user is None or may_see(user, Contact),
            may_see_addresses=user is None or may_see_addresses(user),
        )


class SavedBlock(DraftStateMixin, RevisionMixin, PreviewableMixin, Translated, index.Indexed, models.Model):
    """Blocks used in many emails; a change reaches every email that was not sent yet."""

    name = models.CharField(_("name"), max_length=150)
    body = RegistryStreamField(make_saved_body_block, verbose_name=_("blocks"), blank=True)

    _revisions = GenericRelation("wagtailcore.Revision", related_query_name="precise_mail_saved_block")

    search_fields = [
        index.SearchField("name"),
        index.AutocompleteField("name"),
        index.FilterField("locale_id"),
    ]

    class Meta(TranslatableMixin.Meta):
        verbose_name = _("saved block")
        verbose_name_plural = _("saved blocks")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def revisions(self) -> GenericRelation:
        return self._revisions

    @property
    def preview_sizes(self) -> list[dict[str, Any]]:
        return preview.SIZES

    def serve_preview(self, request: HttpRequest, mode: str) -> HttpResponse:
        return preview.body_preview(self.body)


class CompiledEmail(models.Model):
    """An email after MJML: the pieces that a contact's values are filled into. It never changes once made."""

    # What it was made from, so that the same source is compiled once and a sent email can be shown again.
    source_hash = models.CharField(max_length=64, unique=True)
    email = models.ForeignKey(Email, models.SET_NULL, null=True, related_name="compiled")
    revision_id = models.BigIntegerField(null=True)
    payload = models.JSONField()
    # Keys of the pages and products that every reader sees in it, such as "page:5".
    shown = models.JSONField(default=list)
    # Its parts by their nature, see checks.balance: how much of what somebody was sent was promotion is asked of many.
    promotion_count = models.PositiveSmallIntegerField(default=0)
    editorial_count = models.PositiveSmallIntegerField(default=0)
    html_size = models.PositiveIntegerField(help_text="Bytes of the HTML before filling.")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("compiled email")
        verbose_name_plural = _("compiled emails")

    def __str__(self) -> str:
        return f"{self.email}: {self.source_hash[:12]}"


class ApprovedContent(models.Model):
    """What an approved version of an email showed of the site when it was approved: pages, products, saved blocks.

    One row for the publishing of a version, and one for everything that relied on it later, such as a campaign that
    was scheduled: each has its own moment, and so its own prices.
    """

    email = models.ForeignKey(Email, models.CASCADE, related_name="approvals")
    revision_id = models.BigIntegerField()
    # Who relied on it: "" for the publishing itself, or the kind and id of a campaign.
    origin_kind = models.CharField(max_length=20, blank=True)
    origin_id = models.BigIntegerField(default=0)
    # As written by pins.facts_of.
    facts = models.JSONField()
    approved_at = models.DateTimeField()

    class Meta:
        verbose_name = _("approved content")
        verbose_name_plural = _("approved contents")
        constraints = [
            models.UniqueConstraint(
                fields=["email", "revision_id", "origin_kind", "origin_id"], name="wpm_approved_content_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.email}, version {self.revision_id}"
