"""A contact's profile: facts, consent, and the timeline; and the three things one can do on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib.admin.utils import label_for_field
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from wagtail.admin import messages
from wagtail.admin.views import generic
from wagtail.admin.widgets.button import Button, HeaderButton

from wagtail_precise_mail.contacts.admin.access import SeesContacts
from wagtail_precise_mail.contacts.admin.forms import ConsentForm, NoteForm, describe_errors
from wagtail_precise_mail.contacts.models import Consent, ConsentStatus, Contact, Suppression, Topic, UnsubscribeReason
from wagtail_precise_mail.contacts.services import record_service_note, subscribe, withdraw
from wagtail_precise_mail.contacts.timeline import Timeline, read_facts, read_timeline, timeline_sources
from wagtail_precise_mail.exceptions import UnknownKey

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_PAGE = 50
_MOST = 1000


class ProfileView(SeesContacts, generic.InspectView):
    """Everything known about one contact."""

    any_permission_required = ["view"]
    page_title = _("Contact")
    template_name = "wagtail_precise_mail/contacts/profile.html"
    consent_url_name = note_url_name = suppress_url_name = lift_url_name = ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        index = {"url": reverse(self.index_url_name), "label": gettext("Contacts")}
        return [*self.breadcrumbs_items, index, {"url": "", "label": self.get_page_subtitle()}]

    def get_page_subtitle(self) -> str:
        return self.object.full_name or self.object.email

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        edit_url = self.get_edit_url()
        return [HeaderButton(gettext("Edit"), url=edit_url, icon_name="edit")] if edit_url else []

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        delete_url = self.get_delete_url()
        return [Button(gettext("Delete"), url=delete_url, icon_name="bin")] if delete_url else []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may = self.request.user.has_perm
        in_force = Suppression.objects.in_force(timezone.now())
        suppression = in_force.filter(address_hash=self.object.address_hash).first()
        reasons = dict(UnsubscribeReason.choices)
        return {
            **super().get_context_data(**kwargs),
            "contact": self.object,
            "is_paused": bool(self.object.paused_until and self.object.paused_until > timezone.now()),
            "facts": read_facts(self.object),
            "suppression": suppression,
            "suppression_detail": suppression and reasons.get(suppression.detail, suppression.detail),
            "topics": self.topics(),
            "lists": self.object.lists.all(),
            "details": self.details(),
            "timeline": self.timeline,
            "kinds": self.kinds(),
            "more_url": self.url(limit=self.limit + _PAGE) if self.timeline.has_more and self.limit < _MOST else "",
            "consent_form": ConsentForm() if may("wagtail_precise_mail.change_contact") else None,
            "consent_url": reverse(self.consent_url_name, args=[self.object.pk]),
            "note_form": NoteForm() if may("wagtail_precise_mail.add_servicenote") else None,
            "note_url": reverse(self.note_url_name, args=[self.object.pk]),
            "suppress_url": self.suppress_url() if may("wagtail_precise_mail.add_suppression") else "",
            "lift_url_name": self.lift_url_name if may("wagtail_precise_mail.delete_suppression") else "",
        }

    def get_fields(self) -> list[str]:
        return []  # the template of this view has its own

    def get_fields_context(self) -> list[dict[str, Any]]:
        return []

    @cached_property
    def kind(self) -> str:
        return self.request.GET.get("kind", "")

    @cached_property
    def limit(self) -> int:
        given = self.request.GET.get("limit", "")
        return min(max(int(given), _PAGE), _MOST) if given.isascii() and given.isdigit() else _PAGE

    @cached_property
    def timeline(self) -> Timeline:
        try:
            return read_timeline(self.object, kind=self.kind, limit=self.limit)
        except UnknownKey as error:
            raise Http404(str(error)) from error

    def kinds(self) -> list[dict[str, Any]]:
        """The filter above the timeline."""
        every = {"label": gettext("Everything"), "url": self.url(kind=""), "icon": "", "is_current": not self.kind}
        one = [
            {"label": source.label, "url": self.url(kind=key), "icon": source.icon, "is_current": key == self.kind}
            for key, source in timeline_sources.items()
        ]
        return [every, *one]

    def url(self, **changes: Any) -> str:
        query = {key: value for key, value in {"kind": self.kind, **changes}.items() if value}
        return f"{self.request.path}?{urlencode(query)}#timeline" if query else f"{self.request.path}#timeline"

    def suppress_url(self) -> str:
        return f"{reverse(self.suppress_url_name)}?contact={self.object.pk}"

    def topics(self) -> list[tuple[Topic, Consent | None]]:
        consents = {consent.topic_id: consent for consent in self.object.consents.all()}
        return [(topic, consents.get(topic.pk)) for topic in Topic.objects.all()]

    def details(self) -> list[tuple[str, Any]]:
        """What is filled in, with the names of the fields."""
        names = [
            "first_name",
            "last_name",
            "locale",
            "time_zone",
            "country",
            "region",
            "city",
            "gender",
            "birthday_on",
            "job_title",
            "organization",
            "source",
        ]
        fields = [(label_for_field(name, Contact), getattr(self.object, name)) for name in names]
        return [(str(label), value) for label, value in [*fields, *self.object.attributes.items()] if value]


class _ProfileAction(View):
    """A form on the profile: POST only, and back to the profile."""

    http_method_names = ["post"]
    permission = ""
    inspect_url_name = ""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perms(["wagtail_precise_mail.view_contact", self.permission]):
            raise PermissionDenied
        contact = get_object_or_404(Contact, pk=pk)
        form = self.make_form(request)
        if form.is_valid():
            messages.success(request, self.act(contact, form))
        else:
            messages.error(request, describe_errors(form))
        return redirect(self.inspect_url_name, contact.pk)

    def make_form(self, request: HttpRequest) -> forms.BaseForm:
        raise NotImplementedError

    def act(self, contact: Contact, form: Any) -> str:
        """Do it, and return what to tell the user."""
        raise NotImplementedError


class ConsentView(_ProfileAction):
    """Record a yes or no."""

    permission = "wagtail_precise_mail.change_contact"

    def make_form(self, request: HttpRequest) -> ConsentForm:
        return ConsentForm(request.POST)

    def act(self, contact: Contact, form: ConsentForm) -> str:
        topic, status = form.cleaned_data["topic"], form.cleaned_data["status"]
        record = subscribe if status == ConsentStatus.GRANTED else withdraw
        user = cast("User", self.request.user)  # permissions were checked: nobody anonymous comes here
        record(contact, topic, source="admin", evidence=form.cleaned_data["evidence"], by=user)
        return gettext("Recorded for “%(topic)s”.") % {"topic": topic}


class NoteView(_ProfileAction):
    """Keep a service note."""

    permission = "wagtail_precise_mail.add_servicenote"

    def make_form(self, request: HttpRequest) -> NoteForm:
        return NoteForm(request.POST)

    def act(self, contact: Contact, form: NoteForm) -> str:
        record_service_note(contact, **form.cleaned_data)
        return gettext("The note was kept.")
