"""New segments from templates: choose one, answer what it asks, and go on in the editor."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin import messages

from wagtail_precise_mail.exceptions import InvalidRules, UnknownKey
from wagtail_precise_mail.segments.admin.access import SegmentPage, url_of
from wagtail_precise_mail.segments.services import draft_segment
from wagtail_precise_mail.segments.templates import available_templates, segment_templates, template_questions


class TemplatesView(SegmentPage, TemplateView):
    """GET shows the templates; POST makes a draft of one."""

    actions = ("add",)
    http_method_names = ["get", "head", "post"]
    template_name = "wagtail_precise_mail/segments/templates.html"
    page_title = _("New segment from a template")
    header_icon = "copy"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = [
            {
                "key": key,
                "template": one,
                "choices": one.choices(),
                "question": template_questions.get(one.asks).label if one.asks else "",
                "group": str(one.group),
            }
            for key, one in available_templates().items()
        ]
        found.sort(key=lambda one: str(one["group"]))  # stable: in each group they stay in their order
        groups = [(name, list(ones)) for name, ones in groupby(found, key=lambda one: one["group"])]
        return {**super().get_context_data(**kwargs), "groups": groups}

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            template = segment_templates.get(request.POST.get("template", ""))
            choice = request.POST.get("choice", "")
            rules = template.read(choice)
        except (UnknownKey, InvalidRules) as error:
            messages.error(request, gettext("This template cannot be used: %(error)s") % {"error": error})
            return redirect(request.path)
        name = str(template.name)
        if chosen := dict(template.choices()).get(choice):
            name = f"{name}: {chosen}"
        segment = draft_segment(name, rules=rules, description=str(template.description), by=request.user)
        messages.success(request, gettext("The draft is there. Look at it, then publish it."))
        return redirect(url_of("edit", segment.pk))
