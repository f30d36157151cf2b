"""The preference centre: public pages behind magic links, which work on a phone and without scripts."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from wagtail_precise_mail.contacts import preferences, rights
from wagtail_precise_mail.contacts.addresses import mask_address
from wagtail_precise_mail.contacts.changes import SELF
from wagtail_precise_mail.contacts.models import Contact, Suppression
from wagtail_precise_mail.contacts.package import file_name, make_package
from wagtail_precise_mail.contacts.preference_forms import DetailsForm, OwnDataForm, WishesForm, country_choices
from wagtail_precise_mail.contacts.preference_tokens import (
    PreferenceToken,
    Reach,
    read_preference_token,
)
from wagtail_precise_mail.contacts.public import (
    make_private,
    page_language,
    public_context,
    site_of_page,
    visitor_of,
)
from wagtail_precise_mail.contacts.subject_requests import SubjectRequest
from wagtail_precise_mail.contacts.suppressing import ENDED_BY_OWN_YES
from wagtail_precise_mail.contacts.tokens import make_unsubscribe_token
from wagtail_precise_mail.exceptions import ExpiredToken, InvalidAddress, InvalidToken

_TEMPLATES = "wagtail_precise_mail/contacts/public/"


# Browsers inside of mail programs may keep no cookies; what protects every POST here is the signed token in its URL.
@method_decorator(csrf_exempt, name="dispatch")
class _LinkView(View):
    """A page behind a magic link: GET shows, POST changes, and an old link says where to get a new one."""

    http_method_names = ["get", "head", "post", "options"]
    reach = Reach.SETTINGS
    known: PreferenceToken
    contact: Contact

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.known = read_preference_token(kwargs["token"], at=timezone.now())
        except ExpiredToken:
            return self.dead_end("link_expired", 410)
        except InvalidToken:
            return self.dead_end("bad_link", 400)
        if self.known.reach < self.reach:
            return self.dead_end("link_expired", 403)
        contact = Contact.objects.filter(pk=self.known.contact_id).first()
        if contact is None:  # erased since, or a test mail to a colleague
            return self.dead_end("preferences_of_nobody", 200)
        self.contact = contact
        with translation.override(page_language(contact)):
            return make_private(super().dispatch(request, *args, **kwargs))

    @property
    def evidence(self) -> str:
        return f"preference page, message {self.known.message_id}" if self.known.message_id else "preference page"

    def page(self, name: str, **context: Any) -> HttpResponse:
        token = self.kwargs["token"]
        whole = {
            **public_context(self.request),
            "contact": self.contact,
            "address": mask_address(self.contact.email),
            "settings_url": reverse("wagtail_precise_mail:preferences", args=[token]),
            "data_url": reverse("wagtail_precise_mail:own_data", args=[token]),
            "may_see_data": self.known.reach >= Reach.DATA,
            **context,
        }
        return render(self.request, f"{_TEMPLATES}{name}.html", whole)

    def dead_end(self, name: str, status: int) -> HttpResponseBase:
        context = {**public_context(self.request), "link_url": reverse("wagtail_precise_mail:preference_link")}
        return make_private(render(self.request, f"{_TEMPLATES}{name}.html", context, status=status))

    def again(self, done: str, *, name: str = "preferences") -> HttpResponse:
        """Lead back to a page by GET, so that reloading it posts nothing twice."""
        path = reverse(f"wagtail_precise_mail:{name}", args=[self.kwargs["token"]])
        return HttpResponseRedirect(f"{path}?done={done}")


class PreferencesView(_LinkView):
    """Which mail, how often, in which language, and what may be derived."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.show(WishesForm(self.contact))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        act = {"pause": self.pause, "resume": self.resume, "data": self.ask_for_data}
        return act.get(request.POST.get("action", ""), self.save)()

    def save(self) -> HttpResponse:
        form = WishesForm(self.contact, self.request.POST)
        if not form.is_valid():
            return self.show(form)
        preferences.keep_wishes(self.contact, form.wishes(), evidence=self.evidence)
        return self.again("saved")

    def pause(self) -> HttpResponse:
        given = self.request.POST.get("months", "")
        months = int(given) if given.isascii() and given.isdigit() and len(given) < 3 else 0
        if months not in preferences.PAUSES:
            return self.show(WishesForm(self.contact))
        preferences.pause(self.contact, months=months, evidence=self.evidence)
        return self.again("paused")

    def resume(self) -> HttpResponse:
        preferences.end_pause(self.contact, evidence=self.evidence)
        return self.again("resumed")

    def ask_for_data(self) -> HttpResponse:
        preferences.ask_for_own_link(self.contact, site=site_of_page(self.request))
        return self.again("sent")

    def show(self, form: WishesForm) -> HttpResponse:
        now, contact = timezone.now(), self.contact
        suppression = Suppression.objects.in_force(now).filter(address_hash=contact.address_hash).first()
        leave = make_unsubscribe_token(contact.pk, self.known.message_id)
        topics = preferences.offered_topics(contact)
        return self.page(
            "preferences",
            form=form,
            topics=topics,
            cadences=preferences.explained_cadences(topic for topic, _has_it in topics),
            topics_without_digests=[topic.name for topic, _has_it in topics if not topic.has_digests],
            languages=form.fields["language"].choices,  # type: ignore[attr-defined]
            paused_until=contact.paused_until if contact.paused_until and contact.paused_until > now else None,
            pauses=preferences.PAUSES,
            has_left=suppression is not None and suppression.reason in ENDED_BY_OWN_YES,
            is_unreachable=suppression is not None and suppression.reason not in ENDED_BY_OWN_YES,
            leave_url=reverse("wagtail_precise_mail:unsubscribe", args=[leave]),
            done=self.request.GET.get("done", ""),
        )


class AskAgainView(_LinkView):
    """ "Do you still want our mail?": the page behind the button of a mail that asks for permission again.

    GET changes nothing, for scanners follow links; and nothing is ticked beforehand, for that would be no yes.
    """

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        leave = make_unsubscribe_token(self.contact.pk, self.known.message_id)
        return self.page(
            "ask_again",
            topics=preferences.granted_topics(self.contact),
            leave_url=reverse("wagtail_precise_mail:unsubscribe", args=[leave]),
        )

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        topics = preferences.agree_again(self.contact, evidence=self.evidence)
        return self.again("agreed" if topics else "")


class DetailsView(_LinkView):
    """ "Is this still right?": to confirm with one press what a mail showed, or to correct it."""

    reach = Reach.DETAILS

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.show(DetailsForm(instance=self.contact), is_changing=request.GET.get("change") == "1")

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        if request.POST.get("action") == "confirm":
            preferences.correct(self.contact, {}, evidence=self.evidence)
            return self.again("confirmed", name="details")
        form = DetailsForm(request.POST, instance=self.contact)
        if not form.is_valid():
            return self.show(form, is_changing=True)
        preferences.correct(self.contact, form.cleaned_data, evidence=self.evidence)
        return self.again("saved", name="details")

    def show(self, form: DetailsForm, *, is_changing: bool) -> HttpResponse:
        names = dict(country_choices())
        values = [(str(form.fields[name].label), getattr(self.contact, name)) for name in preferences.DETAILS]
        known = [(label, names.get(value, value) if label == form.fields["country"].label else value)
                 for label, value in values]  # fmt: skip
        details_url = reverse("wagtail_precise_mail:details", args=[self.kwargs["token"]])
        return self.page(
            "details",
            form=form,
            known=known,
            is_changing=is_changing,
            details_url=details_url,
            done=self.request.GET.get("done", ""),
        )


class OwnDataView(_LinkView):
    """What is known about a contact: to see, correct, take away, and have deleted."""

    reach = Reach.DATA

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.show(OwnDataForm(instance=self.contact))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        act = {"download": self.download, "erase": self.ask_for_erasure}
        return act.get(request.POST.get("action", ""), self.correct)()

    def correct(self) -> HttpResponse:
        form = OwnDataForm(self.request.POST, instance=self.contact)
        if not form.is_valid():
            return self.show(form)
        preferences.correct(self.contact, form.cleaned_data, evidence=self.evidence)
        return self.again("saved", name="own_data")

    def download(self) -> HttpResponse:
        rights.record_self_service(self.contact, SubjectRequest.Kind.ACCESS, site=site_of_page(self.request))
        content = make_package(self.contact, at=timezone.now())
        response = HttpResponse(content, content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="{file_name(timezone.now())}"'
        return response

    def ask_for_erasure(self) -> HttpResponse:
        if self.request.POST.get("sure") != "yes":
            return self.show(OwnDataForm(instance=self.contact), wants_erasure=True)
        rights.receive(self.contact, SubjectRequest.Kind.ERASURE, source=SELF, site=site_of_page(self.request))
        return self.again("asked", name="own_data")

    def show(self, form: OwnDataForm, *, wants_erasure: bool = False) -> HttpResponse:
        pending = SubjectRequest.objects.open().filter(contact=self.contact, kind=SubjectRequest.Kind.ERASURE).first()
        return self.page(
            "own_data",
            form=form,
            email=self.contact.email,
            confirmed_at=preferences.confirmed_at(self.contact),
            overview=rights.overview(self.contact),
            erasure=pending,
            wants_erasure=wants_erasure,
            done=self.request.GET.get("done", ""),
        )


class LinkRequestView(View):
    """ "Send me a link", by address; the answer is the same whether we know the address or not."""

    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self.page()

    def post(self, request: HttpRequest) -> HttpResponseBase:
        address = request.POST.get("email", "").strip()[:254]
        try:
            validate_email(address)
            preferences.ask_for_link(address, site=site_of_page(request), visitor=visitor_of(request))
        except (ValidationError, InvalidAddress):
            error = _("This is no email address. Please write it like name@example.com.")
            return self.page(address=address, error=error)
        return self.page(address=address, is_sent=True)

    def page(self, **context: Any) -> HttpResponseBase:
        whole = {**public_context(self.request), **context}
        response = make_private(render(self.request, f"{_TEMPLATES}preference_link.html", whole))
        # There is no secret in this address, and without any referrer browsers hide the origin from the CSRF check.
        response["Referrer-Policy"] = "same-origin"
        return response
