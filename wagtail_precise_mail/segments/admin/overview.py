"""The page of a segment: what its rules say, who belongs, how that changed, and what counts on it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from wagtail.admin.views import generic
from wagtail.admin.widgets.button import Button, HeaderButton

from wagtail_precise_mail.contacts.exporting import RIGHTS
from wagtail_precise_mail.exceptions import InvalidRules, UnknownKey
from wagtail_precise_mail.segments.admin.access import SEE, may, url_of
from wagtail_precise_mail.segments.admin.pictures import size_picture
from wagtail_precise_mail.segments.admin.uses import uses_of
from wagtail_precise_mail.segments.budgets import OutOfTime, at_most
from wagtail_precise_mail.segments.counting import PATIENT_SECONDS, figures
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.panels import segment_panels
from wagtail_precise_mail.segments.places import describe_place
from wagtail_precise_mail.segments.preview import may_see_contacts, outline, shown_sample
from wagtail_precise_mail.segments.queries import read_rules

MEMBERS = "members"
"""The panel of this room, which counts; those of others have keys of their own."""


class SegmentOverview(generic.InspectView):
    """Wagtail's inspect view, grown up."""

    any_permission_required = list(SEE)
    template_name = "wagtail_precise_mail/segments/overview.html"
    object: Segment

    def get_page_title(self) -> str:
        return self.object.name

    def get_page_subtitle(self) -> str:
        return ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        index = {"url": url_of("list"), "label": gettext("Segments")}
        return [*self.breadcrumbs_items, index, {"url": "", "label": self.object.name}]

    def get_fields(self) -> list[str]:
        return []  # the template of this view has its own

    def get_fields_context(self) -> list[dict[str, Any]]:
        return []

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        if not self.user_has_permission("change"):
            return []
        return [HeaderButton(gettext("Edit"), url=url_of("edit", self.object.pk), icon_name="edit", priority=10)]

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        pk = self.object.pk
        buttons = [
            Button(gettext("Download as JSON"), url=url_of("download", pk), icon_name="download", priority=10),
            Button(
                gettext("Compare with others"), url=f"{url_of('overlap')}?segment={pk}", icon_name="view", priority=20
            ),
        ]
        if self.request.user.has_perms(RIGHTS):
            label = gettext("Hashed audience for advertising")
            buttons.append(Button(label, url=url_of("hashed", pk), icon_name="lock", priority=30))
        if may(self.request.user, "change"):
            buttons.append(Button(gettext("Usage"), url=url_of("usage", pk), icon_name="list-ul", priority=40))
        return buttons

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "segment": self.object,
            **_rules_in_words(self.object),
            "sizes": size_picture(self.object),
            "uses": uses_of(self.object, self.request.user),
            "panels": self._panels(),
        }

    def _panels(self) -> list[dict[str, Any]]:
        own = {"key": MEMBERS, "title": gettext("Who belongs now"), "url": url_of("panel", self.object.pk, MEMBERS)}
        others = [
            {"key": key, "title": panel.title, "url": url_of("panel", self.object.pk, key)}
            for key, panel in segment_panels.items()
            if panel().is_shown(self.request.user)
        ]
        return [own, *others]


def _rules_in_words(segment: Segment) -> dict[str, Any]:
    try:
        rules = read_rules(segment)
        return {
            "sentence": rules.sentence(),
            "outline": outline(rules.root),
            "exclusions": outline(rules.exclusions) if rules.exclusions else None,
        }
    except InvalidRules as error:
        return {"problem": error.message, "place": describe_place(error.place)}


class PanelView(View):
    """The inside of one panel, fetched once the page stands."""

    def get(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        if not may(request.user, *SEE):
            raise PermissionDenied
        segment = get_object_or_404(Segment, pk=pk)
        try:
            template, context = self._inside(request, segment, key)
        except UnknownKey as error:
            raise Http404(str(error)) from error
        except InvalidRules as error:
            context = {"problem": error.message, "place": describe_place(error.place)}
            template = "wagtail_precise_mail/segments/panel_problem.html"
        except (OutOfTime, DatabaseError):
            context = {"problem": _("The database did not answer in time.")}
            template = "wagtail_precise_mail/segments/panel_problem.html"
        return render(request, template, context)

    def _inside(self, request: HttpRequest, segment: Segment, key: str) -> tuple[str, dict[str, Any]]:
        at, rules = timezone.now(), read_rules(segment)
        if key == MEMBERS:
            may_see = may_see_contacts(request)
            found = figures(rules, at=at, seconds=PATIENT_SECONDS, with_sample=may_see)
            return "wagtail_precise_mail/segments/members_panel.html", {
                "figures": found,
                "may_see": may_see,
                "sample": shown_sample(found, request),
                "profile_url_name": "precise-mail-contacts:inspect",
            }
        panel = segment_panels.get(key)()
        if not panel.is_shown(request.user):
            raise PermissionDenied
        with at_most(PATIENT_SECONDS):
            return panel.template_name, panel.context(segment, rules, at=at, user=request.user)
