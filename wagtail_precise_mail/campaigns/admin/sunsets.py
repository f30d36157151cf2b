"""The sunset policy in the admin: a count before, a run, and the way back."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.generic.edit import FormView
from wagtail.admin import messages
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.admin.ui.tables import Column, StatusTagColumn
from wagtail.admin.views import generic
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.models import Site

from wagtail_precise_mail.campaigns import sunsetting
from wagtail_precise_mail.campaigns.sunset import Sunset
from wagtail_precise_mail.contacts.admin.columns import WideColumn, WideDateColumn
from wagtail_precise_mail.exceptions import InvalidRules, InvalidTransition, NotReady, RenderError

INDEX = "precise-mail-sunsets:index"
MAY_RUN = ("wagtail_precise_mail.add_sunset", "wagtail_precise_mail.send_campaign")


class SunsetForm(forms.ModelForm):
    """The policy."""

    class Meta:
        model = Sunset
        fields = ["mails", "days", "exempt", "email", "topic", "wait_days", "site"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].initial = Site.objects.filter(is_default_site=True).first()
        for name in ("exempt", "email"):
            live = cast("forms.ModelChoiceField", self.fields[name])
            live.queryset = cast("Any", live.queryset).filter(live=True)


class RunView(WagtailAdminTemplateMixin, FormView):
    """POST counts first; POST again runs."""

    form_class = SunsetForm
    template_name = "wagtail_precise_mail/campaigns/sunset.html"
    page_title = _("Leave inactive contacts in peace")
    header_icon = "time"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perms(MAY_RUN):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        index = {"url": reverse(INDEX), "label": gettext("Inactive contacts")}
        return [*self.breadcrumbs_items, index, {"url": "", "label": self.page_title}]

    def form_valid(self, form: SunsetForm) -> HttpResponse:
        sunset = form.save(commit=False)
        try:
            if "run" not in self.request.POST:
                count = sunsetting.inactive(sunset, at=timezone.now()).count()
                missing = sunsetting.problems(sunset)
                return self.render_to_response(
                    self.get_context_data(form=form, count=count, missing=missing, has_count=True)
                )
            sunsetting.begin_sunset(sunset, by=cast("Any", self.request.user))
        except NotReady as error:
            form.add_error(None, " ".join(error.problems))
        except (InvalidRules, RenderError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(self.request, _told(sunset))
            return redirect(INDEX)
        return self.form_invalid(form)


def _told(sunset: Sunset) -> str:
    if sunset.send_id:
        words = ngettext(
            "The last-chance email goes to %(count)d contact.",
            "The last-chance email goes to %(count)d contacts.",
            sunset.member_count,
        )
        return words % {"count": sunset.member_count}
    words = ngettext("%(count)d contact is suppressed.", "%(count)d contacts are suppressed.", sunset.suppressed_count)
    return words % {"count": sunset.suppressed_count}


class UndoView(View):
    """Lift what a run suppressed."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perms(MAY_RUN):
            raise PermissionDenied
        try:
            count = sunsetting.undo_sunset(get_object_or_404(Sunset, pk=pk))
        except InvalidTransition as error:
            messages.error(request, str(error))
        else:
            words = ngettext("%(count)d may be written to again.", "%(count)d may be written to again.", count)
            messages.success(request, words % {"count": count})
        return redirect(INDEX)


class UndoColumn(Column):
    """A button, as long as there is something to undo."""

    cell_template_name = "wagtail_precise_mail/campaigns/sunset_undo_cell.html"

    def get_cell_context_data(self, instance: Sunset, parent_context: Any) -> dict[str, Any]:
        context = cast("dict[str, Any]", super().get_cell_context_data(instance, parent_context))
        context["undo_url"] = reverse("precise-mail-sunsets:undo", args=[instance.pk])
        context["can_undo"] = instance.state != Sunset.State.UNDONE
        context["request"] = parent_context.get("request")
        return context


class SunsetIndex(generic.IndexView):
    """All runs, the latest first."""

    any_permission_required = ["view", "add"]
    page_title = _("Inactive contacts")
    add_item_label = _("Find inactive contacts")

    def get_base_queryset(self) -> QuerySet[Sunset]:
        return super().get_base_queryset().select_related("created_by", "email")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            Column("policy", label=_("Policy"), accessor=_policy),
            WideDateColumn("created_at", label=_("Begun")),
            StatusTagColumn("state", label=_("State"), accessor="get_state_display"),
            WideColumn("member_count", label=_("Contacts")),
            Column("suppressed_count", label=_("Suppressed")),
            WideColumn("created_by", label=_("By")),
            UndoColumn("undo", label="", accessor=lambda sunset: ""),
        ]

    def get_list_more_buttons(self, instance: Sunset) -> list[Any]:
        return []


def _policy(sunset: Sunset) -> str:
    words = gettext("%(mails)d mails or more in %(days)d days")
    return words % {"mails": sunset.mails, "days": sunset.days}


class SunsetViewSet(ModelViewSet):
    """Runs of the sunset policy below the menu group."""

    model = Sunset
    name = "precise-mail-sunsets"
    icon = "time"
    menu_label = _("Inactive contacts")
    index_view_class = SunsetIndex
    copy_view_enabled = False
    add_to_reference_index = False
    search_backend_name = None
    ordering = "-pk"
    edit_handler = ObjectList([FieldPanel("mails"), FieldPanel("days")])

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        without = dict.fromkeys(["edit_url_name", "delete_url_name", "history_url_name", "usage_url_name"])
        return super().get_common_view_kwargs(**{**without, **kwargs})

    def register_admin_url_finder(self) -> None:
        """There is no form to lead to."""

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("new/", RunView.as_view(), name="add"),
            path("<int:pk>/undo/", UndoView.as_view(), name="undo"),
        ]
