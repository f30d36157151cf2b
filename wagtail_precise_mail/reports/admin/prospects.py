"""The report "Potential customers": who never bought and is like those who did, with reasons."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.admin.menu import MenuItem

from wagtail_precise_mail.reports.admin.pages import NeedsPermission, PermittedMenuItem, ReportPage, may
from wagtail_precise_mail.reports.prospects import in_words
from wagtail_precise_mail.reports.ranking import MOST_RANKED, best_prospects, latest_run, likeness_of, list_prospects

INDEX = "precise_mail_prospects"
NEEDS = ("view_contact", "view_forecastmodel")
SAVE = (*NEEDS, "add_contactlist")
SHOWN = 50


class ListForm(forms.Form):
    """What the list is called, and how many are on it."""

    name = forms.CharField(label=gettext_lazy("Name of the list"), max_length=100)
    count = forms.IntegerField(label=gettext_lazy("How many"), min_value=1, max_value=MOST_RANKED, initial=SHOWN)


class ProspectsView(ReportPage):
    """The best, and what speaks for each."""

    page_title = gettext_lazy("Potential customers")
    header_icon = "user"
    template_name = "wagtail_precise_mail/reports/prospects.html"
    needs = NEEDS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run = latest_run()
        context = {**super().get_context_data(**kwargs), "run": run}
        if run is None:
            return context
        likeness = likeness_of(run)
        return {
            **context,
            "likeness": likeness,
            "common": [in_words(one) for one in likeness.evidence if one.times >= 1.2][:10],
            "rows": [
                {"prospect": one, "url": reverse("precise-mail-contacts:inspect", args=[one.contact.pk])}
                for one in best_prospects(run, at=timezone.now(), count=SHOWN)
            ],
            "form": ListForm() if may(self.request.user, *SAVE) else None,
        }


class SaveView(NeedsPermission, View):
    """POST only: makes a static list of the best."""

    http_method_names = ["post"]
    needs = SAVE

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ListForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Give the list a name, and a number of contacts up to 10,000."))
            return redirect(INDEX)
        try:
            made = list_prospects(form.cleaned_data["name"], at=timezone.now(), count=form.cleaned_data["count"])
        except ValueError:
            messages.error(request, _("There is not enough data."))
            return redirect(INDEX)
        url = AdminURLFinder(request.user).get_edit_url(made)
        buttons = [messages.button(url, _("Edit"))] if url else []
        messages.success(request, format_html(_("List “{}” saved."), made.name), buttons=buttons)
        return redirect(INDEX)


@hooks.register("register_reports_menu_item")
def register_menu_item() -> MenuItem:
    """Below the report of clusters."""
    return PermittedMenuItem(
        gettext_lazy("Potential customers"),
        reverse(INDEX),
        name="precise-mail-prospects",
        icon_name="user",
        order=670,
        needs=NEEDS,
    )


@hooks.register("register_admin_urls")
def register_urls() -> list:
    """The page, and what its button does."""
    return [
        path("reports/precise-mail-prospects/", ProspectsView.as_view(), name=INDEX),
        path("reports/precise-mail-prospects/save/", SaveView.as_view(), name=f"{INDEX}_save"),
    ]
