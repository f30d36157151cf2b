"""Requests about data: the list with its clock, the page of one with what can be done, and taking one in."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import django_filters
from django import forms
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, StatusTagColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets import AdminDateTimeInput
from wagtail.models import Site

from wagtail_precise_mail.contacts import rights
from wagtail_precise_mail.contacts.admin.columns import WideColumn, WideDayColumn
from wagtail_precise_mail.contacts.jurisdictions import jurisdictions
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.package import file_name
from wagtail_precise_mail.contacts.subject_requests import SubjectRequest
from wagtail_precise_mail.exceptions import InvalidAddress, InvalidTransition

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ANSWER = "wagtail_precise_mail.answer_subjectrequest"
SEE = "wagtail_precise_mail.view_contact"

State, Kind = SubjectRequest.State, SubjectRequest.Kind


def clock_of(request: SubjectRequest, at: datetime) -> str:
    """Return how much time is left, in words."""
    if request.state != State.OPEN:
        return gettext("answered")
    days = request.days_left(at)
    if days < 0:
        return ngettext("%(count)d day late", "%(count)d days late", -days) % {"count": -days}
    if days == 0:
        return gettext("due today")
    return ngettext("%(count)d day left", "%(count)d days left", days) % {"count": days}


class RequestForm(forms.ModelForm):
    """A request that came by another way than the preference centre."""

    address = forms.EmailField(label=_("Email address"), max_length=254, help_text=_("Of a contact."))
    source = forms.CharField(label=_("How it came"), max_length=100, help_text=_("Such as: letter, telephone."))
    received_at = forms.DateTimeField(label=_("Received"), widget=AdminDateTimeInput, initial=timezone.now)
    note = forms.CharField(
        label=_("Note"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Such as how you made sure that it is them."),
    )

    class Meta:
        model = SubjectRequest
        fields = ["kind", "source"]

    field_order = ["address", "kind", "source", "received_at", "note"]

    def __init__(self, *args: Any, for_user: Any = None, **kwargs: Any) -> None:
        self.for_user = for_user
        super().__init__(*args, **kwargs)

    def clean_address(self) -> Contact:
        try:
            contact = Contact.objects.with_address(self.cleaned_data["address"]).first()
        except InvalidAddress as error:
            raise forms.ValidationError(str(error)) from error
        if contact is None:
            raise forms.ValidationError(_("There is no contact with this address: there is nothing about them here."))
        return contact

    def clean_received_at(self) -> datetime:
        received_at: datetime = self.cleaned_data["received_at"]
        if received_at > timezone.now():
            raise forms.ValidationError(_("This moment is yet to come."))
        return received_at


class RequestFilterSet(WagtailFilterSet):
    """By what is asked, and whether it is answered."""

    kind = django_filters.ChoiceFilter(label=_("Request"), choices=Kind.choices)
    state = django_filters.ChoiceFilter(label=_("State"), choices=State.choices)

    class Meta:
        model = SubjectRequest
        fields: list[str] = []


class _Answers:
    """For those who answer requests: addresses are shown, so seeing contacts is needed besides."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perms([ANSWER, SEE]):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class RequestIndex(_Answers, generic.IndexView):
    """All requests: those that wait first, the most urgent at the top."""

    any_permission_required = ["answer"]
    page_title = _("Requests about data")
    add_item_label = _("Take in a request")

    def get_base_queryset(self) -> QuerySet[SubjectRequest]:
        return super().get_base_queryset().select_related("contact")

    def order_queryset(self, queryset: QuerySet[SubjectRequest]) -> QuerySet[SubjectRequest]:
        if self.request.GET.get("ordering"):
            return super().order_queryset(queryset)
        return queryset.order_by(F("closed_at").desc(nulls_first=True), "due_at", "pk")

    @cached_property
    def columns(self) -> list[Column]:
        now = timezone.now()
        return [
            TitleColumn("contact", label=_("Who"), accessor=who, get_url=self.page_url, width="34%"),
            Column("kind", label=_("Request"), accessor="get_kind_display"),
            StatusTagColumn(
                "clock",
                label=_("Clock"),
                accessor=lambda row: clock_of(row, now),
                primary=lambda row: row.state == State.OPEN,
            ),
            WideDayColumn("due_at", label=_("Due"), sort_key="due_at", width="14%"),
            WideColumn("state", label=_("State"), accessor="get_state_display", sort_key="state"),
        ]

    def get_add_url(self) -> str:
        return reverse(self.add_url_name)  # whoever may answer may take in

    def page_url(self, request: SubjectRequest) -> str:
        return reverse(self.inspect_url_name, args=[request.pk])


def who(request: SubjectRequest) -> str:
    """Return whose request it is: the address, or its fingerprint once the contact is erased."""
    return request.contact.email if request.contact else f"{request.address_hash[:12]}…"


class RequestCreate(_Answers, generic.CreateView):
    """Take a request in: the clock starts when it was received."""

    permission_required = "answer"
    page_title = page_subtitle = _("Take in a request")
    submit_button_label = _("Take in")
    submit_button_active_label = _("Taking in…")
    inspect_url_name = ""

    def save_instance(self) -> SubjectRequest:
        data = self.form.cleaned_data
        return rights.receive(
            data["address"],
            data["kind"],
            source=data["source"],
            note=data["note"],
            site=Site.find_for_request(self.request) or Site.objects.get(is_default_site=True),
            by=cast("User", self.request.user),
            at=data["received_at"],
        )

    def get_success_message(self, instance: SubjectRequest) -> str:
        day = date_format(timezone.localtime(instance.due_at), "DATE_FORMAT")
        return gettext("Taken in. It must be answered by %(day)s.") % {"day": day}

    def get_success_url(self) -> str:
        return reverse(self.inspect_url_name, args=[self.object.pk])

    def get_success_buttons(self) -> list[Any]:
        return []


class RequestPage(_Answers, generic.InspectView):
    """One request: its clock, what was done, and what can be done."""

    any_permission_required = ["answer"]
    page_title = _("Request about data")
    template_name = "wagtail_precise_mail/contacts/request.html"
    act_url_name = ""

    def get_page_subtitle(self) -> str:
        return who(self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        request: SubjectRequest = self.object
        profile = jurisdictions.get(request.jurisdiction) if request.jurisdiction in jurisdictions else None
        return {
            **super().get_context_data(**kwargs),
            "subject_request": request,
            "who": who(request),
            "clock": clock_of(request, timezone.now()),
            "is_late": request.state == State.OPEN and request.due_at < timezone.now(),
            "is_open": request.state == State.OPEN,
            "profile": profile,
            "steps": request.steps.select_related("done_by"),
            "contact_url": request.contact and reverse("precise-mail-contacts:inspect", args=[request.contact.pk]),
            "act_url": reverse(self.act_url_name, args=[request.pk]),
        }

    def get_fields(self) -> list[str]:
        return []  # the template of this view has its own

    def get_fields_context(self) -> list[dict[str, Any]]:
        return []


class ActView(_Answers, View):
    """What can be done about a request: POST only, and back to its page."""

    http_method_names = ["post"]
    inspect_url_name = ""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        subject_request = get_object_or_404(SubjectRequest, pk=pk)
        acts = {
            "package": self.package,
            "erase": self.erase,
            "object": self.turn_off,
            "finish": self.finish,
            "refuse": self.refuse,
            "reopen": self.reopen,
        }
        act = acts.get(request.POST.get("action", ""))
        back = redirect(self.inspect_url_name, pk)
        if act is None:
            return back
        try:
            return act(subject_request) or back
        except InvalidTransition as error:
            messages.error(request, str(error))
            return back

    @property
    def user(self) -> User:
        return cast("User", self.request.user)  # permissions were checked: nobody anonymous comes here

    @property
    def note(self) -> str:
        return self.request.POST.get("note", "").strip()

    def package(self, subject_request: SubjectRequest) -> HttpResponse:
        response = HttpResponse(rights.package(subject_request, by=self.user), content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="{file_name(timezone.now())}"'
        response["Cache-Control"] = "no-store"
        return response

    def erase(self, subject_request: SubjectRequest) -> None:
        if self.request.POST.get("sure") != "yes":
            messages.error(self.request, gettext("Nothing was erased: say that you are sure."))
            return
        rights.carry_out_erasure(subject_request, by=self.user)
        messages.success(self.request, gettext("Erased. The hash of the address stays suppressed."))

    def turn_off(self, subject_request: SubjectRequest) -> None:
        rights.carry_out_objection(subject_request, by=self.user)
        messages.success(self.request, gettext("Profiling and tracking are off for this contact."))

    def finish(self, subject_request: SubjectRequest) -> None:
        rights.finish(subject_request, note=self.note, by=self.user)
        messages.success(self.request, gettext("Answered."))

    def refuse(self, subject_request: SubjectRequest) -> None:
        if not self.note:
            messages.error(self.request, gettext("A refusal needs its reason: write it down."))
            return
        rights.refuse(subject_request, note=self.note, by=self.user)
        messages.success(self.request, gettext("Refused. The reason is kept."))

    def reopen(self, subject_request: SubjectRequest) -> None:
        rights.reopen(subject_request, note=self.note, by=self.user)
        messages.success(self.request, gettext("Open again. Its day stays the same."))


class SubjectRequestViewSet(ModelViewSet):
    """Requests about data below the menu group."""

    model = SubjectRequest
    name = "precise-mail-requests"
    icon = "clipboard-list"
    menu_label = _("Requests about data")
    index_view_class = RequestIndex
    add_view_class = RequestCreate
    inspect_view_class = RequestPage
    inspect_view_enabled = True
    copy_view_enabled = False
    add_to_reference_index = False
    filterset_class = RequestFilterSet
    search_backend_name = None
    list_per_page = 50

    def get_form_class(self, for_update: bool = False) -> type[RequestForm]:
        return RequestForm

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        # A request is taken in and answered, never changed or deleted.
        return super().get_common_view_kwargs(
            **{
                "edit_url_name": None,
                "delete_url_name": None,
                "history_url_name": None,
                "usage_url_name": None,
                **kwargs,
            }
        )

    def get_add_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_add_view_kwargs(inspect_url_name=self.get_url_name("inspect"), **kwargs)

    def get_inspect_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_inspect_view_kwargs(
            act_url_name=self.get_url_name("act"), template_name=RequestPage.template_name, **kwargs
        )

    def get_permissions_to_register(self) -> QuerySet[Permission]:
        return Permission.objects.filter(
            content_type__app_label="wagtail_precise_mail", codename__in=["answer_subjectrequest", "run_retention"]
        )

    def register_admin_url_finder(self) -> None:
        """There is no form to lead to."""

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("new/", self.add_view, name="add"),
            path("inspect/<int:pk>/", self.inspect_view, name="inspect"),
            path("act/<int:pk>/", ActView.as_view(inspect_url_name=self.get_url_name("inspect")), name="act"),
        ]
