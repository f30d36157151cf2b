"""Taking a segment out as a hashed audience: asks for the topic and the purpose, logs it, and streams the file."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.views.generic.edit import FormView

from wagtail_precise_mail.contacts.audiences import advertisable, hashed_rows
from wagtail_precise_mail.contacts.exporting import RIGHTS, begin_export
from wagtail_precise_mail.contacts.exports import ContactExport, Purpose
from wagtail_precise_mail.contacts.models import Topic
from wagtail_precise_mail.exceptions import ExportRefused, InvalidRules
from wagtail_precise_mail.segments.admin.access import SegmentPage
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.tabular.lines import as_csv


class HashedAudienceForm(forms.Form):
    """Which consent it rests on, and what for."""

    topic = forms.ModelChoiceField(
        queryset=Topic.objects.all(),
        label=_("Topic that they agreed to"),
        help_text=_("Best one of its own, such as: advertising on other sites."),
    )
    explanation = forms.CharField(
        label=_("What for, and who gets the file?"),
        min_length=5,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It is kept with your name and the number of contacts."),
    )


class HashedAudienceView(SegmentPage, FormView):
    """GET asks what for; POST logs it and gives the file."""

    form_class = HashedAudienceForm
    template_name = "wagtail_precise_mail/segments/hashed.html"
    page_title = _("Hashed audience for advertising")
    header_icon = "lock"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perms(RIGHTS):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def _segment(self) -> Segment:
        return get_object_or_404(Segment, pk=self.kwargs["pk"])

    def segment(self) -> Segment:
        return self._segment

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "segment": self._segment}

    def form_valid(self, form: HashedAudienceForm) -> HttpResponse:
        at, topic = timezone.now(), form.cleaned_data["topic"]
        try:
            contacts = advertisable(members(self._segment, at=at), topic, at=at)
            begin_export(
                contacts,
                purpose=Purpose.ADVERTISING,
                explanation=form.cleaned_data["explanation"],
                by=cast("Any", self.request.user),
                kind=ContactExport.Kind.HASHED,
                filters=f"segment={self._segment.slug}&topic={topic.slug}",
                at=at,
            )
        except (ExportRefused, InvalidRules) as error:
            form.add_error(None, str(error))
            return self.form_invalid(form)
        response = StreamingHttpResponse(as_csv(hashed_rows(contacts)), content_type="text/csv; charset=utf-8")
        name = f"{slugify(self._segment.slug) or 'segment'}-hashed-{timezone.localdate():%Y-%m-%d}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return cast("HttpResponse", response)
