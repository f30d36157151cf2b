"""Adding somebody who is on the telephone: typed twice, looked at for typos, and asked by mail at once."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic.edit import FormView
from wagtail.admin import messages
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.models import Site

from wagtail_precise_mail.contacts.addresses import normalize_address
from wagtail_precise_mail.contacts.joining import Visit, sign_up
from wagtail_precise_mail.contacts.models import Topic
from wagtail_precise_mail.contacts.proofs import Shown
from wagtail_precise_mail.contacts.typos import suggest_address
from wagtail_precise_mail.contacts.wordings import add_wording, policy_in_force, shown_text
from wagtail_precise_mail.exceptions import InvalidAddress

PERMISSIONS = ["wagtail_precise_mail.view_contact", "wagtail_precise_mail.add_contact"]
SOURCE = "phone"
_NOT_PASTED = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


class QuickAddForm(forms.Form):
    """What a colleague hears on the telephone."""

    email = forms.EmailField(
        label=_("Email address"), max_length=254, widget=forms.EmailInput(attrs={**_NOT_PASTED, "autofocus": True})
    )
    again = forms.EmailField(
        label=_("The address once more"),
        max_length=254,
        widget=forms.EmailInput(attrs=_NOT_PASTED),
        help_text=_("Type it as you hear it spelled a second time; do not copy it."),
    )
    first_name = forms.CharField(label=_("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=150, required=False)
    topics = forms.ModelMultipleChoiceField(
        Topic.objects.all(), label=_("Wants to hear about"), widget=forms.CheckboxSelectMultiple
    )
    language = forms.ChoiceField(label=_("Language of the mail"), choices=[])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["language"]).choices = settings.LANGUAGES
        self.suggestion = ""

    def clean_email(self) -> str:
        given = self.cleaned_data["email"]
        try:
            self.suggestion = suggest_address(given)
        except InvalidAddress as error:
            raise forms.ValidationError(str(error)) from error
        return str(given)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("email") and cleaned.get("again") and not _is_same(cleaned["email"], cleaned["again"]):
            self.add_error("again", _("The two addresses differ. Ask for it once more."))
        elif self.suggestion and self.data.get("use") == "suggested" and not self.errors:
            cleaned["email"], self.suggestion = self.suggestion, ""
        elif self.suggestion and self.data.get("use") != "written":
            self.add_error("email", _("Did you mean %(address)s?") % {"address": self.suggestion})
        return cleaned


def _is_same(one: str, other: str) -> bool:
    try:
        return normalize_address(one) == normalize_address(other)
    except InvalidAddress:
        return False


class QuickAddView(WagtailAdminTemplateMixin, FormView):
    """GET asks, POST adds; the contact is pending until they press the button in their mail."""

    form_class = QuickAddForm
    template_name = "wagtail_precise_mail/contacts/quick_add.html"
    page_title = _("Add by telephone")
    header_icon = "mobile-alt"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perms(PERMISSIONS):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        topics = list(Topic.objects.values_list("pk", flat=True)[:2])
        return {"language": settings.LANGUAGE_CODE, "topics": topics if len(topics) == 1 else []}

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        index = {"url": reverse("precise-mail-contacts:index"), "label": gettext("Contacts")}
        return [*self.breadcrumbs_items, index, {"url": "", "label": gettext("Add by telephone")}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "action_url": self.request.path, "to_read": self._to_read()}

    def form_valid(self, form: QuickAddForm) -> HttpResponse:
        data = form.cleaned_data
        topics, language = list(data["topics"]), data["language"]
        site = Site.find_for_request(self.request)
        wording = add_wording(shown_text(topics, language), topics=topics, language=language, name=SOURCE)
        visit = Visit(
            site,
            language,
            Shown(wording, policy_in_force(site)),
            {name: data[name] for name in ("first_name", "last_name")},
        )
        try:
            row = sign_up(data["email"], topics, source=SOURCE, visit=visit, by=cast("Any", self.request.user))
        except InvalidAddress as error:
            form.add_error("email", str(error))
            return self.form_invalid(form)
        if row is None:
            form.add_error("email", _("Enough mails went to this address today. Try again tomorrow."))
            return self.form_invalid(form)
        words = gettext("%(address)s was asked by mail. Until they press the button in it, nothing else is sent.")
        messages.success(self.request, words % {"address": data["email"]})
        return redirect("precise-mail-contacts:inspect", row.contact_id)

    def _to_read(self) -> str:
        topics = list(Topic.objects.filter(is_public=True).prefetch_related("translations"))
        return shown_text(topics, translation.get_language() or settings.LANGUAGE_CODE) if topics else ""


url = path("precise-mail/quick-add/", QuickAddView.as_view(), name="precise_mail_quick_add")
