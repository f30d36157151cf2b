"""Listing, forms and URLs of campaigns."""

from __future__ import annotations

from typing import Any

import django_filters
from django.contrib.admin.utils import quote
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import ButtonsColumnMixin, Column, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from wagtail_precise_mail.campaigns.admin import actions
from wagtail_precise_mail.campaigns.admin.columns import MomentColumn, StateColumn
from wagtail_precise_mail.campaigns.admin.forms import CampaignForm
from wagtail_precise_mail.campaigns.admin.landing import CreateLandingPageView
from wagtail_precise_mail.campaigns.admin.pages import ANY_PERMISSION, ASKS_AGAIN, CampaignPage, ProgressView
from wagtail_precise_mail.campaigns.admin.surveys import SurveyResultsView
from wagtail_precise_mail.campaigns.models import Campaign

_COPIED = ("email", "segment", "topic", "site", "sender", "time_zone", "idea", "asks_permission")


class NameColumn(ButtonsColumnMixin, TitleColumn):
    """The name leads to the campaign page, where everything else is."""


class CampaignFilterSet(WagtailFilterSet):
    """By state, segment, topic and time."""

    state = django_filters.MultipleChoiceFilter(label=gettext_lazy("State"), choices=Campaign.State.choices)

    class Meta:
        model = Campaign
        fields = ["state", "segment", "topic", "site"]


class CampaignIndex(generic.IndexView):
    """All campaigns, the newest first."""

    any_permission_required = ANY_PERMISSION

    def get_base_queryset(self) -> Any:
        return super().get_base_queryset().select_related("email", "segment", "topic")

    def get_edit_url(self, instance: Campaign) -> str | None:
        return super().get_edit_url(instance) if instance.is_editable else None

    def get_delete_url(self, instance: Campaign) -> str | None:
        return super().get_delete_url(instance) if instance.is_editable else None

    def get_inspect_url(self, instance: Campaign) -> str | None:
        # Who may send may look: Wagtail's own check does not know our permission.
        return reverse(self.inspect_url_name, args=[quote(instance.pk)])

    @property
    def columns(self) -> list[Column]:
        view = self

        class Name(NameColumn):
            def get_buttons(self, instance: Campaign, parent_context: Any) -> list:
                return view.get_list_buttons(instance)

        return [
            Name("name", label=_("Name"), get_url=self.get_inspect_url, sort_key="name"),
            StateColumn("state", label=_("State"), accessor="get_state_display", sort_key="state"),
            Column("email", label=_("Email"), classname="wpm-wide"),
            Column("segment", label=_("Audience"), classname="wpm-wide"),
            MomentColumn("scheduled_at", label=_("Send at"), sort_key="scheduled_at"),
        ]


class GoesToPage:
    """After saving, the campaign page says what comes next."""

    inspect_url_name = ""
    object: Campaign

    def get_success_url(self) -> str:
        return reverse(self.inspect_url_name, args=[quote(self.object.pk)])


class CampaignCreate(GoesToPage, generic.CreateView):
    """A new draft."""


class CampaignCopy(GoesToPage, generic.CopyView):
    """A copy starts as a draft without a time: nothing of what was sent comes along."""

    def get_initial_form_instance(self) -> Campaign:
        # A new object: saving the form of the loaded one would write over the original.
        copied = {name: getattr(self.original, name) for name in _COPIED}
        if ASKS_AGAIN in self.request.GET:
            # Another email, which somebody has to choose: the one of the original does not ask.
            copied |= {"asks_permission": True, "email": None}
            return Campaign(name=_("Ask again: %(name)s") % {"name": self.original.name}, **copied)
        return Campaign(name=_("Copy of %(name)s") % {"name": self.original.name}, **copied)

    def get_initial(self) -> dict[str, Any]:
        kept = {"excluded_segments": self.original.excluded_segments.all(), "time_zone": self.original.time_zone}
        return {**super().get_initial(), **kept}

    @cached_property
    def original(self) -> Campaign:
        """What is copied."""
        return self.get_object()


class DraftsOnly:
    """Only a draft may be changed or deleted; anything later has begun to be a promise."""

    inspect_url_name = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        campaign = Campaign.objects.filter(pk=kwargs["pk"]).first()
        may_change = self.user_has_permission(self.permission_required)  # type: ignore[attr-defined]
        if campaign and may_change and not campaign.is_editable:
            messages.error(
                request,
                _("“%(campaign)s” is no draft any more. Unschedule it first, or copy it.") % {"campaign": campaign},
            )
            return redirect(self.inspect_url_name, quote(campaign.pk))
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class CampaignEdit(GoesToPage, DraftsOnly, generic.EditView):
    """Changes a draft."""


class CampaignDelete(DraftsOnly, generic.DeleteView):
    """Deletes a draft."""

    inspect_url_name = ""


class CampaignViewSet(ModelViewSet):
    """Campaigns below the menu group."""

    model = Campaign
    name = "precise-mail-campaigns"
    icon = "mail"
    menu_label = gettext_lazy("Campaigns")
    inspect_view_enabled = True
    copy_view_enabled = True
    index_view_class = CampaignIndex
    add_view_class = CampaignCreate
    copy_view_class = CampaignCopy
    edit_view_class = CampaignEdit
    delete_view_class = CampaignDelete
    inspect_view_class = CampaignPage
    filterset_class = CampaignFilterSet
    search_fields = ["name", "email__name", "segment__name"]
    search_backend_name = None
    ordering = "-pk"
    edit_handler = ObjectList(
        [
            FieldPanel("name"),
            FieldPanel("idea"),
            MultiFieldPanel(
                [
                    FieldPanel("email"),
                    FieldRowPanel([FieldPanel("topic"), FieldPanel("site")]),
                    FieldPanel("sender"),
                ],
                heading=gettext_lazy("What"),
                icon="mail",
            ),
            MultiFieldPanel(
                [
                    FieldPanel("segment"),
                    FieldPanel("excluded_segments", widget=CheckboxSelectMultiple),
                    FieldPanel("asks_permission"),
                ],
                heading=gettext_lazy("To whom"),
                icon="group",
            ),
            MultiFieldPanel(
                [FieldRowPanel([FieldPanel("send_on"), FieldPanel("time_zone")])],
                heading=gettext_lazy("When"),
                icon="time",
            ),
        ],
        base_form_class=CampaignForm,
    )

    def get_urlpatterns(self) -> list:
        own = [
            path("progress/<int:pk>/", self.construct_view(ProgressView), name="progress"),
            path("landing/<int:pk>/", self.construct_view(CreateLandingPageView), name="landing"),
            path("surveys/<int:pk>/", self.construct_view(SurveyResultsView), name="surveys"),
            *(path(f"{verb}/<int:pk>/", self.construct_view(view), name=verb) for verb, view in actions.VIEWS.items()),
        ]
        return super().get_urlpatterns() + own
