"""Imports of contacts in the admin: upload, columns and consent, dry run, progress, result."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views import View
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views import generic
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import HeaderButton

from wagtail_precise_mail.contacts.admin.access import SeesContacts
from wagtail_precise_mail.contacts.admin.forms import describe_errors
from wagtail_precise_mail.contacts.admin.import_forms import (
    FormatForm,
    PeopleForm,
    ReasonForm,
    UploadForm,
    target_choices,
)
from wagtail_precise_mail.contacts.importing import services
from wagtail_precise_mail.contacts.importing.files import first_records, receive_file, understand
from wagtail_precise_mail.contacts.importing.mapping import ERROR_COLUMNS
from wagtail_precise_mail.contacts.importing.presets import PRESETS
from wagtail_precise_mail.contacts.importing.risk import assess
from wagtail_precise_mail.contacts.imports import ImportBatch
from wagtail_precise_mail.contacts.models import ContactList, Topic
from wagtail_precise_mail.exceptions import InvalidTransition, NotReady, SourceError
from wagtail_precise_mail.tabular.cells import neutralize

State = ImportBatch.State
INDEX = "precise-mail-imports:index"
PAGE = "precise-mail-imports:inspect"
DESCRIBE = "precise-mail-imports:describe"
SAMPLE = (
    "Email,First name,Last name,Country,Birthday,Status,Opt-in date,Interest\r\n"
    'ann.smith@example.com,Ann,Smith,United Kingdom,1984-05-17,subscribed,2026-03-02,"Tea, Gifts"\r\n'
    "BO.BERG@example.com,BO,BERG,Sweden,17.05.1979,unsubscribed,2025-11-20,\r\n"
    "wang@example.com,小明,王,China,1990/12/01,subscribed,2026-01-15,Tea\r\n"
    "not-an-address,Cleo,Diaz,Spain,,subscribed,2026-02-01,\r\n"
)
_PREVIEW_ROWS = 5
_SHOWN_REFUSALS = 10


def may(user: Any, codename: str) -> bool:
    """Whether somebody has a right about imports."""
    return bool(user.has_perm(f"wagtail_precise_mail.{codename}_importbatch"))


class OfImports(SeesContacts):
    """A view about imports: they are full of addresses, so the right to see contacts is needed besides."""

    needs = "view"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(request.user, self.needs):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class ImportPages(OfImports, WagtailAdminTemplateMixin, TemplateView):
    """A page below the listing of imports."""

    header_icon = "upload"

    @cached_property
    def batch(self) -> ImportBatch:
        batches = ImportBatch.objects.select_related("created_by", "released_by", "contact_list")
        return get_object_or_404(batches, pk=self.kwargs["pk"])

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        index = {"url": reverse(INDEX), "label": _("Imports")}
        return [*self.breadcrumbs_items, index, {"url": "", "label": self.get_page_title()}]


class UploadView(ImportPages):
    """The first step: the file."""

    needs = "add"
    page_title = gettext_lazy("Import contacts")
    template_name = "wagtail_precise_mail/contacts/imports/upload.html"
    form: UploadForm | None = None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sample_url = reverse("precise-mail-imports:sample")
        return {**super().get_context_data(**kwargs), "form": self.form or UploadForm(), "sample_url": sample_url}

    def post(self, request: HttpRequest) -> HttpResponse:
        self.form = UploadForm(request.POST, request.FILES)
        if self.form.is_valid():
            file = self.form.cleaned_data["file"]
            try:
                batch = receive_file(file, file.name, by=cast("Any", request.user))
            except SourceError as error:
                self.form.add_error("file", str(error))
            else:
                self._tell_of_twin(batch)
                return redirect(DESCRIBE, batch.pk)
        return self.render_to_response(self.get_context_data())

    def _tell_of_twin(self, batch: ImportBatch) -> None:
        twin = ImportBatch.objects.filter(digest=batch.digest, state=State.FINISHED).exclude(pk=batch.pk).first()
        if twin:
            words = _("This very file came in before, as “%(name)s”. Importing it again changes nothing that is right.")
            messages.warning(self.request, words % {"name": twin.name})


class DescribeView(ImportPages):
    """The second step: what the columns become, and why these people may be written to."""

    needs = "add"
    template_name = "wagtail_precise_mail/contacts/imports/describe.html"

    def get_page_title(self) -> str:
        return self.batch.name

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.batch.state not in (State.UPLOADED, State.CHECKED, State.FAILED) or self.batch.figures.get("rows"):
            return redirect(PAGE, self.batch.pk)
        return super().get(request, *args, **kwargs)

    @cached_property
    def forms(self) -> dict[str, Any]:
        data = self.request.POST or None
        return {
            "format_form": FormatForm(data, instance=self.batch),
            "people_form": PeopleForm(data, instance=self.batch),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        problem, records = "", []
        try:
            records = first_records(self.batch, _PREVIEW_ROWS)
        except SourceError as error:
            problem = str(error)
        preset = next((one for one in PRESETS if one.key == self.batch.preset), None)
        return {
            **super().get_context_data(**kwargs),
            **self.forms,
            "batch": self.batch,
            "columns": self._columns(records),
            "preset": preset,
            "problem": problem,
            "row_count": len(records),
            "page_url": reverse(PAGE, args=[self.batch.pk]),
        }

    def _columns(self, records: list[list[str]]) -> list[dict[str, Any]]:
        topics, columns = list(Topic.objects.all()), self._chosen() if self.request.POST else self.batch.columns
        return [
            {
                "name": name,
                "samples": [record[place][:60] for record in records if place < len(record)][:3],
                "select": self._select(place, name, columns, topics),
            }
            for place, name in enumerate(self.batch.header)
        ]

    def _select(self, place: int, name: str, columns: list[str], topics: list[Topic]) -> str:
        choices = target_choices(topics, name)
        chosen = columns[place] if place < len(columns) else ""
        known = {key for key, words in choices if isinstance(words, str) or not isinstance(words, list)}
        known |= {key for _group, words in choices if isinstance(words, list) for key, _words in words}
        if chosen not in known:
            choices.append((chosen, chosen))
        label = _("What “%(column)s” becomes") % {"column": name}
        select = forms.Select(attrs={"aria-label": label, "class": "wpm-import-select"}, choices=choices)
        return select.render(f"column_{place}", chosen)

    def _chosen(self) -> list[str]:
        return [self.request.POST.get(f"column_{place}", "")[:120] for place in range(len(self.batch.header))]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            return self._read_anew() if "reread" in request.POST else self._go_on()
        except NotReady as error:
            for problem in error.problems:
                messages.error(request, problem)
        except (InvalidTransition, SourceError) as error:
            messages.error(request, str(error))
        return self.render_to_response(self.get_context_data())

    def _read_anew(self) -> HttpResponse:
        form = self.forms["format_form"]
        if not form.is_valid():
            return self.render_to_response(self.get_context_data())
        chosen = form.save(commit=False)
        wanted = (chosen.decimal, chosen.day_order)
        understand(chosen)
        chosen.decimal, chosen.day_order = wanted
        chosen.save()
        messages.success(self.request, _("The file was read anew. Look at the columns again."))
        return redirect(DESCRIBE, self.batch.pk)

    def _go_on(self) -> HttpResponse:
        format_form, people_form = self.forms["format_form"], self.forms["people_form"]
        if not (format_form.is_valid() and people_form.is_valid()):
            return self.render_to_response(self.get_context_data())
        given = people_form.cleaned_data
        if given["new_list"]:
            slug = slugify(given["new_list"], allow_unicode=True)[:100] or "list"
            given["contact_list"] = ContactList.objects.get_or_create(slug=slug, defaults={"name": given["new_list"]})[
                0
            ]
        services.describe(
            ImportBatch.objects.get(pk=self.batch.pk),
            columns=self._chosen(),
            **{name: given[name] for name in PeopleForm.Meta.fields},
            **format_form.cleaned_data,
        )
        batch = ImportBatch.objects.get(pk=self.batch.pk)
        if "start" in self.request.POST:
            services.start_import(batch, by=cast("Any", self.request.user))
        else:
            services.check_import(batch)
        return redirect(PAGE, batch.pk)


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


class ActionView(OfImports, View):
    """One verb on one import, by POST."""

    http_method_names = ["post", "options"]
    needs = "add"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = get_object_or_404(ImportBatch, pk=pk)
        try:
            if told := self.act(batch, request):
                messages.success(request, told)
        except NotReady as error:
            messages.error(request, " ".join(error.problems))
        except (InvalidTransition, ValueError) as error:
            messages.error(request, str(error))
        return redirect(PAGE, batch.pk)

    def act(self, batch: ImportBatch, request: HttpRequest) -> str:
        """Do it, and return a sentence that says so, or ""."""
        raise NotImplementedError


def _reason(request: HttpRequest) -> str:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise ValueError(describe_errors(form))
    return str(form.cleaned_data["reason"])


class CheckView(ActionView):
    """A dry run."""

    def act(self, batch: ImportBatch, request: HttpRequest) -> str:
        services.check_import(batch)
        return ""


class StartView(ActionView):
    """In earnest."""

    def act(self, batch: ImportBatch, request: HttpRequest) -> str:
        services.start_import(batch, by=cast("Any", request.user))
        return ""


class StopView(ActionView):
    """Hold it."""

    def act(self, batch: ImportBatch, request: HttpRequest) -> str:
        services.stop_import(batch)
        return _("The import was stopped. What is in stays in until you undo it.")


class ResumeView(ActionView):
    """Let it go on."""

    def act(self, batch: ImportBatch, request: HttpRequest) -> str:
        services.resume_import(batch, by=cast("Any", request.user))
        return ""


class UndoView(ActionView):
    """Take it back."""

    needs = "undo"

    def act(self, batch: ImportBatch, request: HttpRequest) -> str:
        services.undo_import(batch, by=cast("Any", request.user), reason=_reason(request))
        return ""


class ReleaseView(ActionView):
    """End the quarantine."""

    needs = "release"

    def act(self, batch: ImportBatch, request: HttpRequest) -> str:
        count = services.release_import(batch, reason=_reason(request), by=cast("Any", request.user))
        words = ngettext("%(count)d contact may get mail now.", "%(count)d contacts may get mail now.", count)
        return words % {"count": count}


class ErrorsView(OfImports, View):
    """The error file: line, reason, and the fields as they came; safe to open in a spreadsheet."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        batch = get_object_or_404(ImportBatch, pk=pk)
        response = StreamingHttpResponse(_error_lines(batch), content_type="text/csv; charset=utf-8")
        name = slugify(batch.name.rpartition(".")[0]) or "contacts"
        response["Content-Disposition"] = f'attachment; filename="{name}.errors.csv"'
        response["Cache-Control"] = "no-store"
        return response


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _error_lines(batch: ImportBatch) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # without it Excel reads UTF-8 as something else
    yield writer.writerow([*ERROR_COLUMNS, *map(neutralize, batch.header)])
    for refusal in batch.refusals.order_by("line", "pk").iterator(chunk_size=1000):
        yield writer.writerow([refusal.line, neutralize(refusal.reason), *map(neutralize, refusal.fields)])


class SampleView(OfImports, View):
    """A small file to try the import with."""

    http_method_names = ["get", "head", "options"]
    needs = "add"

    def get(self, request: HttpRequest) -> HttpResponse:
        response = HttpResponse("\ufeff" + SAMPLE, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="contacts-sample.csv"'
        return response


class ImportIndex(OfImports, generic.IndexView):
    """All imports, the latest first."""

    any_permission_required = ["view"]
    page_title = gettext_lazy("Imports of contacts")
    add_item_label = gettext_lazy("Import a file")
