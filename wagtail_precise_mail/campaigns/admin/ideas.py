"""Ideas below the menu group, with the campaigns that came of them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList, Panel
from wagtail.admin.ui.tables import Column, StatusTagColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from wagtail_precise_mail.campaigns.admin.pages import may_see_campaigns
from wagtail_precise_mail.campaigns.ideas import Idea


class IdeaFilterSet(WagtailFilterSet):
    """Filters of the listing."""

    class Meta:
        model = Idea
        fields = ["state", "kind"]


class IdeaIndex(generic.IndexView):
    """Ideas, the newest first."""

    def get_base_queryset(self) -> QuerySet[Idea]:
        return super().get_base_queryset().annotate(campaign_count=Count("campaigns"))

    @property
    def columns(self) -> list[Column]:
        return [
            self._get_title_column("title", TitleColumn),
            Column("kind", label=_("Comes from"), accessor="get_kind_display", sort_key="kind"),
            StatusTagColumn(
                "state", label=_("State"), accessor="get_state_display", primary=lambda idea: idea.state == "open"
            ),
            Column("campaign_count", label=_("Campaigns"), sort_key="campaign_count"),
        ]


class CampaignsPanel(Panel):
    """The campaigns that came of an idea, for those who may see campaigns."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "wagtail_precise_mail/campaigns/idea_campaigns.html"

        def is_shown(self) -> bool:
            return bool(self.instance.pk) and may_see_campaigns(self.request.user)

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            campaigns = [
                (campaign, reverse("precise-mail-campaigns:inspect", args=[campaign.pk]))
                for campaign in self.instance.campaigns.order_by("-pk")
            ]
            return {**super().get_context_data(parent_context), "campaigns": campaigns}


class IdeaViewSet(ModelViewSet):
    """What one could write about."""

    model = Idea
    name = "precise-mail-ideas"
    icon = "pick"
    menu_label = _("Ideas")
    index_view_class = IdeaIndex
    filterset_class = IdeaFilterSet
    copy_view_enabled = False
    search_fields = ["title", "notes"]
    search_backend_name = None
    ordering = "-pk"
    edit_handler = ObjectList(
        [
            FieldPanel("title"),
            FieldRowPanel([FieldPanel("kind"), FieldPanel("state")]),
            FieldPanel("notes"),
            CampaignsPanel(heading=_("Campaigns"), icon="mail"),
        ]
    )

    def get_permissions_to_register(self) -> QuerySet[Permission]:
        return Permission.objects.filter(content_type=ContentType.objects.get_for_model(self.model))
