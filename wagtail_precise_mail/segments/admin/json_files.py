"""Rules as a JSON file: out, and in as a draft."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.generic.edit import FormView
from wagtail.admin import messages

from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.admin.access import SEE, SegmentPage, may, url_of
from wagtail_precise_mail.segments.files import MAX_BYTES, parse, write
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.places import describe_place
from wagtail_precise_mail.segments.rules import Rules
from wagtail_precise_mail.segments.services import draft_segment


class DownloadView(View):
    """The rules of a segment as it stands, as a file."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not may(request.user, *SEE):
            raise PermissionDenied
        segment = get_object_or_404(Segment, pk=pk)
        try:
            text = write(segment)
        except InvalidRules as error:
            messages.error(request, f"{describe_place(error.place)}: {error.message}")
            return redirect(url_of("inspect", pk))
        response = HttpResponse(text, content_type="application/json; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{slugify(segment.slug) or "segment"}.json"'
        return response


class UploadForm(forms.Form):
    """A file, or what is in one."""

    name = forms.CharField(
        label=_("Name"), max_length=150, required=False, help_text=_("Empty: the name that the file has.")
    )
    file = forms.FileField(label=_("JSON file"), required=False)
    text = forms.CharField(
        label=_("Or paste it here"), required=False, widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"})
    )

    def clean(self) -> dict[str, Any]:
        cleaned = cast("dict[str, Any]", super().clean())
        file = cleaned.get("file")
        if bool(file) == bool(cleaned.get("text")):
            raise ValidationError(gettext("Give either a file or a text."))
        field = "file" if file else "text"
        try:
            data = parse(_text_of(file) if file else cleaned["text"])
            cleaned["rules"] = Rules.from_json(data)
        except InvalidRules as error:
            # The path is that of the file; the words are for people.
            place = f"{describe_place(error.place)} ({error.place}): " if error.place else ""
            self.add_error(field, f"{place}{error.message}")
            return cleaned
        given = data.get("name")
        cleaned["name"] = cleaned.get("name") or (given if isinstance(given, str) else "")[:150].strip()
        described = data.get("description")
        cleaned["description"] = (described if isinstance(described, str) else "")[:250]
        if not cleaned["name"]:
            self.add_error("name", gettext("The file has no name: give one."))
        return cleaned


def _text_of(file: Any) -> str:
    if file.size > MAX_BYTES:
        raise InvalidRules(gettext("the file is too large to be rules"))
    try:
        return cast("str", file.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidRules(gettext("the file is not text in UTF-8")) from error


class UploadView(SegmentPage, FormView):
    """GET asks for the file; POST makes a draft of it."""

    actions = ("add",)
    form_class = UploadForm
    template_name = "wagtail_precise_mail/segments/upload.html"
    page_title = _("New segment from JSON")
    header_icon = "upload"

    def form_valid(self, form: UploadForm) -> HttpResponse:
        values = form.cleaned_data
        try:
            segment = draft_segment(
                values["name"], rules=values["rules"], description=values["description"], by=self.request.user
            )
        except InvalidRules as error:
            form.add_error(None, str(error))
            return self.form_invalid(form)
        messages.success(self.request, gettext("The draft is there. Look at it, then publish it."))
        return redirect(url_of("edit", segment.pk))
