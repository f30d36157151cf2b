"""Forms of senders: writing one, and choosing one that is verified."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm

from wagtail_precise_mail.contacts.addresses import normalize_address
from wagtail_precise_mail.emails.senders import SenderIdentity
from wagtail_precise_mail.exceptions import InvalidAddress


class SenderForm(WagtailAdminModelForm):
    """A sender; of two spellings of one address the second is refused beside its field."""

    class Meta:
        model = SenderIdentity
        fields = ["name", "address", "reply_to"]

    def clean_address(self) -> str:
        address = _normalized(self.cleaned_data["address"])
        if SenderIdentity.objects.filter(address__iexact=address).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is a sender with this address already."))
        return address

    def clean_reply_to(self) -> str:
        given = self.cleaned_data["reply_to"]
        return _normalized(given) if given else ""


class SenderSelect(forms.Select):
    """Senders, of which those that mail cannot come from cannot be chosen, but stay where they were chosen before."""

    def create_option(self, name: str, value: Any, label: Any, selected: bool, *args: Any, **kwargs: Any) -> Any:
        option = super().create_option(name, value, label, selected, *args, **kwargs)
        sender = getattr(value, "instance", None)
        if sender and not sender.is_usable and not selected:
            option["attrs"]["disabled"] = True
        return option


class SenderChoiceField(forms.ModelChoiceField):
    """A sender, with its address and how far its verification has come."""

    widget = SenderSelect

    def label_from_instance(self, obj: SenderIdentity) -> str:
        return str(obj) if obj.is_usable else f"{obj} ({obj.state.label})"


class ChoosesSender(forms.Form):
    """For forms of models with a field ``sender``: one that is not verified is not chosen anew."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Forms of a brand or a campaign may lack the field, by the permission of its panel.
        if field := self.fields.get("sender"):
            self.fields["sender"] = SenderChoiceField(
                SenderIdentity.objects.all(),
                required=field.required,
                label=field.label,
                help_text=field.help_text,
            )

    def clean_sender(self) -> SenderIdentity | None:
        sender: SenderIdentity | None = self.cleaned_data["sender"]
        if sender and not sender.is_usable and sender.pk != self.instance.sender_id:  # type: ignore[attr-defined]
            raise ValidationError(
                _("%(sender)s is not verified. Open it under Mail, Senders, and send the confirmation first."),
                params={"sender": sender},
            )
        return sender


def _normalized(address: str) -> str:
    try:
        return normalize_address(address)
    except InvalidAddress as error:
        raise ValidationError(str(error)) from error
