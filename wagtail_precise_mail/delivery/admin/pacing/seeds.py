"""Seed addresses: the list, and a form that never shows a password again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.admin.ui.tables import BaseColumn, TitleColumn

from wagtail_precise_mail.commerce.admin.products import WithViewPermission
from wagtail_precise_mail.contacts.addresses import normalize_address
from wagtail_precise_mail.contacts.admin.columns import WideColumn, with_detail
from wagtail_precise_mail.delivery.admin.advised import AdvisedIndex
from wagtail_precise_mail.delivery.seeds.models import SeedAddress
from wagtail_precise_mail.delivery.seeds.queries import provider_of
from wagtail_precise_mail.exceptions import InvalidAddress


class SeedForm(WagtailAdminModelForm):
    """An address with its mailbox."""

    # Not named like the field of the model: an empty one must not overwrite what is stored.
    mailbox_url = forms.CharField(
        label=_("IMAP mailbox"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_(
            "Such as imaps://user:password@imap.example.com/INBOX, with an app password where the provider wants one. "
            "It is only read. Without it, the address gets mail and nobody looks whether it arrived."
        ),
    )
    forgets_mailbox = forms.BooleanField(label=_("Forget the mailbox"), required=False)

    class Meta:
        model = SeedAddress
        fields = ["address", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.mailbox:
            host = urlsplit(self.instance.mailbox).hostname or "?"
            self.fields["mailbox_url"].help_text = gettext(
                "A mailbox at %(host)s is stored and not shown. Leave this empty to keep it."
            ) % {"host": host}
        else:
            del self.fields["forgets_mailbox"]

    def clean_address(self) -> str:
        try:
            address = normalize_address(self.cleaned_data["address"])
        except InvalidAddress as error:
            raise ValidationError(str(error)) from error
        if SeedAddress.objects.filter(address=address).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is such a seed address already."))
        return address

    def clean_mailbox_url(self) -> str:
        given: str = self.cleaned_data["mailbox_url"].strip()
        try:
            parts = urlsplit(given)
            is_whole = bool(parts.scheme in ("imap", "imaps") and parts.hostname and parts.username and parts.port != 0)
        except ValueError:
            is_whole = False
        if given and not is_whole:
            raise ValidationError(_("Write it like imaps://user:password@imap.example.com/INBOX."))
        return given

    def save(self, commit: bool = True) -> SeedAddress:
        given = self.cleaned_data["mailbox_url"]
        if given or self.cleaned_data.get("forgets_mailbox"):
            self.instance.mailbox, self.instance.problem = given, ""
        return super().save(commit)


def state(seed: SeedAddress) -> str:
    """Return whether a seed is watched."""
    if not seed.is_active:
        return gettext("not in use")
    if not seed.mailbox:
        return gettext("gets mail; nobody looks whether it arrived")
    return seed.problem or (gettext("watched") if seed.checked_at else gettext("watched from the next send on"))


def provider(seed: SeedAddress) -> str:
    """Return who keeps the mailbox of a seed."""
    return provider_of(seed.address)


class SeedIndex(AdvisedIndex):
    """Seed addresses with their providers."""

    page_title = _("Seed addresses")
    add_item_label = _("Add")
    advice = _(
        "Open a mailbox of your own at each provider that many of your contacts use. It gets every newsletter and "
        "campaign, and the report Deliverability says whether it came to the inbox, to the spam folder, or not at all."
    )

    @property
    def columns(self) -> list[BaseColumn]:
        return [
            self._get_title_column(
                "address",
                TitleColumn,
                accessor=lambda seed: with_detail(seed.address, provider(seed), state(seed)),
            ),
            WideColumn("provider", label=_("Provider"), accessor=provider),
            WideColumn("state", label=_("State"), accessor=state),
        ]


class SeedViewSet(WithViewPermission):
    """Seed addresses."""

    model = SeedAddress
    name = "precise-mail-seeds"
    icon = "mail"
    menu_label = _("Seed addresses")
    add_to_settings_menu = True
    index_view_class = SeedIndex
    ordering = "address"
    search_fields: list[str] = []
    edit_handler = ObjectList(
        [
            FieldPanel(
                "address",
                help_text=_(
                    "A mailbox of your own. It gets every newsletter and campaign in every language, and counts in no "
                    "figure."
                ),
            ),
            FieldPanel("mailbox_url"),
            FieldPanel("forgets_mailbox"),
            FieldPanel("is_active"),
        ],
        base_form_class=SeedForm,
    )
