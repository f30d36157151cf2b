"""Public pages: whoever reads the mail of a sender's address says that mail may come from it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from wagtail_precise_mail.contacts.public import make_private, public_context
from wagtail_precise_mail.emails.senders import SenderIdentity
from wagtail_precise_mail.emails.verification import sender_of_token, verify
from wagtail_precise_mail.exceptions import ConfirmationOver, InvalidToken

_TEMPLATES = "wagtail_precise_mail/emails/sender/"


# What protects this POST is the signed token in its URL, which is nowhere but in a mail to the address.
@method_decorator(csrf_exempt, name="dispatch")
class VerifySenderView(View):
    """GET asks, POST does: scanners follow links, so a GET verifies nothing."""

    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.sender = sender_of_token(kwargs["token"])
            response = super().dispatch(request, *args, **kwargs)
        except InvalidToken:
            response = self.page("bad_link", status=400)
        except ConfirmationOver as error:
            response = self.page("bad_link", status=410, reason=str(error))
        return make_private(response)

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.page("verified" if self.is_verified else "verify")

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        verify(self.sender, means=SenderIdentity.Means.LINK)
        return self.page("verified")

    @property
    def is_verified(self) -> bool:
        return self.sender.state == SenderIdentity.State.VERIFIED

    def page(self, name: str, *, status: int = 200, **facts: Any) -> HttpResponse:
        context = {**public_context(self.request), "sender": getattr(self, "sender", None), **facts}
        return render(self.request, f"{_TEMPLATES}{name}.html", context, status=status)
