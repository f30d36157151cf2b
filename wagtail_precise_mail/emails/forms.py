"""Forms of emails and brands."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from wagtail.admin.forms import WagtailAdminModelForm

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.merge import parse
from wagtail_precise_mail.emails.preview_readers import may_see
from wagtail_precise_mail.segments.models import Segment


class EmailForm(WagtailAdminModelForm):
    """Checks merge tags and the subject where they are typed; half-written ones may stay in a draft."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The preview shows what is known about the contact: it is chosen by people who may see contacts.
        for name, model in (("sample_contact", Contact), ("sample_segment", Segment)):
            if self.for_user and not may_see(self.for_user, model):
                self.fields.pop(name, None)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.is_deferred_validation:
            for name in ("subject", "preheader"):
                self._check(name)
        return cleaned

    def _check(self, name: str) -> None:
        try:
            parse(self.cleaned_data.get(name) or "")
        except ValidationError as error:
            self.add_error(name, error)


class ColorInput(forms.TextInput):
    """The color picker of the browser."""

    input_type = "color"
