"""The page of one import, and the part of it that follows the work."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views import View
from wagtail.admin.widgets.button import HeaderButton

from wagtail_precise_mail.contacts.admin.import_forms import ReasonForm
from wagtail_precise_mail.contacts.admin.imports import DESCRIBE, ImportPages, OfImports, may
from wagtail_precise_mail.contacts.importing.risk import assess
from wagtail_precise_mail.contacts.imports import ImportBatch

State = ImportBatch.State
_SHOWN_REFUSALS = 10


def batch_context(batch: ImportBatch, user: Any) -> dict[str, Any]:
    """Return what the live part of the page needs."""
    figures = batch.figures if batch.figures.get("rows") else batch.check_figures
    is_dry = not batch.figures.get("rows")
    refusals = list(batch.refusals.all()[:_SHOWN_REFUSALS])
    return {
        "batch": batch,
        "is_dry": is_dry,
        "figures": _figures(figures, is_dry=is_dry),
        "measures": assess(figures.get("risk", {})) if figures.get("risk") else [],
        "has_bad_measure": any(one.is_bad for one in assess(figures.get("risk", {}))),
        "countries": sorted(figures.get("unknown_countries", {}).items(), key=lambda pair: -pair[1])[:10],
        "refusals": refusals,
        "refused_count": figures.get("refused", 0),
        "undone": batch.figures.get("undone", {}),
        "page_state": batch.state,
        "may_undo": may(user, "undo"),
        "may_release": may(user, "release"),
        "may_import": may(user, "add"),
    }


def _figures(figures: dict[str, Any], *, is_dry: bool) -> list[tuple[str, int, str]]:
    """Return label, count and a note of each figure that says something."""
    told = [
        (_("Rows read"), "rows", ""),
        (_("New contacts"), "new", ""),
        (_("Changed"), "updated", ""),
        (_("Unchanged"), "unchanged", ""),
        (_("Refused"), "refused", _("in the error file")),
        (_("Second rows of one person"), "repeated", _("taken together")),
        (_("Consents granted"), "granted", ""),
        (_("Consents pending"), "pending", ""),
        (_("Consents withdrawn"), "withdrawn", ""),
        (_("Suppressed by the file"), "suppressed", _("never written to")),
        (_("Suppressed before"), "kept_suppressed", _("and still are")),
    ]
    always = {"rows", "new", "updated", "refused"}
    return [(label, figures.get(key, 0), note) for label, key, note in told if figures.get(key) or key in always]


class BatchPage(ImportPages):
    """Where an import stands, what it did, and what can be done about it."""

    template_name = "wagtail_precise_mail/contacts/imports/page.html"

    def get_page_title(self) -> str:
        return self.batch.name

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        if not self.batch.refusals.exists():
            return []
        url = reverse("precise-mail-imports:errors", args=[self.batch.pk])
        return [HeaderButton(_("Error file"), url=url, icon_name="download")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        batch = self.batch
        verbs = ("check", "start", "stop", "resume", "undo", "release")
        can_describe = batch.state in (State.UPLOADED, State.CHECKED, State.FAILED) and not batch.figures.get("rows")
        return {
            **super().get_context_data(**kwargs),
            **batch_context(batch, self.request.user),
            "verbs": {verb: reverse(f"precise-mail-imports:{verb}", args=[batch.pk]) for verb in verbs},
            "progress_url": reverse("precise-mail-imports:progress", args=[batch.pk]),
            "errors_url": reverse("precise-mail-imports:errors", args=[batch.pk]),
            "describe_url": reverse(DESCRIBE, args=[batch.pk]) if can_describe else "",
            "can_undo": batch.state in (State.STOPPED, State.FAILED, State.FINISHED) and batch.rows.exists(),
            "can_resume": batch.state in (State.STOPPED, State.FAILED) and bool(batch.figures.get("rows")),
            "reason_form": ReasonForm(),
            "topics": batch.topics.all(),
            "contacts_url": self._contacts_url(),
        }

    def _contacts_url(self) -> str:
        listed = self.batch.contact_list
        return f"{reverse('precise-mail-contacts:index')}{f'?lists={listed.pk}' if listed else ''}"


class ProgressView(OfImports, View):
    """The live part of the page, as a fragment of HTML."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = get_object_or_404(ImportBatch, pk=pk)
        context = batch_context(batch, request.user)
        response = render(request, "wagtail_precise_mail/contacts/imports/live.html", context)
        response["Wpm-State"] = batch.state
        response["Cache-Control"] = "no-store"
        return response
