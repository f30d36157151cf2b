"""Contacts and lists below the menu group."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList, TitleFieldPanel
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.views.generic import history
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets import SlugInput

from wagtail_precise_mail.contacts.admin.access import SeesContacts
from wagtail_precise_mail.contacts.admin.columns import WideColumn
from wagtail_precise_mail.contacts.admin.contact_form import ContactForm, FurtherFieldsPanel
from wagtail_precise_mail.contacts.admin.filters import ContactFilterSet
from wagtail_precise_mail.contacts.admin.forms import ContactListForm
from wagtail_precise_mail.contacts.admin.listing import ContactIndex
from wagtail_precise_mail.contacts.admin.profile import PanelView, ProfileView
from wagtail_precise_mail.contacts.admin.profile_actions import ConsentView, NoteView, TagView, UntagView
from wagtail_precise_mail.contacts.erasing import erase
from wagtail_precise_mail.contacts.models import Contact, ContactList


class ContactEdit(SeesContacts, generic.EditView):
    """Change a contact."""

    inspect_url_name = ""

    def get_success_url(self) -> str:
        return reverse(self.inspect_url_name, args=[self.object.pk])


class ContactDelete(SeesContacts, generic.DeleteView):
    """Erase a contact; orders stay without a name, a suppression stays by its hash."""

    @property
    def confirmation_message(self) -> str:
        return str(
            _(
                "The contact, their consent and their notes will be gone for good. Orders stay, without a name. "
                "A suppressed address stays suppressed."
            )
        )

    def delete_action(self) -> None:
        erase(self.object, by=self.request.user)


class ContactHistory(SeesContacts, history.HistoryView):
    """Who changed a contact."""


class ContactViewSet(ModelViewSet):
    """Contacts: the listing, the profile, the form."""

    model = Contact
    name = "precise-mail-contacts"
    icon = "group"
    menu_label = _("Contacts")
    index_view_class = ContactIndex
    edit_view_class = ContactEdit
    delete_view_class = ContactDelete
    history_view_class = ContactHistory
    inspect_view_class = ProfileView
    inspect_view_enabled = True
    copy_view_enabled = False
    add_to_reference_index = False
    filterset_class = ContactFilterSet
    search_fields = ["email", "first_name", "last_name"]
    search_backend_name = None
    list_per_page = 50
    list_export = [
        "email",
        "first_name",
        "last_name",
        "locale",
        "country",
        "region",
        "city",
        "organization",
        "mail_state",
        "source",
        "created_at",
    ]
    export_headings = {"mail_state": _("Mail")}
    export_filename = "contacts"
    ordering = "-pk"
    edit_handler = ObjectList(
        [
            FieldPanel("email"),
            FieldRowPanel([FieldPanel("first_name"), FieldPanel("last_name")]),
            FieldRowPanel([FieldPanel("is_tracking_allowed"), FieldPanel("is_profiling_allowed")]),
            MultiFieldPanel(
                [
                    FieldRowPanel([FieldPanel("country"), FieldPanel("region"), FieldPanel("city")]),
                    FieldRowPanel([FieldPanel("locale"), FieldPanel("time_zone")]),
                ],
                heading=_("Where"),
                icon="globe",
            ),
            MultiFieldPanel(
                [
                    FieldRowPanel([FieldPanel("gender"), FieldPanel("birthday_on")]),
                    FieldRowPanel([FieldPanel("job_title"), FieldPanel("job_level"), FieldPanel("organization")]),
                    FieldPanel("account"),
                ],
                heading=_("Who"),
                icon="user",
            ),
            FurtherFieldsPanel(heading=_("Further fields"), icon="form"),
            MultiFieldPanel(
                [FieldPanel("source"), FieldPanel("attributes", heading=_("Fields that nobody described"))],
                heading=_("Further"),
                icon="list-ul",
                classname="collapsed",
            ),
        ],
        base_form_class=ContactForm,
    )

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_common_view_kwargs(**{"usage_url_name": None, **kwargs})

    def get_inspect_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_inspect_view_kwargs(
            suppress_url_name="precise-mail-suppressions:add",
            lift_url_name="precise-mail-suppressions:delete",
            template_name=ProfileView.template_name,
            **kwargs,
        )

    def get_index_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_index_view_kwargs(
            **{"export_headings": self.export_headings, **kwargs, "template_name": ContactIndex.template_name}
        )

    def get_urlpatterns(self) -> list[URLPattern]:
        inspect = self.get_url_name("inspect")
        return [
            *(pattern for pattern in super().get_urlpatterns() if pattern.name != "usage"),
            path("inspect/<int:pk>/consent/", ConsentView.as_view(inspect_url_name=inspect), name="consent"),
            path("inspect/<int:pk>/note/", NoteView.as_view(inspect_url_name=inspect), name="note"),
            path("inspect/<int:pk>/tag/", TagView.as_view(inspect_url_name=inspect), name="tag"),
            path("inspect/<int:pk>/untag/", UntagView.as_view(inspect_url_name=inspect), name="untag"),
            path("inspect/<int:pk>/panel/<slug:key>/", PanelView.as_view(), name="panel"),
        ]


def contacts_of(contact_list: ContactList) -> str:
    """The listing of the contacts on a list."""
    return f"{reverse('precise-mail-contacts:index')}?lists={contact_list.pk}"


class ListIndex(generic.IndexView):
    """Lists with their number of contacts."""

    def get_base_queryset(self) -> QuerySet[ContactList]:
        return super().get_base_queryset().annotate(contact_count=Count("contacts"))


class ContactListViewSet(ModelViewSet):
    """Static lists."""

    model = ContactList
    name = "precise-mail-lists"
    icon = "list-ul"
    menu_label = _("Contact lists")
    index_view_class = ListIndex
    copy_view_enabled = False
    add_to_reference_index = False
    list_display = [
        "name",
        WideColumn("slug", label=_("Slug")),
        TitleColumn("contact_count", label=_("Contacts"), get_url=contacts_of),
    ]
    search_fields = ["name"]
    search_backend_name = None
    ordering = "name"
    edit_handler = ObjectList(
        [
            TitleFieldPanel("name", placeholder=False, classname=""),
            FieldPanel("slug", widget=SlugInput),
            FieldPanel("add_addresses"),
        ],
        base_form_class=ContactListForm,
    )
