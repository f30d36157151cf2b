"""A chooser of contacts, for the person that a preview shows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.choosers import BaseFilterForm, SearchFilterMixin
from wagtail.admin.ui.tables import Column

from wagtail_precise_mail.choosers import ChooserListing, GuardedChooserViewSet
from wagtail_precise_mail.contacts.masking import shown_address
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.searching import search_contacts


class _SearchForm(SearchFilterMixin, BaseFilterForm):
    """One field; contacts are in no search index, so Wagtail would leave it out."""


class _ContactListing(ChooserListing):
    request: HttpRequest
    filter_form: Any
    title = _("Contact")
    filter_form_class = _SearchForm

    def filter_object_list(self, objects: Any) -> Any:
        words = self.filter_form.cleaned_data.get("q", "") if self.filter_form.is_valid() else ""
        return search_contacts(objects, words, self.request.user)

    def after_title(self) -> list[Column]:
        user = self.request.user
        address = Column("email", label=_("Address"), accessor=lambda contact: shown_address(contact.email, user))
        return [address, Column("country", label=_("Country"))]


class ContactChooserViewSet(GuardedChooserViewSet):
    """Choose a contact by address or name: only for people who may see contacts."""

    model = Contact
    listing = _ContactListing
    icon = "user"
    choose_one_text = _("Choose a contact")
    choose_another_text = _("Choose another contact")
    edit_item_text = _("Edit this contact")
    per_page = 15


contact_chooser_viewset = ContactChooserViewSet("precise_mail_contact_chooser", url_prefix="mail/choose-contact")
