"""Forms of emails and brands."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.admin.staticfiles import versioned_static

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.attribute_words import check_words
from wagtail_precise_mail.emails.guarding import BodyForm
from wagtail_precise_mail.emails.preview_readers import may_see
from wagtail_precise_mail.emails.sites import has_several_sites
from wagtail_precise_mail.emails.themes import find_theme
from wagtail_precise_mail.segments.models import Segment


class EmailForm(BodyForm):
    """Checks merge tags and the subject where they are typed; half-written ones may stay in a draft."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The preview shows what is known about the contact: it is chosen by people who may see contacts.
        for name, model in (("sample_contact", Contact), ("sample_segment", Segment)):
            if self.for_user and not may_see(self.for_user, model):
                self.fields.pop(name, None)
        if not has_several_sites():
            self.fields.pop("site", None)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.is_deferred_validation:
            for name in ("subject", "preheader"):
                self._check(name)
        return cleaned

    def _check(self, name: str) -> None:
        try:
            check_words(self.cleaned_data.get(name))
        except ValidationError as error:
            self.add_error(name, error)


class ColorInput(forms.TextInput):
    """A color as text, with the browser's picker beside it: brand books give codes, and empty means automatic."""

    template_name = "wagtail_precise_mail/emails/widgets/color.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"placeholder": _("From the theme"), "spellcheck": "false", "size": "10", **(attrs or {})})

    @property
    def media(self) -> forms.Media:
        return forms.Media(
            js=[versioned_static("wagtail_precise_mail/emails/color.js")],
            css={"all": [versioned_static("wagtail_precise_mail/emails/color.css")]},
        )


class ThemeSelect(forms.RadioSelect):
    """Themes, each with the sentence that describes it."""

    template_name = "wagtail_precise_mail/emails/widgets/themes.html"

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        return {**option, "theme": find_theme(str(value))}

    @property
    def media(self) -> forms.Media:
        return forms.Media(css={"all": [versioned_static("wagtail_precise_mail/emails/color.css")]})
