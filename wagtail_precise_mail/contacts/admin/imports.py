"""Imports of contacts in the admin: upload, columns and consent, dry run, progress, result."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views import generic
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from wagtail_precise_mail.contacts.admin.access import SeesContacts
from wagtail_precise_mail.contacts.admin.import_forms import (
    FormatForm,
    PeopleForm,
    UploadForm,
    target_choices,
)
from wagtail_precise_mail.contacts.importing import services
from wagtail_precise_mail.contacts.importing.files import first_records, receive_file, understand
from wagtail_precise_mail.contacts.importing.presets import PRESETS
from wagtail_precise_mail.contacts.imports import ImportBatch
from wagtail_precise_mail.contacts.models import ContactList, Topic
from wagtail_precise_mail.exceptions import InvalidTransition, NotReady, SourceError

State = ImportBatch.State
INDEX = "precise-mail-imports:index"
PAGE = "precise-mail-imports:inspect"
DESCRIBE = "precise-mail-imports:describe"
_PREVIEW_ROWS = 5


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
        index = {"url": reverse(INDEX), "label": _("Imports of contacts")}
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


class ImportIndex(OfImports, generic.IndexView):
    """All imports, the latest first."""

    any_permission_required = ["view"]
    page_title = gettext_lazy("Imports of contacts")
    add_item_label = gettext_lazy("Import a file")
