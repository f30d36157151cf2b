"""Tables of emails, saved blocks, the brand of a site, and compiled emails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.images import get_image_model_string
from wagtail.models import (
    DraftStateMixin,
    LockableMixin,
    PreviewableMixin,
    RevisionMixin,
    TranslatableMixin,
    WorkflowMixin,
)
from wagtail.search import index

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails import preview
from wagtail_precise_mail.emails.body import make_body_block, make_saved_body_block
from wagtail_precise_mail.emails.brand import LOGO_WIDTHS, RADIUS_LIMIT
from wagtail_precise_mail.emails.fonts import OWN, check_address, check_name, check_stack, web_font_choices
from wagtail_precise_mail.emails.link_blocks import make_accounts_block, make_links_block
from wagtail_precise_mail.emails.preview_readers import may_see
from wagtail_precise_mail.emails.themes import DEFAULT, theme_choices
from wagtail_precise_mail.fields import RegistryStreamField, page_model_name
from wagtail_precise_mail.segments.models import Segment

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_is_color = RegexValidator(r"\A#[0-9a-fA-F]{6}\Z", _("Write a color such as #1f6f5c."))
_is_web_address = RegexValidator(
    r"\A(https?://[^\s/]|/(?!/))\S*\Z", _("Write an https:// address, or a path such as /join/.")
)


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
    # Whom the preview and the test mail show; never an audience.
    sample_contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("preview as")
    )
    sample_segment = models.ForeignKey(
        Segment, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("or as a member of")
    )
    # Where "Email this page" was pressed; the usage of the page lists its emails by it.
    source_page = models.ForeignKey(
        page_model_name(),
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("made from the page"),
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
        return preview.email_preview(self, mode, may_see_contacts=user is None or may_see(user, Contact))


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


def _color(label: _StrPromise, **kwargs: Any) -> models.CharField:
    return models.CharField(label, max_length=7, blank=True, validators=[_is_color], **kwargs)


def _font_stack(label: _StrPromise) -> models.CharField:
    help_text = _("Names with commas between them; most mail programs load no web font. Empty: the theme's.")
    return models.CharField(label, max_length=200, blank=True, validators=[check_stack], help_text=help_text)


def _web_font(label: _StrPromise) -> models.CharField:
    help_text = _("Apple Mail and some others show it; everybody else gets the fonts beside it.")
    return models.CharField(label, max_length=50, blank=True, choices=web_font_choices, help_text=help_text)


def _choice(label: _StrPromise, choices: dict[str, _StrPromise]) -> models.CharField:
    return models.CharField(label, max_length=20, blank=True, choices=[("", _("From the theme")), *choices.items()])


def _image(label: _StrPromise, help_text: str | _StrPromise = "") -> models.ForeignKey:
    return models.ForeignKey(
        get_image_model_string(),
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=label,
        help_text=help_text,
    )


@register_setting(icon="mail")
class BrandSettings(PreviewableMixin, BaseSiteSetting):
    """How a site's emails look and who they come from. What is empty comes from the theme."""

    company_name = models.CharField(_("company"), max_length=150, blank=True)
    postal_address = models.TextField(
        _("postal address"), blank=True, help_text=_("Stands in every email: the law asks for it.")
    )
    phone = models.CharField(_("phone"), max_length=50, blank=True)
    contact_address = models.EmailField(
        _("address for questions"), blank=True, help_text=_("Stands in the footer of every email.")
    )
    sender_name = models.CharField(_("sender name"), max_length=100, blank=True)
    sender_address = models.EmailField(_("sender address"), blank=True)
    reply_to = models.EmailField(_("replies go to"), blank=True)
    join_url = models.CharField(
        _("page to sign up"),
        max_length=500,
        blank=True,
        validators=[_is_web_address],
        help_text=_("An address, or a path such as /join/. Readers of forwarded mails are led there."),
    )
    shows_join_line = models.BooleanField(
        _("invite readers of forwarded mails"),
        default=True,
        help_text=_("A line below each email, if there is a page."),
    )
    logo = _image(_("logo"), help_text=_("PNG, JPEG or GIF, for a light ground."))
    logo_dark = _image(
        _("logo for dark grounds"), help_text=_("Shown in dark mode. Without it, the logo gets a light ground there.")
    )
    logo_width = models.PositiveSmallIntegerField(
        _("width of the logo"),
        default=180,
        validators=[MinValueValidator(LOGO_WIDTHS[0]), MaxValueValidator(LOGO_WIDTHS[1])],
        help_text=_("In pixels."),
    )

    theme = models.CharField(_("theme"), max_length=50, default=DEFAULT, choices=theme_choices)
    primary_color = _color(_("primary color"), help_text=_("Of buttons, and of links where it can be read."))
    text_color = _color(_("text color"))
    background_color = _color(_("background color"))
    panel_color = _color(_("panel color"), help_text=_("The ground of the text."))
    heading_color = _color(_("color of headings"), help_text=_("Empty: the text color."))
    link_color = _color(_("color of links"), help_text=_("Empty: the primary color, made readable."))
    accent_color = _color(_("accent color"), help_text=_("Of prices. Empty: the primary color, made readable."))
    font_family = _font_stack(_("fonts"))
    web_font = _web_font(_("web font"))
    heading_font_family = _font_stack(_("fonts of headings"))
    heading_web_font = _web_font(_("web font of headings"))
    own_font_name = models.CharField(_("name of your own web font"), max_length=60, blank=True, validators=[check_name])
    own_font_url = models.CharField(
        _("address of your own web font"),
        max_length=500,
        blank=True,
        validators=[check_address],
        help_text=_("A style sheet or a font file (.woff2), with https."),
    )
    button_shape = _choice(_("shape of buttons"), {"square": _("Square"), "rounded": _("Rounded"), "pill": _("Pill")})
    button_size = _choice(_("size of buttons"), {"small": _("Small"), "normal": _("Normal"), "large": _("Large")})
    spacing = _choice(_("spacing"), {"compact": _("Compact"), "normal": _("Normal"), "airy": _("Airy")})
    corner_radius = models.PositiveSmallIntegerField(
        _("corners of pictures"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(RADIUS_LIMIT)],
        help_text=_("Radius in pixels, 0 for sharp ones."),
    )

    reason = models.CharField(
        _("why people get these emails"),
        max_length=250,
        blank=True,
        help_text=_("Such as: You get this because you asked for news from our garden."),
    )
    footer_text = models.TextField(
        _("text of the footer"), blank=True, help_text=_("Company number, VAT number, opening hours.")
    )
    footer_links = RegistryStreamField(
        make_links_block, verbose_name=_("links of the footer"), blank=True, help_text=_("Such as imprint and privacy.")
    )
    social_accounts = RegistryStreamField(make_accounts_block, verbose_name=_("social networks"), blank=True)
    signer_name = models.CharField(_("who signs"), max_length=100, blank=True)
    signer_job = models.CharField(_("job of who signs"), max_length=150, blank=True)
    signer_photo = _image(_("photo of who signs"))

    class Meta:
        verbose_name = _("email brand")

    @property
    def preview_modes(self) -> list[tuple[str, Any]]:
        return preview.BRAND_MODES

    @property
    def preview_sizes(self) -> list[dict[str, Any]]:
        return preview.SIZES

    def serve_preview(self, request: HttpRequest, mode: str) -> HttpResponse:
        return preview.brand_preview(self, mode)

    def clean(self) -> None:
        """Refuse what no mail program would show.

        Raises:
            ValidationError: a picture is a vector graphic, or a web font lacks its name or address.
        """
        errors: dict[str, str | Promise] = {}
        for name in ("logo", "logo_dark", "signer_photo"):
            if (image := getattr(self, name)) and image.is_svg():
                errors[name] = _("Mail programs do not show SVG: choose a PNG of it, twice as wide as it will be.")
        if self.logo_dark and not self.logo:
            errors["logo"] = _("Choose the logo for light grounds, too: it would be lost there.")
        wants_own = OWN in (self.web_font, self.heading_web_font)
        for name in ("own_font_name", "own_font_url"):
            other = "own_font_url" if name == "own_font_name" else "own_font_name"
            if not getattr(self, name) and (wants_own or getattr(self, other)):
                errors[name] = _("A web font of your own needs its name and its address.")
        if errors:
            raise ValidationError(errors)


class CompiledEmail(models.Model):
    """An email after MJML: the pieces that a contact's values are filled into. It never changes once made."""

    # What it was made from, so that the same source is compiled once and a sent email can be shown again.
    source_hash = models.CharField(max_length=64, unique=True)
    email = models.ForeignKey(Email, models.SET_NULL, null=True, related_name="compiled")
    revision_id = models.BigIntegerField(null=True)
    payload = models.JSONField()
    # Keys of the pages and products that every reader sees in it, such as "page:5".
    shown = models.JSONField(default=list)
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
