"""The Wagtail side of this room: segments as a snippet, with who belongs in the preview."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, ObjectList, PublishingPanel, TitleFieldPanel
from wagtail.admin.ui.tables import LiveStatusTagColumn, UpdatedAtColumn
from wagtail.admin.widgets.slug import SlugInput
from wagtail.snippets.views import snippets

from wagtail_precise_mail.choosers import GuardedSnippetViewSet
from wagtail_precise_mail.contacts.admin.columns import WideColumn
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.protection import SegmentPermissionPolicy, why_protected, with_protection

policy = SegmentPermissionPolicy(Segment)


class SegmentDeleteView(snippets.DeleteView):
    """Say why instead of refusing without a word."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        reason = why_protected(self.object)
        if reason and self.user_has_permission("delete"):
            messages.error(request, reason)
            return redirect(self.index_url_name)
        return super().dispatch(request, *args, **kwargs)


class SegmentViewSet(GuardedSnippetViewSet):
    """Segments in the menu."""

    model = Segment
    icon = "group"
    menu_label = _("Segments")
    menu_name = "precise-mail-segments"
    list_display = ["name", WideColumn("description", label=_("Description")), UpdatedAtColumn(), LiveStatusTagColumn()]
    list_per_page = 50
    search_fields = ["name", "description"]
    delete_view_class = SegmentDeleteView
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
            MultiFieldPanel(
                [FieldPanel("slug", widget=SlugInput, help_text=_("The name in files and commands."))],
                heading=_("Technical name"),
                classname="collapsed",
            ),
            PublishingPanel(),
        ]
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return with_protection(Segment.objects.all())


try:
    from wagtail.permissions import register_permission_policy
except ImportError:  # before Wagtail 8 a viewset carries its policy
    SegmentViewSet.permission_policy = policy
else:
    register_permission_policy(Segment, policy)

viewsets: list[type[snippets.SnippetViewSet]] = [SegmentViewSet]
