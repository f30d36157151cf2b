"""The report "Clusters": customers who are alike, searched for in the background, and saved as segments."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.admin.menu import MenuItem

from wagtail_precise_mail.commerce.clusters import MOST_WANTED, ask_for_clusters, save_as_segment, sentence_of
from wagtail_precise_mail.commerce.currencies import base_currency
from wagtail_precise_mail.commerce.forecasting import is_available
from wagtail_precise_mail.commerce.models import Cluster, ClusterRun
from wagtail_precise_mail.commerce.money import format_money
from wagtail_precise_mail.exceptions import InvalidRules, MissingExtra
from wagtail_precise_mail.reports.admin.pages import NeedsPermission, PermittedMenuItem, ReportPage, may
from wagtail_precise_mail.segments.models import Segment

INDEX = "precise_mail_clusters"
NEEDS = ("view_clusterrun",)
SEARCH = ("view_clusterrun", "add_clusterrun")
SAVE = ("view_clusterrun", "add_segment", "publish_segment")


class SearchForm(forms.Form):
    """How many clusters to look for."""

    count = forms.TypedChoiceField(
        label=gettext_lazy("Number of clusters"),
        coerce=int,
        choices=[(0, gettext_lazy("as many as fit best")), *((one, str(one)) for one in range(2, MOST_WANTED + 1))],
        initial=0,
    )


class NameForm(forms.Form):
    """What the segment is called."""

    name = forms.CharField(label=gettext_lazy("Name of the segment"), max_length=150)


class ClustersView(ReportPage):
    """The clusters of the last search that is done."""

    page_title = gettext_lazy("Clusters")
    header_icon = "group"
    template_name = "wagtail_precise_mail/reports/clusters.html"
    needs = NEEDS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        runs = ClusterRun.objects.all()
        shown = runs.exclude(state=ClusterRun.State.WAITING).first()
        user = self.request.user
        return {
            **super().get_context_data(**kwargs),
            "is_available": is_available(),
            "run": shown,
            "waiting": runs.filter(state=ClusterRun.State.WAITING).first(),
            "rows": self._rows(shown) if shown else [],
            "silhouettes": sorted(shown.silhouettes.items(), key=lambda one: int(one[0])) if shown else [],
            "form": SearchForm() if may(user, *SEARCH) else None,
            "may_save": may(user, *SAVE),
        }

    def _rows(self, run: ClusterRun) -> list[dict[str, Any]]:
        clusters = list(run.clusters.all())
        saved = Segment.objects.in_bulk([one.segment_slug for one in clusters if one.segment_slug], field_name="slug")
        finder = AdminURLFinder(self.request.user)
        currency = base_currency()
        return [
            {
                "cluster": one,
                "average": _average(one, currency),
                "sentence": sentence_of(one, currency=currency),
                "segment": saved.get(one.segment_slug),
                "segment_url": finder.get_edit_url(saved[one.segment_slug]) if one.segment_slug in saved else None,
                "name": _("Cluster %(number)s of %(day)s") % {"number": one.number, "day": f"{run.asked_at:%Y-%m-%d}"},
            }
            for one in clusters
        ]


def _average(cluster: Cluster, currency: str) -> str:
    average = cluster.figures.get("average")
    return "" if average is None else format_money(round(Decimal(average), 2), currency)


class SearchView(NeedsPermission, View):
    """POST only: begins a search."""

    http_method_names = ["post"]
    needs = SEARCH

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SearchForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Choose a number of clusters."))
            return redirect(INDEX)
        try:
            ask_for_clusters(by=cast("Any", request.user), count=form.cleaned_data["count"])
        except MissingExtra as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The search has begun. Open this page again in a moment."))
        return redirect(INDEX)


class SaveView(NeedsPermission, View):
    """POST only: makes a segment of the rule of a cluster."""

    http_method_names = ["post"]
    needs = SAVE

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        cluster = get_object_or_404(Cluster.objects.select_related("run"), pk=pk)
        form = NameForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Give the segment a name."))
            return redirect(INDEX)
        try:
            segment = save_as_segment(cluster, name=form.cleaned_data["name"])
        except InvalidRules as error:
            messages.error(request, str(error))
            return redirect(INDEX)
        url = AdminURLFinder(request.user).get_edit_url(segment)
        buttons = [messages.button(url, _("Edit"))] if url else []
        messages.success(request, format_html(_("Segment “{}” saved."), segment.name), buttons=buttons)
        return redirect(INDEX)


@hooks.register("register_reports_menu_item")
def register_menu_item() -> MenuItem:
    """Below the report of forecasts."""
    return PermittedMenuItem(
        gettext_lazy("Clusters"),
        reverse(INDEX),
        name="precise-mail-clusters",
        icon_name="group",
        order=660,
        needs=NEEDS,
    )


@hooks.register("register_admin_urls")
def register_urls() -> list:
    """The page, and what its buttons do."""
    return [
        path("reports/precise-mail-clusters/", ClustersView.as_view(), name=INDEX),
        path("reports/precise-mail-clusters/search/", SearchView.as_view(), name=f"{INDEX}_search"),
        path("reports/precise-mail-clusters/<int:pk>/save/", SaveView.as_view(), name=f"{INDEX}_save"),
    ]
