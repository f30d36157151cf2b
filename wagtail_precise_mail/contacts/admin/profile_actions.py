"""What is done on a contact's profile: a decision, a note, a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views import View
from wagtail.admin import messages

from wagtail_precise_mail.contacts.admin.forms import ConsentForm, NoteForm, describe_errors
from wagtail_precise_mail.contacts.admin.tags import TagForm
from wagtail_precise_mail.contacts.models import ConsentStatus, Contact
from wagtail_precise_mail.contacts.services import record_service_note, subscribe, withdraw
from wagtail_precise_mail.contacts.tagging import add_tag, remove_tag
from wagtail_precise_mail.contacts.tags import Tag

if TYPE_CHECKING:
    from django.contrib.auth.models import User


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

    @property
    def user(self) -> User:
        return cast("User", self.request.user)  # permissions were checked: nobody anonymous comes here

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
        record(contact, topic, source="admin", evidence=form.cleaned_data["evidence"], by=self.user)
        return gettext("Recorded for “%(topic)s”.") % {"topic": topic}


class NoteView(_ProfileAction):
    """Keep a service note."""

    permission = "wagtail_precise_mail.add_servicenote"

    def make_form(self, request: HttpRequest) -> NoteForm:
        return NoteForm(request.POST)

    def act(self, contact: Contact, form: NoteForm) -> str:
        record_service_note(contact, **form.cleaned_data)
        return gettext("The note was kept.")


class TagView(_ProfileAction):
    """Put a tag on the contact."""

    permission = "wagtail_precise_mail.change_contact"

    def make_form(self, request: HttpRequest) -> TagForm:
        return TagForm(request.POST)

    def act(self, contact: Contact, form: TagForm) -> str:
        add_tag(contact, form.cleaned_data["tag"], source="manual", by=self.user)
        return gettext("Tagged as “%(tag)s”.") % {"tag": form.cleaned_data["tag"]}


class _UntagForm(forms.Form):
    tag = forms.ModelChoiceField(queryset=Tag.objects.all())


class UntagView(_ProfileAction):
    """Take a tag from the contact."""

    permission = "wagtail_precise_mail.change_contact"

    def make_form(self, request: HttpRequest) -> _UntagForm:
        return _UntagForm(request.POST)

    def act(self, contact: Contact, form: _UntagForm) -> str:
        remove_tag(contact, form.cleaned_data["tag"], source="manual", by=self.user)
        return gettext("No longer tagged as “%(tag)s”.") % {"tag": form.cleaned_data["tag"]}
