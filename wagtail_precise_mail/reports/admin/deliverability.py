"""The report "Deliverability": whether receivers have reason to trust our mail, and what they make of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.charts import LineChart, Series, as_percent
from wagtail_precise_mail.contacts.freshness import last_success
from wagtail_precise_mail.delivery.domains import queries
from wagtail_precise_mail.delivery.domains.findings import Level
from wagtail_precise_mail.delivery.domains.models import DomainReport, Outcome
from wagtail_precise_mail.delivery.domains.presenting import lines_of
from wagtail_precise_mail.delivery.domains.services import is_available, senders_by_domain
from wagtail_precise_mail.delivery.domains.tallying import JOB as TALLY
from wagtail_precise_mail.delivery.seeds.queries import placements
from wagtail_precise_mail.reports.admin.pages import NeedsPermission, PermittedMenuItem, ReportPage, may

INDEX = "precise_mail_deliverability"
NEEDS, CHECK = ("view_domainreport",), ("view_domainreport", "check_domainreport")
# By their paths: the tasks of a room are its own.
TASKS = ("wagtail_precise_mail.delivery.tasks.check_domains", "wagtail_precise_mail.delivery.tasks.tally_domains")

REFUSALS = [one for one in Outcome if one not in (Outcome.ACCEPTED, Outcome.COMPLAINT)]

Role = DomainReport.Role


class DeliverabilityView(ReportPage):
    """What the last check found; reading it asks nobody outside."""

    page_title = _("Deliverability")
    header_icon = "mail"
    template_name = "wagtail_precise_mail/reports/deliverability.html"
    needs = NEEDS

    @cached_property
    def senders(self) -> list[str]:
        return queries.sender_domains(timezone.localdate())

    @cached_property
    def sender(self) -> str:
        given = self.request.GET.get("sender", "")
        return given if given in self.senders else ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.localdate()
        volume = queries.volume(today, sender=self.sender)
        reports = list(DomainReport.objects.all())
        return {
            **super().get_context_data(**kwargs),
            "is_available": is_available(),
            "may_check": may(self.request.user, *CHECK),
            "checked_at": min((report.checked_at for report in reports), default=None),
            "cards": _sender_cards(reports),
            "places": [_place_card(report) for report in reports if report.role != Role.SENDER],
            "volume": volume,
            "outcomes": REFUSALS,
            "rows": _rows(volume),
            "total": _row(gettext("All"), volume.total),
            "counted_at": last_success(TALLY),
            "trend": trend(queries.weeks(today, sender=self.sender)),
            "choices": self._choices(),
            "placements": placements(at=timezone.now()),
        }

    def _choices(self) -> list[tuple[str, str, bool]]:
        """Return the query and words of each button, where mail came from several domains."""
        if len(self.senders) < 2:
            return []
        options = [("", gettext("All senders")), *((one, one) for one in self.senders)]
        return [(f"?sender={value}", words, value == self.sender) for value, words in options]


class CheckView(NeedsPermission, View):
    """POST only: a worker looks at the domains now."""

    http_method_names = ["post"]
    needs = CHECK

    def post(self, request: HttpRequest) -> HttpResponse:
        for task in TASKS:
            enqueue(task)
        messages.success(request, _("A worker is asking the name servers. Open this page again in a minute."))
        return redirect(INDEX)


def trend(weeks: list[tuple[Any, queries.Tally]]) -> LineChart:
    """Return the shares of bounces, blocks and complaints by week."""
    rows = [
        (gettext("Bounces"), queries.BOUNCES),
        (gettext("Blocked"), (Outcome.POLICY,)),
        (gettext("Complaints"), (Outcome.COMPLAINT,)),
    ]
    has_mail = any(tally.total for _monday, tally in weeks)
    return LineChart(
        key="reputation",
        title=gettext("Bounces, blocks and complaints by week"),
        definition=gettext(
            "Bounces and blocks are shares of the mails tried in a week; complaints are a share of those accepted in "
            "it. A bounce is about the address or the mail, a block about the sender. Gmail asks for complaints below "
            "0.1 percent, and refuses mail from 0.3 percent on."
        ),
        row_title=gettext("Week from"),
        number=_share,
        unit=gettext("percent"),
        labels=[date_format(monday, "MONTH_DAY_FORMAT") for monday, _tally in weeks],
        series=[Series(name, [tally.percent(*outcomes) for _monday, tally in weeks]) for name, outcomes in rows],
        missing="" if has_mail else gettext("No mail left in the last twelve weeks."),
    )


def _sender_cards(reports: list[DomainReport]) -> list[dict[str, Any]]:
    """Return a card for each domain of senders, also before its first check, the worst first."""
    known = {report.name: report for report in reports if report.role == Role.SENDER}
    cards = []
    for domain, senders in senders_by_domain().items():
        report = known.get(domain)
        cards.append(
            {
                "domain": domain,
                "senders": senders,
                "level": Level(report.level) if report else Level.UNKNOWN,
                "lines": lines_of(report) if report else [],
            }
        )
    order = list(Level.values)
    return sorted(cards, key=lambda card: (-order.index(card["level"]), card["domain"]))


def _place_card(report: DomainReport) -> dict[str, Any]:
    title = report.name if report.role == Role.LINKS else gettext("Your own mail servers")
    return {"title": title, "level": Level(report.level), "lines": lines_of(report)}


def _rows(volume: queries.Volume) -> list[dict[str, Any]]:
    rows = [_row(tally.domain or gettext("not known any more"), tally) for tally in volume.lines]
    if others := volume.others:
        words = ngettext("%(count)s further domain", "%(count)s further domains", others.domain_count)
        rows.append(_row(words % {"count": others.domain_count}, others))
    return rows


def _row(label: str, tally: queries.Tally) -> dict[str, Any]:
    """Return a line of the table: of each cell a count, and its share where there is anything to share."""
    cells = [(tally.total, "")]
    for outcome in (Outcome.ACCEPTED, *REFUSALS, Outcome.COMPLAINT):
        count, share = tally.of(outcome), tally.percent(outcome)
        cells.append((count, _share(share) if count and share is not None else ""))
    return {"label": label, "cells": cells}


def _share(value: Any) -> str:
    """Return a share with two decimals: complaints are judged by tenths of a percent."""
    return as_percent(value, 2)


class BrokenDomainsPanel(Component):
    """Domains by which mail gets lost; nothing while all is well."""

    name = "precise_mail_broken_domains"
    template_name = "wagtail_precise_mail/reports/broken_domains_panel.html"
    order = 105

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        reports = DomainReport.objects.filter(level=Level.BROKEN)
        return {"reports": [(report, _broken(report)) for report in reports], "url": reverse(INDEX)}

    def render_html(self, parent_context: Mapping[str, Any] | None = None) -> str:
        context = self.get_context_data(parent_context or {})
        return super().render_html(parent_context) if context["reports"] else ""


def _broken(report: DomainReport) -> list[str]:
    return [line.label for line in lines_of(report) if line.level == Level.BROKEN]


@hooks.register("construct_homepage_panels")
def add_broken_domains_panel(request: HttpRequest, panels: list) -> None:
    """For those who may see the report."""
    if may(request.user, *NEEDS):
        panels.append(BrokenDomainsPanel())


@hooks.register("register_reports_menu_item")
def register_menu_item() -> MenuItem:
    """Below the report of send times."""
    return PermittedMenuItem(
        _("Deliverability"),
        reverse(INDEX),
        name="precise-mail-deliverability",
        icon_name="mail",
        order=640,
        needs=NEEDS,
    )


@hooks.register("register_permissions")
def register_permissions() -> QuerySet[Permission]:
    """Let groups be given the right to see the report, and to have domains checked."""
    return Permission.objects.filter(
        content_type__app_label="wagtail_precise_mail", codename__in=["view_domainreport", "check_domainreport"]
    )


@hooks.register("register_admin_urls")
def register_urls() -> list:
    """The page, and what its button does."""
    return [
        path("reports/precise-mail-deliverability/", DeliverabilityView.as_view(), name=INDEX),
        path("reports/precise-mail-deliverability/check/", CheckView.as_view(), name=f"{INDEX}_check"),
    ]
