"""The button "Send test" of the email editor, and the page behind it."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic.edit import FormView
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.models import Site
from wagtail.snippets.action_menu import ActionMenuItem

from wagtail_precise_mail.contacts.addresses import normalize_address
from wagtail_precise_mail.contacts.masking import may_see_addresses
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.admin.outbox import SEE
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.emails.models import BrandSettings, Email
from wagtail_precise_mail.emails.preview import subject_preview
from wagtail_precise_mail.emails.senders import SenderIdentity, sender_problem
from wagtail_precise_mail.emails.services import compile_email
from wagtail_precise_mail.emails.sites import base_url_of, site_of
from wagtail_precise_mail.exceptions import InvalidAddress, RenderError, SendRefused

PERMISSION = "wagtail_precise_mail.change_email"


class SendTestForm(forms.Form):
    """Where a test goes; the site only where there are several brands to choose from."""

    address = forms.EmailField(label=_("Send to"), max_length=254)
    site = forms.ModelChoiceField(Site.objects.all(), label=_("As the site"), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"].widget.attrs["autocomplete"] = "email"
        if Site.objects.count() < 2:
            del self.fields["site"]

    def clean_address(self) -> str:
        try:
            return normalize_address(self.cleaned_data["address"])
        except InvalidAddress as error:
            raise forms.ValidationError(str(error)) from error

    def clean_site(self) -> Site:
        return self.cleaned_data["site"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned.setdefault("site", self.initial["site"])
        if problem := sender_problem(BrandSettings.for_site(cleaned["site"]).sender):
            raise forms.ValidationError(str(problem))
        return cleaned


class SendTestView(WagtailAdminTemplateMixin, FormView):
    """GET asks for the address and changes nothing; POST sends."""

    form_class = SendTestForm
    template_name = "wagtail_precise_mail/delivery/send_test.html"
    header_icon = "mail"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def email(self) -> Email:
        """The version that was saved last, published or not."""
        row = get_object_or_404(Email, pk=self.kwargs["email_id"])
        return cast("Email", row.get_latest_revision_as_object())

    def get_initial(self) -> dict[str, Any]:
        return {
            "address": getattr(self.request.user, "email", ""),
            "site": site_of(self.email),
        }

    def get_page_title(self) -> str:
        return _("Send test of “%(email)s”") % {"email": self.email.name}

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse(self.email.snippet_viewset.get_url_name("list")), "label": _("Emails")},
            {"url": self._edit_url(), "label": self.email.name},
            {"url": "", "label": _("Send test")},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["email"] = self.email
        context["sample_contact"] = self._sample_contact
        context["subject"] = subject_preview(self.email, may_see_contacts=may_see_addresses(self.request.user))
        context["action_url"] = self.request.path
        return context

    def form_valid(self, form: SendTestForm) -> HttpResponse:
        try:
            message = self._send(form.cleaned_data["address"], form.cleaned_data["site"])
        except (RenderError, SendRefused, InvalidAddress) as error:
            form.add_error(None, str(error))
            return self.form_invalid(form)
        buttons = []
        if self.request.user.has_perms(SEE):
            outbox = reverse("precise_mail_outbox", args=[message.send_id])
            buttons.append(messages.button(outbox, _("See what becomes of it")))
        text = _("The test is on its way to %(address)s.") % {"address": message.address}
        messages.success(self.request, text, buttons=buttons)
        return redirect(self._edit_url())

    def _send(self, address: str, site: Site) -> OutboxMessage:
        user = cast("AbstractBaseUser", self.request.user)
        sender = cast("SenderIdentity", BrandSettings.for_site(site).sender)
        return services.send_test(
            compile_email(self.email, site=site, base_url=base_url_of(site), by=user),
            address,
            contact=self._sample_contact,
            from_name=sender.name,
            from_address=sender.address,
            reply_to=sender.reply_to,
            base_url=base_url_of(site),
            by=user,
        )

    @property
    def _sample_contact(self) -> Contact | None:
        # A test carries what is known about the contact, the address and all, to wherever the colleague likes.
        return self.email.sample_contact if may_see_addresses(self.request.user) else None

    def _edit_url(self) -> str:
        return AdminURLFinder(self.request.user).get_edit_url(self.email) or reverse("wagtailadmin_home")


class SendTestMenuItem(ActionMenuItem):
    """The button, below those that save."""

    name = "action-send-test"
    label = _("Send test")
    icon_name = "mail"
    order = 5

    def is_shown(self, context: dict[str, Any]) -> bool:
        is_email = context["view"] == "edit" and issubclass(context["model"], Email)
        return is_email and context["request"].user.has_perm(PERMISSION)

    def get_url(self, parent_context: dict[str, Any]) -> str:
        return reverse("precise_mail_send_test", args=[parent_context["instance"].pk])


@hooks.register("register_snippet_action_menu_item")
def register_send_test_button(model: type) -> ActionMenuItem | None:
    """Only emails have it."""
    return SendTestMenuItem() if model is Email else None


@hooks.register("register_admin_urls")
def register_send_test_url() -> list[URLPattern]:
    """One address for the question and for the answer."""
    return [path("precise-mail/emails/<int:email_id>/test/", SendTestView.as_view(), name="precise_mail_send_test")]
