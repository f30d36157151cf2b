"""Tags in the admin: with their number of contacts, and on the profile of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, ObjectList, TitleFieldPanel
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets import SlugInput

from wagtail_precise_mail.contacts.admin.columns import WideColumn
from wagtail_precise_mail.contacts.tagging import delete_tag, get_tag
from wagtail_precise_mail.contacts.tags import Tag

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class TagForm(forms.Form):
    """One tag by its name: a known one, or a new one."""

    tag = forms.CharField(label=_("Tag"), max_length=60, widget=forms.TextInput(attrs={"list": "wpm-known-tags"}))

    def clean_tag(self) -> Tag:
        name = " ".join(self.cleaned_data["tag"].split())
        if "," in name:
            raise forms.ValidationError(_("One tag at a time, without commas."))
        return get_tag(name)


def contacts_with(tag: Tag) -> str:
    """The listing of the contacts with a tag."""
    return f"{reverse('precise-mail-contacts:index')}?tag={tag.pk}"


class TagIndex(generic.IndexView):
    """Tags with their number of contacts."""

    def get_base_queryset(self) -> QuerySet[Tag]:
        return super().get_base_queryset().annotate(contact_count=Count("contact_tags"))

    @cached_property
    def columns(self) -> list[Column]:
        title = self._get_title_column_class(TitleColumn)
        return [
            title("name", label=_("Name"), sort_key="name", get_url=self.get_edit_url),
            WideColumn("slug", label=_("Slug")),
            TitleColumn("contact_count", label=_("Contacts"), get_url=contacts_with),
        ]


class TagDelete(generic.DeleteView):
    """Delete a tag: it is taken from everybody, and their history says so."""

    @property
    def confirmation_message(self) -> str:
        count = self.object.contact_tags.count()
        return ngettext(
            "It is taken from %(count)s contact. Segments that ask for it will not run until you change them.",
            "It is taken from %(count)s contacts. Segments that ask for it will not run until you change them.",
            count,
        ) % {"count": count}

    def delete_action(self) -> None:
        delete_tag(self.object, by=cast("User", self.request.user), source=gettext("tag deleted"))


class TagViewSet(ModelViewSet):
    """Tags below the menu group."""

    model = Tag
    name = "precise-mail-tags"
    icon = "tag"
    menu_label = _("Tags")
    index_view_class = TagIndex
    delete_view_class = TagDelete
    copy_view_enabled = False
    add_to_reference_index = False
    search_fields = ["name"]
    search_backend_name = None
    ordering = "name"
    edit_handler = ObjectList(
        [TitleFieldPanel("name", placeholder=False, classname=""), FieldPanel("slug", widget=SlugInput)]
    )

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_common_view_kwargs(**{"usage_url_name": None, **kwargs})
