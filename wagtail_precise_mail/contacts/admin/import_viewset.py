"""Imports below the menu group."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.admin.ui.tables import Column, StatusTagColumn, TitleColumn
from wagtail.admin.viewsets.model import ModelViewSet

from wagtail_precise_mail.contacts.admin import import_actions, import_files, import_page, imports
from wagtail_precise_mail.contacts.admin.columns import WideColumn, WideDateColumn
from wagtail_precise_mail.contacts.imports import ImportBatch


def _new(batch: ImportBatch) -> int:
    return int(batch.figures.get("new", 0))


def _refused(batch: ImportBatch) -> int:
    return int((batch.figures or batch.check_figures).get("refused", 0))


def _state(batch: ImportBatch) -> str:
    return str(_("in quarantine")) if batch.is_held else batch.get_state_display()


class ImportIndex(imports.ImportIndex):
    """The listing."""

    def get_base_queryset(self) -> QuerySet[ImportBatch]:
        return super().get_base_queryset().select_related("created_by")

    @cached_property
    def columns(self) -> list[Column]:
        title = self._get_title_column_class(TitleColumn)
        return [
            title("name", label=_("File"), get_url=lambda batch: reverse(imports.PAGE, args=[batch.pk]), width="34%"),
            StatusTagColumn(
                "state",
                label=_("State"),
                accessor=_state,
                primary=lambda batch: batch.state == ImportBatch.State.FINISHED and not batch.is_held,
            ),
            Column("new", label=_("New"), accessor=_new),
            WideColumn("refused", label=_("Refused"), accessor=_refused),
            WideColumn("created_by", label=_("By")),
            WideDateColumn("created_at", label=_("Uploaded"), sort_key="created_at", width="16%"),
        ]

    def get_list_more_buttons(self, instance: ImportBatch) -> list[Any]:
        return []


class ImportViewSet(ModelViewSet):
    """Imports of contacts."""

    model = ImportBatch
    name = "precise-mail-imports"
    icon = "upload"
    menu_label = _("Imports of contacts")
    index_view_class = ImportIndex
    copy_view_enabled = False
    add_to_reference_index = False
    list_filter = ["state"]
    search_fields = ["name"]
    search_backend_name = None
    ordering = "-pk"
    # The form of Wagtail has no view here; the wizard is ours.
    edit_handler = ObjectList([FieldPanel("name")])

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        without = dict.fromkeys(["edit_url_name", "delete_url_name", "history_url_name", "usage_url_name"])
        return super().get_common_view_kwargs(**{**without, **kwargs})

    def register_admin_url_finder(self) -> None:
        """There is no form to lead to."""

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("new/", imports.UploadView.as_view(), name="add"),
            path("sample/", import_files.SampleView.as_view(), name="sample"),
            path("<int:pk>/", import_page.BatchPage.as_view(), name="inspect"),
            path("<int:pk>/columns/", imports.DescribeView.as_view(), name="describe"),
            path("<int:pk>/progress/", import_page.ProgressView.as_view(), name="progress"),
            path("<int:pk>/errors/", import_files.ErrorsView.as_view(), name="errors"),
            *(path(f"<int:pk>/{verb}/", view.as_view(), name=verb) for verb, view in import_actions.VIEWS.items()),
        ]
