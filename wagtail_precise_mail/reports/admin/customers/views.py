"""The pages of the report "Customers", and the files behind their pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from wagtail_precise_mail.campaigns.admin.pages import may_see_campaigns
from wagtail_precise_mail.charts import Picture
from wagtail_precise_mail.reports.admin.customers import activity, retention, sizes, stages, standing
from wagtail_precise_mail.reports.admin.customers.asking import PRESETS, Asked, PeriodForm
from wagtail_precise_mail.reports.sizes import MOST_SEGMENTS, measured_segments
from wagtail_precise_mail.tabular.cells import neutralize
from wagtail_precise_mail.tabular.lines import as_csv

INDEX = "precise_mail_customer_report"
Maker = Callable[[Asked], Picture]


@dataclass(frozen=True)
class Tab:
    """One page: its pictures by their keys, in order."""

    slug: str
    title: Any
    pictures: dict[str, Maker]
    has_segments: bool = False

    @property
    def url_name(self) -> str:
        """The name of its address."""
        return f"{INDEX}_{self.slug}"


TABS = [
    Tab(
        "standing",
        _("RFM and value"),
        {
            "rfm-grid": standing.rfm_picture,
            "rfm-moves": standing.rfm_moves_picture,
            "value-tiers": standing.tiers_picture,
        },
    ),
    Tab(
        "stages",
        _("Stages"),
        {
            "buying-flow": stages.buying_flow_picture,
            "buying-moves": stages.buying_moves_picture,
            "stage-revenue": stages.stage_revenue_picture,
            "engagement-flow": stages.engagement_flow_picture,
            "engagement-moves": stages.engagement_moves_picture,
        },
    ),
    Tab(
        "retention",
        _("Retention"),
        {
            "cohorts": retention.cohorts_picture,
            "cohort-revenue": retention.cohort_revenue_picture,
            "intervals": retention.intervals_picture,
        },
    ),
    Tab(
        "activity",
        _("Hours and weekdays"),
        {
            "order-week": activity.orders_week_picture,
            "click-week": activity.clicks_week_picture,
            "machine-week": activity.machine_clicks_week_picture,
        },
    ),
    Tab("segments", _("Segments"), {"segment-sizes": sizes.sizes_picture}, has_segments=True),
]


class CustomerReportView(WagtailAdminTemplateMixin, TemplateView):
    """Pictures of customers together, and of nobody in particular."""

    page_title = _("Customers")
    header_icon = "group"
    template_name = "wagtail_precise_mail/reports/customers.html"
    tab = TABS[0]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_see_campaigns(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if key := request.GET.get("table"):
            return self._file(key)
        return super().get(request, *args, **kwargs)

    @cached_property
    def segments(self) -> dict[int, str]:
        return {segment.pk: segment.name for segment in measured_segments()} if self.tab.has_segments else {}

    @cached_property
    def form(self) -> PeriodForm:
        form = PeriodForm(self.request.GET, segments=self.segments)
        form.is_valid()
        return form

    @cached_property
    def asked(self) -> Asked:
        chosen = self.form.cleaned_data.get("segment") or list(self.segments)[: MOST_SEGMENTS - 1]
        return Asked(self.form.period(), chosen, self.request.user)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_page_subtitle(self) -> Any:
        return self.tab.title

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        pictures = [
            replace(make(self.asked), download_url=self._link(table=key)) for key, make in self.tab.pictures.items()
        ]
        return {
            **super().get_context_data(**kwargs),
            "pictures": pictures,
            "as_of": self.asked.as_of,
            "period": self.asked.period,
            "form": self.form,
            "dates": [(self.form["first"], self.asked.period.first), (self.form["last"], self.asked.period.last)],
            "segments": [(pk, name, pk in self.asked.segments) for pk, name in self.segments.items()],
            "tabs": [(reverse(tab.url_name) + self._link(), tab.title, tab == self.tab) for tab in TABS],
            "presets": [(self._link(days=days), label, days == self.form.preset) for days, label in PRESETS.items()],
        }

    def _link(self, **changes: str) -> str:
        """Return the address of the same days and segments, with something changed."""
        query = self.request.GET.copy()
        query.pop("table", None)
        if "days" in changes:
            query.pop("first", None)
            query.pop("last", None)
        for name, value in changes.items():
            query[name] = value
        return f"?{query.urlencode()}" if query else ""

    def _file(self, key: str) -> HttpResponse:
        make = self.tab.pictures.get(key)
        if make is None:
            raise Http404
        picture = make(self.asked)
        rows = [] if picture.missing else picture.rows()
        lines = as_csv([_cell(value) for value in row] for row in [picture.header(), *rows])
        response = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
        name = f"{slugify(key)}-{self.asked.period.first}-{self.asked.period.last}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


def _cell(value: Any) -> str:
    if value is None:
        return ""
    # Four decimals are how money is kept; the trailing ones say nothing.
    return f"{value:f}" if isinstance(value, Decimal) else neutralize(str(value))


class CustomerReportMenuItem(MenuItem):
    """Shown to whoever may see campaigns."""

    def is_shown(self, request: HttpRequest) -> bool:
        return may_see_campaigns(request.user)


@hooks.register("register_reports_menu_item")
def register_menu_item() -> MenuItem:
    """Below the reports of campaigns and content."""
    return CustomerReportMenuItem(
        _("Customers"), reverse(INDEX), name="precise-mail-customers", icon_name="group", order=615
    )


@hooks.register("register_admin_urls")
def register_urls() -> list:
    """One page for each tab; the first one at the address of them all, too."""
    pages = [
        path(f"reports/precise-mail-customers/{tab.slug}/", CustomerReportView.as_view(tab=tab), name=tab.url_name)
        for tab in TABS
    ]
    return [path("reports/precise-mail-customers/", CustomerReportView.as_view(), name=INDEX), *pages]
