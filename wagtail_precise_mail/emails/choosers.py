"""A chooser of contacts, for the person that a preview shows."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import chooser
from wagtail.admin.viewsets.chooser import ChooserViewSet

from wagtail_precise_mail.choosers import ChosenMultipleView, ChosenView, RequirePermission
from wagtail_precise_mail.contacts.models import Contact


class _ContactListing:
    @property
    def columns(self) -> list[Column]:
        title, *rest = super().columns  # type: ignore[misc]
        title.label = _("Contact")
        return [title, Column("full_name", label=_("Name")), Column("country", label=_("Country")), *rest]


class ContactChooseView(RequirePermission, _ContactListing, chooser.ChooseView):
    """The modal."""


class ContactChooseResultsView(RequirePermission, _ContactListing, chooser.ChooseResultsView):
    """The table in the modal, after a search or a turn of the page."""


class ContactChooserViewSet(ChooserViewSet):
    """Choose a contact by address or name: only for people who may see contacts."""

    model = Contact
    icon = "user"
    choose_one_text = _("Choose a contact")
    choose_another_text = _("Choose another contact")
    edit_item_text = _("Edit this contact")
    per_page = 15
    choose_view_class = ContactChooseView
    choose_results_view_class = ContactChooseResultsView
    chosen_view_class = ChosenView
    chosen_multiple_view_class = ChosenMultipleView


contact_chooser_viewset = ContactChooserViewSet("precise_mail_contact_chooser", url_prefix="mail/choose-contact")
