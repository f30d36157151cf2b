"""What contacts answered to the questions of a campaign's email, and the same as a file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.widgets.button import HeaderButton

from wagtail_precise_mail.campaigns.admin.pages import ANY_PERMISSION, POLICY
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.tabular.cells import neutralize
from wagtail_precise_mail.tracking.models import SurveyAnswer
from wagtail_precise_mail.tracking.surveys import SurveyResult, survey_results

if TYPE_CHECKING:
    from wagtail_precise_mail.delivery.models import Send

# The file has addresses in it.
EXPORT = (
    "wagtail_precise_mail.view_contact",
    "wagtail_precise_mail.view_contact_address",
    "wagtail_precise_mail.export_contact",
)


class SurveyResultsView(PermissionCheckedMixin, WagtailAdminTemplateMixin, TemplateView):
    """Counts for each answer, of all contacts or of the members of one segment."""

    any_permission_required = ANY_PERMISSION
    permission_policy = POLICY
    model = Campaign
    header_icon = "radio-full"
    template_name = "wagtail_precise_mail/campaigns/surveys.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "export" in request.GET and not request.user.has_perms(EXPORT):
            raise PermissionDenied
        if "export" in request.GET and not self.problem:
            return self._export()
        return super().get(request, *args, **kwargs)

    @cached_property
    def campaign(self) -> Campaign:
        """What was sent."""
        campaigns = Campaign.objects.select_related("send__compiled").filter(send__isnull=False)
        return get_object_or_404(campaigns, pk=self.kwargs["pk"])

    @cached_property
    def problem(self) -> str:
        """Why the segment cannot be evaluated, or ""."""
        try:
            if self.segment:
                members(self.segment)
        except InvalidRules as error:
            return str(error)
        return ""

    @cached_property
    def segment(self) -> Segment | None:
        """Whose answers are shown; None for everybody's."""
        given = self.request.GET.get("segment", "")
        return Segment.objects.filter(pk=given).first() if given.isascii() and given.isdigit() else None

    def get_page_title(self) -> str:
        return _("Answers to “%(campaign)s”") % {"campaign": self.campaign.name}

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("precise-mail-campaigns:index"), "label": _("Campaigns")},
            {"url": reverse("precise-mail-campaigns:inspect", args=[self.campaign.pk]), "label": self.campaign.name},
            {"url": "", "label": _("Answers")},
        ]

    @cached_property
    def header_buttons(self) -> list:
        if not self.request.user.has_perms(EXPORT):
            return []
        url = f"{self.request.path}?{self._query(export='csv')}"
        return [HeaderButton(_("Download CSV"), url=url, icon_name="download")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "campaign": self.campaign,
            "results": [] if self.problem else self._results(),
            "problem": self.problem,
            "segment": self.segment,
            "segments": Segment.objects.filter(live=True).order_by("name"),
            "may_read_comments": self.request.user.has_perm("wagtail_precise_mail.view_contact"),
        }

    def _results(self) -> list[SurveyResult]:
        send = cast("Send", self.campaign.send)
        return survey_results(send, contacts=members(self.segment) if self.segment else None)

    def _export(self) -> HttpResponse:
        answers = SurveyAnswer.objects.filter(send=self.campaign.send_id).select_related("contact")
        if self.segment:
            answers = answers.filter(contact__in=members(self.segment).values("pk"))
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="answers-{self.campaign.pk}.csv"'
        response["Cache-Control"] = "no-store"
        writer = csv.writer(response)
        writer.writerow([_("When"), _("Email address"), _("Question"), _("Value"), _("Answer"), _("Comment")])
        for answer in answers.order_by("block_id", "answered_at", "pk").iterator():
            cells = [
                answer.contact.email if answer.contact else "",
                answer.question,
                answer.value,
                answer.label,
                answer.comment,
            ]
            writer.writerow([answer.answered_at.isoformat(), *map(neutralize, cells)])
        return response

    def _query(self, **further: str) -> str:
        query = self.request.GET.copy()
        query.update(further)
        return query.urlencode()
