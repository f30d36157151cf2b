"""Exports in the admin: a form that asks what for, and the log of all of them."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import Any, cast

from django import forms
from django.contrib.admin.utils import label_for_field
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic.edit import FormView
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views import generic
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.viewsets.model import ModelViewSet

from wagtail_precise_mail.contacts.admin.access import SeesContacts
from wagtail_precise_mail.contacts.admin.columns import WideColumn
from wagtail_precise_mail.contacts.admin.filters import ContactFilterSet
from wagtail_precise_mail.contacts.admin.listing import ContactIndex
from wagtail_precise_mail.contacts.admin.viewsets import ContactViewSet
from wagtail_precise_mail.contacts.exporting import (
    RIGHTS,
    begin_export,
    contact_rows,
    further_columns,
    ledger_rows,
    save_xlsx,
)
from wagtail_precise_mail.contacts.exports import ContactExport, Purpose
from wagtail_precise_mail.contacts.fields import ContactField
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import ExportRefused
from wagtail_precise_mail.tabular.lines import as_csv

# What is in the address of the listing and chooses no contacts.
_NO_FILTERS = ("export", "p", "page", "ordering", "format")


class ExportForm(forms.ModelForm):
    """What leaves, as what, and what for."""

    purpose = forms.ChoiceField(label=_("Purpose"), choices=[("", "—"), *Purpose.choices])
    explanation = forms.CharField(
        label=_("What for, and who gets the file?"),
        max_length=500,
        min_length=5,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It is kept with your name, the filters and the number of contacts."),
    )

    # Hashed addresses leave from the page of a segment, which asks for the consent they rest on.
    kind = forms.ChoiceField(
        label=_("What"),
        choices=[(kind.value, kind.label) for kind in (ContactExport.Kind.CONTACTS, ContactExport.Kind.LEDGER)],
        initial=ContactExport.Kind.CONTACTS,
    )

    class Meta:
        model = ContactExport
        fields = ["kind", "format", "purpose", "explanation"]


class ExportView(SeesContacts, WagtailAdminTemplateMixin, FormView):
    """GET asks what for; POST logs it and gives the file."""

    form_class = ExportForm
    template_name = "wagtail_precise_mail/contacts/export.html"
    page_title = _("Export contacts")
    header_icon = "download"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perms(RIGHTS):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        index = {"url": reverse("precise-mail-contacts:index"), "label": gettext("Contacts")}
        return [*self.breadcrumbs_items, index, {"url": "", "label": gettext("Export")}]

    def get_initial(self) -> dict[str, Any]:
        given = self.request.GET.get("format", "")
        return {"format": given if given in ContactExport.Format.values else ContactExport.Format.CSV}

    @cached_property
    def filters(self) -> QueryDict:
        given = self.request.GET.copy()
        for name in _NO_FILTERS:
            given.pop(name, None)
        return given

    @cached_property
    def contacts(self) -> QuerySet[Contact]:
        """What the listing shows with these filters, on all its pages."""
        viewset = ContactViewSet()
        request = copy.copy(self.request)
        request.GET = self.filters  # type: ignore[assignment]
        view = ContactIndex(**viewset.get_common_view_kwargs(), **viewset.get_index_view_kwargs())
        view.setup(request)
        return cast("QuerySet[Contact]", view.get_queryset())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        query = f"?{self.filters.urlencode()}" if self.filters else ""
        return {
            **context,
            "count": self.contacts.count(),
            "filters": describe_filters(self.filters.urlencode()),
            "back_url": f"{reverse('precise-mail-contacts:index')}{query}",
            "columns": columns().values(),
            "blocked": [field.label for field in ContactField.objects.all() if field.is_blocked],
            "log_url": reverse("precise-mail-exports:index"),
        }

    def form_valid(self, form: ExportForm) -> HttpResponse:
        try:
            export = begin_export(
                self.contacts, by=cast("Any", self.request.user), filters=self.filters.urlencode(), **form.cleaned_data
            )
        except ExportRefused as error:
            form.add_error(None, str(error))
            return self.form_invalid(form)
        return cast("HttpResponse", self._file(export))

    def _file(self, export: ContactExport) -> HttpResponseBase:
        is_ledger = export.kind == ContactExport.Kind.LEDGER
        rows = ledger_rows(self.contacts) if is_ledger else contact_rows(self.contacts, columns())
        name = f"{export.kind}-{timezone.localdate():%Y-%m-%d}.{export.format}"
        response: HttpResponseBase
        if export.format == ContactExport.Format.XLSX:
            # Unlinked at once, and gone when the response closes it.
            file = tempfile.NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115
            save_xlsx(Path(file.name), rows)
            response = FileResponse(file, as_attachment=True, filename=name)
        else:
            response = StreamingHttpResponse(as_csv(rows), content_type="text/csv; charset=utf-8")
            response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return response


def columns() -> dict[str, str]:
    """The columns with their headings: those of the listing's export, and the further fields that may be used."""
    headings = ContactViewSet.export_headings
    own = {name: str(headings.get(name) or capfirst(_heading(name))) for name in ContactViewSet.list_export}
    return own | further_columns()


def _heading(name: str) -> str:
    try:
        return str(label_for_field(name, model=Contact))
    except AttributeError:
        return name.replace("_", " ").replace(".", " ")


def describe_filters(query: str) -> str:
    """Return filters for people: names and values, or "" for everybody."""
    known = ContactFilterSet.base_filters
    names = {"q": gettext("Search"), **{name: str(known[name].label) for name in known}}
    return ", ".join(f"{names.get(name, name)}: {value}" for name, value in QueryDict(query).items() if value)


class ExportIndex(SeesContacts, generic.IndexView):
    """All exports, the latest first."""

    any_permission_required = ["view"]
    page_title = _("Exports of contacts")

    def get_base_queryset(self) -> QuerySet[ContactExport]:
        return super().get_base_queryset().select_related("created_by")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            DateColumn("created_at", label=_("When"), sort_key="created_at", width="14%"),
            Column("created_by", label=_("By"), width="14%"),
            Column("row_count", label=_("Contacts"), sort_key="row_count", width="10%"),
            WideColumn("kind", label=_("What"), accessor="get_kind_display"),
            Column("purpose", label=_("Purpose"), accessor=_purpose),
            WideColumn("filters", label=_("Filters"), accessor=lambda export: describe_filters(export.filters) or "–"),
        ]


def _purpose(export: ContactExport) -> str:
    return f"{export.get_purpose_display()}: {export.explanation}"


class ContactExportViewSet(ModelViewSet):
    """The log of exports: looked at, never changed."""

    model = ContactExport
    name = "precise-mail-exports"
    icon = "download"
    menu_label = _("Exports of contacts")
    index_view_class = ExportIndex
    copy_view_enabled = False
    add_to_reference_index = False
    list_filter = ["kind", "purpose", "created_at"]
    search_fields = ["explanation"]
    search_backend_name = None
    ordering = "-pk"
    edit_handler = ObjectList([FieldPanel("explanation")])

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        names = ["add_url_name", "edit_url_name", "delete_url_name", "history_url_name", "usage_url_name"]
        return super().get_common_view_kwargs(**{**dict.fromkeys(names), **kwargs})

    def register_admin_url_finder(self) -> None:
        """There is no form to lead to."""

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("new/", ExportView.as_view(), name="export"),
        ]
