"""Segments as a snippet: the listing, the form, and the addresses of everything else that can be done with one."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import OuterRef, QuerySet, Subquery
from django.forms import Media
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    MultiFieldPanel,
    ObjectList,
    PublishingPanel,
    TitleFieldPanel,
)
from wagtail.admin.ui.tables import Column, LiveStatusTagColumn, UpdatedAtColumn
from wagtail.admin.widgets.button import Button
from wagtail.admin.widgets.slug import SlugInput
from wagtail.models import Revision
from wagtail.snippets.views import snippets

from wagtail_precise_mail.charts import as_count
from wagtail_precise_mail.charts.pictures import NOTHING
from wagtail_precise_mail.choosers import GuardedSnippetViewSet
from wagtail_precise_mail.contacts.admin.columns import WideColumn
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.admin.audiences import HashedAudienceView
from wagtail_precise_mail.segments.admin.forms import SegmentForm
from wagtail_precise_mail.segments.admin.json_files import DownloadView, UploadView
from wagtail_precise_mail.segments.admin.links import filled_in
from wagtail_precise_mail.segments.admin.overlaps import OverlapView
from wagtail_precise_mail.segments.admin.overview import PanelView, SegmentOverview
from wagtail_precise_mail.segments.admin.ready_made import TemplatesView
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.protection import SegmentPermissionPolicy, why_protected, with_protection
from wagtail_precise_mail.segments.sizes import SegmentSize
from wagtail_precise_mail.segments.wording import sentences

policy = SegmentPermissionPolicy(Segment)
_COUNTING = Media(js=["wagtail_precise_mail/segments/counting.js"])


class SegmentDeleteView(snippets.DeleteView):
    """Say why instead of refusing without a word."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        reason = why_protected(self.object)
        if reason and self.user_has_permission("delete"):
            messages.error(request, reason)
            return redirect(self.index_url_name)
        return super().dispatch(request, *args, **kwargs)


class SegmentIndexView(snippets.IndexView):
    """Each segment with its rules in words, and how many contacts it had when it was measured last."""

    def get_base_queryset(self) -> QuerySet[Segment]:
        measured = SegmentSize.objects.filter(segment=OuterRef("pk"), contact_count__isnull=False)
        latest = measured.order_by("-measured_on").values("contact_count")[:1]
        found: QuerySet[Segment] = super().get_base_queryset().annotate(measured_count=Subquery(latest))
        return found

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        name = self.model.snippet_viewset.get_url_name
        buttons = [Button(gettext("Compare segments"), url=reverse(name("overlap")), icon_name="view", priority=30)]
        if self.user_has_permission("add"):
            buttons += [
                Button(gettext("New from a template"), url=reverse(name("templates")), icon_name="copy", priority=10),
                Button(gettext("New from JSON"), url=reverse(name("upload")), icon_name="upload", priority=20),
            ]
        return [*super().header_more_buttons, *buttons]

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(*args, **kwargs)
        shown = list(context["object_list"])
        words, scheduled = sentences(shown), _scheduled(shown)
        for segment in shown:
            segment.sentence = words.get(segment.pk) or segment.description
            segment.is_scheduled = segment.pk in scheduled
        return context


def _measured(segment: Segment) -> str:
    count = getattr(segment, "measured_count", None)
    return NOTHING if count is None else as_count(count)


def _scheduled(segments: list[Segment]) -> set[int]:
    """Return the ids of the segments of which a version waits for its moment: Wagtail would ask for each."""
    waiting = Revision.objects.filter(
        base_content_type=ContentType.objects.get_for_model(Segment),
        object_id__in=[str(segment.pk) for segment in segments],
        approved_go_live_at__isnull=False,
    )
    return {int(pk) for pk in waiting.values_list("object_id", flat=True)}


class SegmentEditView(snippets.EditView):
    """The form, with a way to the page of the segment."""

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        url = reverse(self.model.snippet_viewset.get_url_name("inspect"), args=[self.object.pk])
        return [Button(gettext("Overview"), url=url, icon_name="view", priority=5), *super().header_more_buttons]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "media": context["media"] + _COUNTING}


class SegmentCreateView(snippets.CreateView):
    """The form of a new one, filled in where the address brings rules, as the links of reports do."""

    def get_initial_form_instance(self) -> Segment | None:
        instance: Segment | None = super().get_initial_form_instance()
        if self.request.method == "POST":
            return instance
        try:
            return filled_in(self.request.GET, instance)
        except InvalidRules as error:
            messages.error(self.request, gettext("These rules cannot be used: %(error)s") % {"error": error})
            return instance

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "media": context["media"] + _COUNTING}


class SegmentViewSet(GuardedSnippetViewSet):
    """Segments in the menu."""

    model = Segment
    icon = "group"
    menu_label = _("Segments")
    menu_name = "precise-mail-segments"
    list_display = [
        "name",
        WideColumn("sentence", label=_("Rules")),
        Column("measured_count", label=_("Contacts"), accessor=_measured, sort_key="measured_count"),
        UpdatedAtColumn(),
        LiveStatusTagColumn(),
    ]
    list_per_page = 50
    search_fields = ["name", "description"]
    index_view_class = SegmentIndexView
    add_view_class = SegmentCreateView
    edit_view_class = SegmentEditView
    delete_view_class = SegmentDeleteView
    inspect_view_class = SegmentOverview
    inspect_view_enabled = True
    inspect_template_name = SegmentOverview.template_name
    copy_view_enabled = False
    edit_handler = ObjectList(
        [
            TitleFieldPanel("name", placeholder=_("Name of the segment")),
            FieldPanel("description", help_text=_("For colleagues: who this is, and what it is for.")),
            FieldPanel(
                "rules",
                help_text=_(
                    "Contacts belong when all of these rules hold. The preview shows who does, while you edit."
                ),
            ),
            FieldPanel(
                "exclusions",
                help_text=_("Who meets any of these is left out again. Leave it empty to leave nobody out."),
            ),
            MultiFieldPanel(
                [FieldPanel("timing"), FieldRowPanel([FieldPanel("send_weekday"), FieldPanel("send_hour")])],
                heading=_("Best time for mail"),
                classname="collapsed",
            ),
            MultiFieldPanel(
                [FieldPanel("slug", widget=SlugInput, help_text=_("The name in files and commands."))],
                heading=_("Technical name"),
                classname="collapsed",
            ),
            PublishingPanel(),
        ],
        base_form_class=SegmentForm,
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return with_protection(Segment.objects.all())

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            *super().get_urlpatterns(),
            path("panel/<int:pk>/<slug:key>/", PanelView.as_view(), name="panel"),
            path("json/<int:pk>/", DownloadView.as_view(), name="download"),
            path("json/new/", UploadView.as_view(), name="upload"),
            path("templates/", TemplatesView.as_view(), name="templates"),
            path("overlap/", OverlapView.as_view(), name="overlap"),
            path("hashed/<int:pk>/", HashedAudienceView.as_view(), name="hashed"),
        ]


try:
    from wagtail.permissions import register_permission_policy
except ImportError:  # before Wagtail 8 a viewset carries its policy
    SegmentViewSet.permission_policy = policy
else:
    register_permission_policy(Segment, policy)
