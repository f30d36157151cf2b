"""The form of a contact: an input for each further field by its type, the account on the site, and the address."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import Panel
from wagtail.admin.widgets import AdminDateInput

from wagtail_precise_mail.contacts.fields import Classification, ContactField, FieldKind
from wagtail_precise_mail.contacts.masking import may_see_addresses
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.values import NO, YES, read_value
from wagtail_precise_mail.exceptions import InvalidValue

_PREFIX = "further_"


class ContactForm(WagtailAdminModelForm):
    """Writes described fields and leaves the others in ``attributes`` as they are.

    Whoever may not see whole addresses can add one, and can change everything about a contact but theirs.
    """

    account = forms.CharField(
        label=_("Account on the site"),
        max_length=254,
        required=False,
        help_text=_("The user name of the person, if they can sign in on the site."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and not may_see_addresses(self.for_user):
            self.fields.pop("email", None)
        self.initial["account"] = self.instance.user.get_username() if self.instance.user else ""
        for field in self.further:
            self.fields[_PREFIX + field.key] = _input(field, self._held.get(field.key))
        if "attributes" in self.fields:
            self.fields["attributes"].widget = forms.Textarea(attrs={"rows": 4})
            self.initial["attributes"] = {key: one for key, one in self._held.items() if key not in self._described}

    @cached_property
    def further(self) -> list[ContactField]:
        return list(ContactField.objects.all())

    @property
    def further_inputs(self) -> list[forms.BoundField]:
        """The inputs of described fields, for the panel."""
        return [self[_PREFIX + field.key] for field in self.further]

    @property
    def _described(self) -> set[str]:
        return {field.key for field in self.further}

    @property
    def _held(self) -> dict[str, Any]:
        return self.instance.attributes if isinstance(self.instance.attributes, dict) else {}

    def clean_account(self) -> Any:
        name = self.cleaned_data["account"].strip()
        if not name:
            return None
        users = get_user_model()
        user = users._default_manager.filter(**{users.USERNAME_FIELD: name}).first()
        if user is None:
            raise forms.ValidationError(_("There is no account of that name."))
        if Contact.objects.filter(user=user).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("This account belongs to another contact."))
        return user

    def clean_attributes(self) -> dict[str, Any]:
        given = self.cleaned_data["attributes"] or {}
        if not isinstance(given, dict):
            raise forms.ValidationError(_('Write an object, such as {"level": "gold"}.'))
        twice = sorted(set(given) & self._described)
        if twice:
            raise forms.ValidationError(_("These have an input of their own: %(keys)s") % {"keys": ", ".join(twice)})
        return given

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        for field in self.further:
            name = _PREFIX + field.key
            if name in self.cleaned_data:
                try:
                    self.cleaned_data[name] = read_value(field, self.cleaned_data[name])
                except InvalidValue as error:
                    self.add_error(name, str(error))
        return cleaned

    def save(self, commit: bool = True) -> Any:
        described = {field.key: self.cleaned_data.get(_PREFIX + field.key) for field in self.further}
        kept = {key: one for key, one in self._held.items() if key not in self._described}
        others = self.cleaned_data["attributes"] if "attributes" in self.fields else kept
        self.instance.attributes = {**others, **{key: one for key, one in described.items() if one is not None}}
        self.instance.user = self.cleaned_data.get("account")
        return super().save(commit)


def _input(field: ContactField, value: Any) -> forms.Field:
    """Return the input of a field; a value of before that does not fit is shown, to be corrected."""
    help_text = _("Sensitive. %(purpose)s") % {"purpose": field.purpose}
    options: dict[str, Any] = {
        "label": field.label,
        "required": False,
        "initial": value,
        "help_text": help_text if field.classification == Classification.SENSITIVE else field.purpose,
    }
    match field.kind:
        case FieldKind.NUMBER:
            return forms.DecimalField(max_digits=19, decimal_places=4, **options)
        case FieldKind.DATE:
            return forms.DateField(widget=AdminDateInput(), **{**options, "initial": _as_date(value)})
        case FieldKind.YES_NO:
            return forms.ChoiceField(choices=[("", "–"), (YES, _("yes")), (NO, _("no"))], **options)
        case FieldKind.CHOICE:
            return forms.ChoiceField(choices=[("", "–"), *_choices(field, [value])], **options)
        case FieldKind.CHOICES:
            held = value if isinstance(value, list) else [value]
            return forms.MultipleChoiceField(
                choices=_choices(field, held), widget=forms.CheckboxSelectMultiple(), **{**options, "initial": held}
            )
    return forms.CharField(max_length=1000, **{**options, "initial": value if _is_plain(value) else json.dumps(value)})


def _choices(field: ContactField, held: list[Any]) -> list[tuple[str, str]]:
    # What is stored and no longer offered stays visible, or saving would lose it without a word.
    strange = [str(value) for value in held if value and str(value) not in field.choice_list]
    return [*((choice, choice) for choice in field.choice_list), *((one, f"{one} (?)") for one in strange)]


def _as_date(value: Any) -> Any:
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        return None


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


class FurtherFieldsPanel(Panel):
    """The inputs of described fields: they are known only when the form is made."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "wagtail_precise_mail/contacts/further_panel.html"

        def is_shown(self) -> bool:
            return bool(self.form and self.form.further)

        def get_context_data(self, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
            context: dict[str, Any] = super().get_context_data(parent_context)
            return {**context, "inputs": self.form.further_inputs}
