"""The button "Write" on a contact's profile, and the page behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic.edit import FormView
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from wagtail_precise_mail.contacts.masking import shown_address
from wagtail_precise_mail.contacts.models import Consent, ConsentStatus, Contact, Suppression, Topic
from wagtail_precise_mail.contacts.panels import ProfileAction, ProfileActionSource, profile_actions
from wagtail_precise_mail.contacts.reachability import reachability
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.queries import explain
from wagtail_precise_mail.delivery.writers import may_write
from wagtail_precise_mail.delivery.writing import write_to
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.exceptions import NotReady, RenderError

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class WriteForm(forms.Form):
    """Which email, and on the ground of which consent."""

    email = forms.ModelChoiceField(
        label=_("Email"),
        queryset=Email.objects.filter(live=True, live_revision__isnull=False).order_by("name"),
        help_text=_("Only those with an approved version; that version is sent."),
    )
    topic = forms.ModelChoiceField(
        label=_("Topic"), queryset=Topic.objects.all(), help_text=_("What the person must have agreed to.")
    )

    def __init__(self, *args: Any, contact: Contact, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        granted = Topic.objects.filter(consents__contact=contact, consents__status=ConsentStatus.GRANTED)
        self.fields["topic"].initial = granted.first()


class WriteView(WagtailAdminTemplateMixin, FormView):
    """GET asks which email and changes nothing; POST sends."""

    form_class = WriteForm
    template_name = "wagtail_precise_mail/delivery/write.html"
    page_title = _("Write to")
    header_icon = "mail"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_write(request.user):
            raise PermissionDenied
        self.contact = get_object_or_404(Contact, pk=kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    @property
    def _profile_url(self) -> str:
        return reverse("precise-mail-contacts:inspect", args=[self.contact.pk])

    def get_page_subtitle(self) -> str:
        return str(self.contact)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            {"url": reverse("wagtailadmin_home"), "label": gettext("Home")},
            {"url": reverse("precise-mail-contacts:index"), "label": gettext("Contacts")},
            {"url": self._profile_url, "label": str(self.contact)},
            {"url": "", "label": gettext("Write")},
        ]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "contact": self.contact}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        in_force = Suppression.objects.in_force(timezone.now())
        suppression = in_force.filter(address_hash=self.contact.address_hash).first()
        consents = list(Consent.objects.filter(contact=self.contact))
        return {
            **super().get_context_data(**kwargs),
            "address": shown_address(self.contact.email, self.request.user),
            "obstacles": reachability(self.contact, suppression, consents).obstacles,
        }

    def form_valid(self, form: WriteForm) -> HttpResponse:
        email, user = form.cleaned_data["email"], cast("User", self.request.user)
        try:
            message = write_to(self.contact, email, form.cleaned_data["topic"], by=user)
        except (NotReady, RenderError) as error:
            form.add_error(None, str(error))
            return self.form_invalid(form)
        if message.state == OutboxMessage.State.SKIPPED:
            messages.warning(self.request, gettext("Nothing was sent. %(why)s") % {"why": explain(message)})
        else:
            messages.success(self.request, gettext("“%(email)s” is on its way.") % {"email": email})
        return redirect(self._profile_url)


@profile_actions.register("write")
class WriteAction(ProfileActionSource):
    """The button."""

    def action(self, contact: Contact, user: Any) -> ProfileAction | None:
        if not may_write(user):
            return None
        return ProfileAction(gettext("Write"), reverse("precise_mail_write", args=[contact.pk]), "mail")


@hooks.register("register_admin_urls")
def register_write_url() -> list[URLPattern]:
    """The page hangs below the contact it is about."""
    return [path("precise-mail/contacts/<int:pk>/write/", WriteView.as_view(), name="precise_mail_write")]
