"""Public pages: leaving, by a link in a mail or by the one click of a mail program (RFC 8058)."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from wagtail_precise_mail.contacts.addresses import mask_address
from wagtail_precise_mail.contacts.former import find_contact
from wagtail_precise_mail.contacts.models import Cadence, Contact, Suppression, SuppressionReason, UnsubscribeReason
from wagtail_precise_mail.contacts.preference_tokens import Reach, make_preference_token
from wagtail_precise_mail.contacts.preferences import pause, slow_down
from wagtail_precise_mail.contacts.public import make_private, page_language, public_context
from wagtail_precise_mail.contacts.services import undo_unsubscribe, unsubscribe
from wagtail_precise_mail.contacts.tokens import read_unsubscribe_token
from wagtail_precise_mail.exceptions import InvalidToken

_TEMPLATES = "wagtail_precise_mail/contacts/public/"

_PAUSE, _PAUSE_MONTHS = "pause", 3
_FEWER = (_PAUSE, Cadence.MONTHLY.value, Cadence.QUARTERLY.value)
"""What may be chosen instead of leaving."""


# Mail programs send no cookie and no CSRF token; what protects this POST is the signed token in its URL.
@method_decorator(csrf_exempt, name="dispatch")
class UnsubscribeView(View):
    """GET asks, POST does: scanners follow links, so a GET changes nothing."""

    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            contact_id, self.message_id = read_unsubscribe_token(kwargs["token"])
        except InvalidToken:
            response: HttpResponseBase = self.page("bad_link", status=400)
        else:
            # None after an erasure, and for test mails: the page answers all the same.
            self.contact = find_contact(contact_id)
            with translation.override(page_language(self.contact)):
                response = super().dispatch(request, *args, **kwargs)
        return make_private(response)

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.page("unsubscribed" if self.suppression() else "unsubscribe")

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        action = request.POST.get("action", "")
        if action == "subscribe":
            return self.subscribe_again()
        if action in _FEWER and self.contact:
            return self.send_less(action)
        # Whatever else is posted means leaving: nobody stays on the list for want of the right form field.
        if self.contact:
            comment = request.POST.get("comment", "").strip().replace("\x00", "")
            unsubscribe(self.contact, **self.origin, reason=self.reason(), comment=comment)
        if request.POST.get("List-Unsubscribe") == "One-Click":
            return HttpResponse("Unsubscribed.\n", content_type="text/plain; charset=utf-8")
        return self.page("unsubscribed")

    def subscribe_again(self) -> HttpResponse:
        if self.contact:
            undo_unsubscribe(self.contact, **self.origin)
        # A complaint, or a colleague's decision, is not the visitor's to lift.
        return self.page("unsubscribed" if self.contact is None or self.suppression() else "subscribed")

    def send_less(self, action: str) -> HttpResponse:
        """Fewer mails instead of none: for those who would rather stay."""
        contact = cast("Contact", self.contact)
        evidence = f"unsubscribe page, message {self.message_id}" if self.message_id else "unsubscribe page"
        ends_at = None
        if action == _PAUSE:
            ends_at = pause(contact, months=_PAUSE_MONTHS, evidence=evidence)
        else:
            slow_down(contact, cadence=action, evidence=evidence)
        return self.page("slowed", paused_until=ends_at, cadence=dict(Cadence.choices).get(action, ""))

    @property
    def origin(self) -> dict[str, Any]:
        return {"origin_kind": "outbox_message", "origin_id": self.message_id} if self.message_id else {}

    def reason(self) -> str:
        given = self.request.POST.get("reason", "")
        return given if given in UnsubscribeReason.values else ""

    def suppression(self) -> Suppression | None:
        if self.contact is None:
            return None
        in_force = Suppression.objects.in_force(timezone.now())
        return in_force.filter(address_hash=self.contact.address_hash).first()

    def page(self, name: str, *, status: int = 200, **more: Any) -> HttpResponse:
        context = {**public_context(self.request), **(self.state() if status == 200 else {}), **more}
        return render(self.request, f"{_TEMPLATES}{name}.html", context, status=status)

    def preferences_url(self) -> str:
        if self.contact is None:
            return ""
        token = make_preference_token(self.contact.pk, self.message_id, reach=Reach.SETTINGS, at=timezone.now())
        return reverse("wagtail_precise_mail:preferences", args=[token])

    def state(self) -> dict[str, Any]:
        suppression = self.suppression()
        can_undo = suppression is not None and suppression.reason == SuppressionReason.UNSUBSCRIBED
        return {
            "has_contact": self.contact is not None,
            "preferences_url": self.preferences_url(),
            "address": mask_address(self.contact.email) if self.contact else "",
            "can_undo": can_undo,
            "can_subscribe_again": can_undo,
            "can_give_reason": can_undo and suppression is not None and not suppression.detail,
            "reasons": UnsubscribeReason.choices,
        }
