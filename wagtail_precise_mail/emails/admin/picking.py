"""The modal in which editors pick a merge field, say how it is written, and what stands there when it is not known."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views import View
from wagtail import hooks
from wagtail.admin.modal_workflow import render_modal_workflow
from wagtail.permission_policies import ModelPermissionPolicy

from wagtail_precise_mail.emails.attribute_words import attribute_names
from wagtail_precise_mail.emails.merge import Tag, parse
from wagtail_precise_mail.emails.merge_fields import MergeField, field_names, find_field
from wagtail_precise_mail.emails.merge_filters import DATE_FORMS, FILTERS, IMPLIED, Kind
from wagtail_precise_mail.emails.models import Email, SavedBlock

PICK, WRITE = "precise_mail_merge_fields", "precise_mail_merge_tag"

_CASES = {
    "upper": gettext_lazy("IN CAPITALS"),
    "lower": gettext_lazy("in small letters"),
    "title": gettext_lazy("With A Capital In Each Word"),
    "capitalize": gettext_lazy("With a capital at the start"),
}


def pickable_fields() -> list[dict[str, Any]]:
    """Return this site's merge fields in their groups, further fields that occur among them."""
    names = [*field_names(), *(f"contact.attributes.{key}" for key in attribute_names())]
    fields = [(name, field) for name in names if (field := find_field(name))]
    # Groups in the order in which they come up, fields of one group together.
    order = list(dict.fromkeys(str(field.group) for _name, field in fields))
    fields.sort(key=lambda pair: order.index(str(pair[1].group)))
    return [
        {"label": label, "fields": [_listed(name, field) for name, field in group]}
        for label, group in groupby(fields, key=lambda pair: str(pair[1].group))
    ]


class TagForm(forms.Form):
    """How a field is written, and its fallback."""

    format = forms.ChoiceField(label=gettext_lazy("Written"), required=False)
    currency = forms.CharField(label=gettext_lazy("Currency"), required=False, max_length=3, initial="EUR")
    one = forms.CharField(
        label=gettext_lazy("For one"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("# stands for the number."),
    )
    other = forms.CharField(label=gettext_lazy("For all other numbers"), required=False, max_length=100)
    fallback = forms.CharField(
        label=gettext_lazy("If it is not known"),
        max_length=200,
        help_text=gettext_lazy("What contacts read of whom it is not known, such as “friend”."),
    )

    def __init__(self, *args: Any, name: str, field: MergeField, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name, self.field = name, field
        self.fields["format"].choices = _formats(field)  # type: ignore[attr-defined]
        if field.is_always_filled:
            del self.fields["fallback"]
        if field.kind not in (Kind.NUMBER, Kind.ANY):
            for number_field in ("currency", "one", "other"):
                del self.fields[number_field]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = {name: " ".join(value.split()) for name, value in (super().clean() or {}).items()}
        filters = self._filters(cleaned)
        for name, *arguments in filters:
            if problem := FILTERS[name].check(arguments):
                self.add_error({"money": "currency", "plural": "other"}.get(name), capfirst(problem))
        if not self.errors:
            cleaned["tag"] = self._read(Tag(self.name, tuple(filters)))
        return cleaned

    def _read(self, tag: Tag) -> Tag:
        """Return the tag as it is read back from what is written, so that nothing is promised that cannot be read."""
        parts = parse(str(tag))
        read = parts[0] if len(parts) == 1 else None
        # Reading may put the filter of a date or a number in front.
        if not isinstance(read, Tag) or read.filters[len(read.filters) - len(tag.filters) :] != tag.filters:
            raise ValidationError(_("Use one kind of quotes, and no braces."))
        return read

    def _filters(self, cleaned: dict[str, Any]) -> list[tuple[str, ...]]:
        name, _colon, form = cleaned.get("format", "").partition(":")
        filters: list[tuple[str, ...]] = []
        match name:
            case "":
                pass
            case "money":
                filters.append((name, cleaned["currency"].upper()))
            case "plural":
                filters.append((name, *filter(None, [cleaned["one"], cleaned["other"]])))
            case _:
                filters.append((name, form) if form else (name,))
        return [*filters, ("default", cleaned["fallback"])] if cleaned.get("fallback") else filters


def initial_of(tag: Tag) -> dict[str, str] | None:
    """Return what the form shows of a tag, or None for one that says more than the form can."""
    filters = list(tag.filters)
    initial: dict[str, str] = {}
    if filters and filters[-1][0] == "default":
        initial["fallback"] = filters.pop()[1]
    if not filters:
        return initial
    (name, *arguments), *more = filters
    if more or name in ("default", "phrase") or (name == "plural" and len(arguments) != 2):
        return None
    initial["format"] = name
    if name == "money":
        initial["currency"] = arguments[0]
    elif name == "plural":
        initial["one"], initial["other"] = arguments
    elif arguments:
        initial["format"] = f"{name}:{arguments[0]}"
    return initial


class TypedTagForm(forms.Form):
    """A tag as it is typed, for one that says more than :class:`TagForm` can."""

    written = forms.CharField(label=gettext_lazy("Merge tag"), max_length=1000, strip=True)

    def clean_written(self) -> str:
        parts = parse(self.cleaned_data["written"])
        if len(parts) != 1 or not isinstance(parts[0], Tag):
            raise ValidationError(_("Write one merge tag and nothing else."))
        self.cleaned_data["tag"] = parts[0]
        return str(self.cleaned_data["written"])


class _ForEditors(View):
    """Opens to those who may write emails or saved blocks."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        policies = [ModelPermissionPolicy(model) for model in (Email, SavedBlock)]
        if not any(policy.user_has_any_permission(request.user, ["add", "change"]) for policy in policies):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class PickFieldView(_ForEditors):
    """The list of fields; with ``?tag=`` the form of a tag that is there already."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if tag := _read_tag(request.GET.get("tag", "")):
            return WriteTagView.as_view()(request, name=tag.field)
        context = {"groups": pickable_fields()}
        return render_modal_workflow(
            request, "wagtail_precise_mail/emails/merge/pick.html", None, context, json_data={"step": "pick"}
        )


class WriteTagView(_ForEditors):
    """The form of one tag; what it answers is written into the email by the browser, and stored nowhere here."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        return self._show(self._form())

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        form = self._form(request.POST)
        if not form.is_valid():
            return self._show(form)
        tag: Tag = form.cleaned_data["tag"]
        answer = {"step": "chosen", "tag": str(tag), "text": chip_text(tag)}
        return render_modal_workflow(request, None, None, None, json_data=answer)

    @cached_property
    def _tag(self) -> Tag | None:
        tag = _read_tag(self.request.GET.get("tag", ""))
        return tag if tag and tag.field == self.kwargs["name"] else None

    @cached_property
    def _field(self) -> MergeField:
        if field := find_field(self.kwargs["name"]):
            return field
        raise Http404

    def _form(self, data: Any = None) -> forms.Form:
        initial = initial_of(self._tag) if self._tag else {}
        if initial is None:
            return TypedTagForm(data, prefix="wpm", initial={"written": str(self._tag)})
        return TagForm(data, prefix="wpm", initial=initial, name=self.kwargs["name"], field=self._field)

    def _show(self, form: forms.Form) -> HttpResponse:
        query = f"?{urlencode({'tag': str(self._tag)})}" if self._tag else ""
        shown = form["format"].value() if "format" in form.fields else ""
        # A field that belongs to one way of writing only, with the rule for the browser.
        wanted = {"currency": "money", "one": "plural", "other": "plural"}
        rows = [
            {
                "field": field,
                "rule": json.dumps({form.add_prefix("format"): [wanted[field.name]]}) if field.name in wanted else "",
                "is_hidden": wanted.get(field.name, shown) != shown,
            }
            for field in form
        ]
        context = {
            "form": form,
            "rows": rows,
            "label": str(self._field.label),
            "action": reverse(WRITE, args=[self.kwargs["name"]]) + query,
            "pick_url": reverse(PICK),
        }
        template = "wagtail_precise_mail/emails/merge/write.html"
        return render_modal_workflow(self.request, template, None, context, json_data={"step": "write"})


def chip_text(tag: Tag) -> str:
    """Return how a tag reads in rich text: in words, and with braces, so that a copy of it is never taken for text."""
    return f"{{{{ {' | '.join(filter(None, [tag.label, tag.fallback]))} }}}}"


@hooks.register("register_admin_urls")
def register_merge_urls() -> list[URLPattern]:
    """The two steps of the modal."""
    return [
        path("precise-mail/merge-fields/", PickFieldView.as_view(), name=PICK),
        path("precise-mail/merge-fields/<str:name>/", WriteTagView.as_view(), name=WRITE),
    ]


def _read_tag(text: str) -> Tag | None:
    try:
        parts = parse(text)
    except ValidationError:
        return None
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Tag) else None


def _listed(name: str, field: MergeField) -> dict[str, str]:
    return {
        "name": name,
        "label": str(field.label),
        "example": _written(field.example, IMPLIED.get(field.kind, ())),
        "url": reverse(WRITE, args=[name]),
    }


def _formats(field: MergeField) -> list[tuple[str, str]]:
    implied = IMPLIED.get(field.kind)
    choices = [] if implied else [("", _("As it is"))]
    if field.kind in FILTERS["date"].reads:
        day = field.example if field.kind == Kind.DATE else "2026-05-12"
        choices += [
            (f"date:{form}", _("Date: %(date)s") % {"date": _written(day, ("date", form))}) for form in DATE_FORMS
        ]
    if field.kind in FILTERS["number"].reads:
        choices += [
            ("number", _("Number: %(number)s") % {"number": _written("1234.5", ("number",))}),
            ("money", _("Money: %(money)s") % {"money": _written("1234.5", ("money", "EUR"))}),
            ("plural", _("With a word: 1 point, 2 points")),
        ]
    if field.kind == Kind.TEXT or field.kind == Kind.ANY:
        choices += [(name, str(label)) for name, label in _CASES.items()]
    if field.kind in (Kind.COUNTRY, Kind.LANGUAGE) and implied:
        choices.append((implied[0], _("By its name: %(name)s") % {"name": _written(field.example, implied)}))
    return choices


def _written(value: str, implied: tuple[str, ...]) -> str:
    if not implied or not value:
        return value
    name, *arguments = implied
    return FILTERS[name].apply(value, get_language() or "en", *arguments)
