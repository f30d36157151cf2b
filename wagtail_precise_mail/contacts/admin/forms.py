"""Forms of contacts in the admin. They translate; the services write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.widgets import AdminDateTimeInput

from wagtail_precise_mail.contacts.addresses import address_hash, normalize_address
from wagtail_precise_mail.contacts.models import (
    ConsentStatus,
    Contact,
    ContactList,
    ServiceNote,
    Suppression,
    SuppressionReason,
    SuppressionScope,
    Topic,
)
from wagtail_precise_mail.exceptions import InvalidAddress


class ContactListForm(WagtailAdminModelForm):
    """A list grows by pasting addresses: a select of all contacts would be as long as the shop is old."""

    add_addresses = forms.CharField(
        label=_("Add contacts"),
        help_text=_("Addresses of known contacts, one a line."),
        widget=forms.Textarea(attrs={"rows": 6}),
        required=False,
    )

    class Meta:
        model = ContactList
        fields = ["name", "slug"]

    def clean_add_addresses(self) -> list[Contact]:
        keys: dict[str, str] = {}
        wrong: list[str] = []
        for line in filter(None, map(str.strip, self.cleaned_data["add_addresses"].splitlines())):
            try:
                keys[address_hash(normalize_address(line))] = line
            except InvalidAddress:
                wrong.append(line)
        found = list(Contact.objects.filter(address_hash__in=keys))
        wrong += [line for key, line in keys.items() if key not in {contact.address_hash for contact in found}]
        if wrong:
            raise forms.ValidationError(
                ngettext(
                    "%(count)s line is no address of a contact: %(examples)s",
                    "%(count)s lines are no addresses of contacts: %(examples)s",
                    len(wrong),
                )
                % {"count": len(wrong), "examples": ", ".join(line[:80] for line in wrong[:5])}
            )
        return found

    def _save_m2m(self) -> None:
        super()._save_m2m()
        self.instance.contacts.add(*self.cleaned_data["add_addresses"])


class SuppressionForm(WagtailAdminModelForm):
    """Suppresses an address. Nothing but its hash is kept."""

    address = forms.EmailField(label=_("Email address"), max_length=254)
    reason = forms.ChoiceField(label=_("Reason"), choices=SuppressionReason.choices, initial=SuppressionReason.MANUAL)
    scope = forms.ChoiceField(
        label=_("Holds back"),
        choices=[("", _("what the reason says")), *SuppressionScope.choices],
        required=False,
        help_text=_("Whoever unsubscribed still hears about an order; an address that does not exist gets nothing."),
    )

    class Meta:
        model = Suppression
        fields = ["reason", "detail", "expires_at"]
        widgets = {"expires_at": AdminDateTimeInput}

    field_order = ["address", "reason", "scope", "expires_at", "detail"]

    def clean_expires_at(self) -> datetime | None:
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise forms.ValidationError(_("This moment is past: it would hold nothing back."))
        return expires_at

    def clean_address(self) -> str:
        try:
            return normalize_address(self.cleaned_data["address"])
        except InvalidAddress as error:
            raise forms.ValidationError(str(error)) from error


class NoteForm(forms.ModelForm):
    """A service note, written on the contact's profile."""

    class Meta:
        model = ServiceNote
        fields = ["kind", "subject", "body"]
        widgets = {"body": forms.Textarea(attrs={"rows": 3})}


class ConsentForm(forms.Form):
    """A yes or no that came by another way, such as the telephone."""

    topic = forms.ModelChoiceField(label=_("Topic"), queryset=Topic.objects.all())
    status = forms.ChoiceField(
        label=_("Decision"),
        choices=[(ConsentStatus.GRANTED, _("wants these mails")), (ConsentStatus.WITHDRAWN, _("does not want them"))],
    )
    evidence = forms.CharField(
        label=_("How we know"), max_length=500, help_text=_("Such as: asked for it on the phone on 3 March.")
    )

    def __init__(self, *args: Any, topics: Sequence[Topic] | None = None, **kwargs: Any) -> None:
        """Take the topics to choose from where they are known, so that showing the form asks nobody."""
        super().__init__(*args, **kwargs)
        if topics is not None:
            field = cast("forms.ModelChoiceField", self.fields["topic"])
            field.choices = [("", field.empty_label), *((topic.pk, str(topic)) for topic in topics)]

    def clean_status(self) -> ConsentStatus:
        return ConsentStatus(self.cleaned_data["status"])


def describe_errors(form: forms.BaseForm) -> str:
    """Return what is wrong with a form that is not shown again, in one line."""
    return " ".join(
        f"{form.fields[name].label}: {messages[0]}" if name in form.fields else str(messages[0])
        for name, messages in form.errors.items()
    )
