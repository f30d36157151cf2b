"""The table of the brand: what a site chose for its emails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.images import get_image_model_string
from wagtail.models import PreviewableMixin

from wagtail_precise_mail.emails import preview
from wagtail_precise_mail.emails.brand import LOGO_WIDTHS, RADIUS_LIMIT
from wagtail_precise_mail.emails.confirming import can_confirm
from wagtail_precise_mail.emails.digesting import can_digest
from wagtail_precise_mail.emails.fonts import OWN, check_address, check_name, check_stack, web_font_choices
from wagtail_precise_mail.emails.link_blocks import make_accounts_block, make_links_block
from wagtail_precise_mail.emails.senders import SenderIdentity
from wagtail_precise_mail.emails.themes import DEFAULT, theme_choices
from wagtail_precise_mail.fields import RegistryStreamField

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_is_color = RegexValidator(r"\A#[0-9a-fA-F]{6}\Z", _("Write a color such as #1f6f5c."))
_is_web_address = RegexValidator(
    r"\A(https?://[^\s/]|/(?!/))\S*\Z", _("Write an https:// address, or a path such as /join/.")
)


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
    sender = models.ForeignKey(
        SenderIdentity,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("sender"),
        help_text=_("Who mails come from. Write senders and verify them under Mail, Senders."),
    )
    join_url = models.CharField(
        _("page to sign up"),
        max_length=500,
        blank=True,
        validators=[_is_web_address],
        help_text=_("An address, or a path such as /join/, for readers of forwarded mails. Empty: our own page."),
    )
    shows_join_line = models.BooleanField(
        _("invite readers of forwarded mails"),
        default=True,
        help_text=_("A line below each email."),
    )
    confirmation_email = models.ForeignKey(
        "wagtail_precise_mail.Email",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("mail that asks to confirm a sign-up"),
        help_text=_("With the block “Confirm a sign-up”. Empty: ours, in this brand and the language of the reader."),
    )
    digest_email = models.ForeignKey(
        "wagtail_precise_mail.Email",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("mail that collects issues"),
        help_text=_("With the block “Issues of a digest”. Empty: ours, in this brand and the language of the reader."),
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

    tone = models.TextField(
        _("how we write"),
        blank=True,
        help_text=_("For colleagues, such as: warm and plain, like a letter to a neighbor. No exclamation marks."),
    )
    words_to_avoid = models.TextField(
        _("words to avoid"),
        blank=True,
        help_text=_("One word or phrase per line, in any language. The checks of each email look for them."),
    )
    # Whoever asks for the brand asks for its sender.
    select_related = ["sender"]

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
        if (email := self.confirmation_email) and not can_confirm(email):
            errors["confirmation_email"] = _("This email lacks the block “Confirm a sign-up”.")
        if (email := self.digest_email) and not can_digest(email):
            errors["digest_email"] = _("This email lacks the block “Issues of a digest”.")
        if self.logo_dark and not self.logo:
            errors["logo"] = _("Choose the logo for light grounds, too: it would be lost there.")
        wants_own = OWN in (self.web_font, self.heading_web_font)
        for name in ("own_font_name", "own_font_url"):
            other = "own_font_url" if name == "own_font_name" else "own_font_name"
            if not getattr(self, name) and (wants_own or getattr(self, other)):
                errors[name] = _("A web font of your own needs its name and its address.")
        if errors:
            raise ValidationError(errors)
