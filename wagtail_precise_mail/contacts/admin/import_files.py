"""Files about imports: what was refused and why, and a sample to try the import with."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.text import slugify
from django.views import View

from wagtail_precise_mail.contacts.admin.imports import OfImports
from wagtail_precise_mail.contacts.importing.mapping import ERROR_COLUMNS
from wagtail_precise_mail.contacts.imports import ImportBatch
from wagtail_precise_mail.tabular.cells import neutralize
from wagtail_precise_mail.tabular.lines import as_csv

SAMPLE = (
    "Email,First name,Last name,Country,Birthday,Status,Opt-in date,Interest\r\n"
    'ann.smith@example.com,Ann,Smith,United Kingdom,1984-05-17,subscribed,2026-03-02,"Tea, Gifts"\r\n'
    "BO.BERG@example.com,BO,BERG,Sweden,17.05.1979,unsubscribed,2025-11-20,\r\n"
    "wang@example.com,小明,王,China,1990/12/01,subscribed,2026-01-15,Tea\r\n"
    "not-an-address,Cleo,Diaz,Spain,,subscribed,2026-02-01,\r\n"
)


class ErrorsView(OfImports, View):
    """The error file: line, reason, and the fields as they came; safe to open in a spreadsheet."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        batch = get_object_or_404(ImportBatch, pk=pk)
        response = StreamingHttpResponse(as_csv(_error_rows(batch)), content_type="text/csv; charset=utf-8")
        name = slugify(batch.name.rpartition(".")[0]) or "contacts"
        response["Content-Disposition"] = f'attachment; filename="{name}.errors.csv"'
        response["Cache-Control"] = "no-store"
        return response


def _error_rows(batch: ImportBatch) -> Iterator[list[object]]:
    yield [*ERROR_COLUMNS, *map(neutralize, batch.header)]
    for refusal in batch.refusals.order_by("line", "pk").iterator(chunk_size=1000):
        yield [refusal.line, neutralize(refusal.reason), *map(neutralize, refusal.fields)]


class SampleView(OfImports, View):
    """A small file to try the import with."""

    http_method_names = ["get", "head", "options"]
    needs = "add"

    def get(self, request: HttpRequest) -> HttpResponse:
        response = HttpResponse("\ufeff" + SAMPLE, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="contacts-sample.csv"'
        return response
