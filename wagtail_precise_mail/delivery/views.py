"""Public pages about one message: its web version, copies for others, passing it on, signing up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from wagtail.models import Site

from wagtail_precise_mail.contacts.public import make_private, page_language, public_context
from wagtail_precise_mail.delivery import sharing
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.tokens import Purpose, read_message_token
from wagtail_precise_mail.delivery.webversion import (
    WebPage,
    find_public_version,
    own_page,
    public_page,
    shared_copy_path,
    shared_page,
    to_document,
)
from wagtail_precise_mail.emails.models import BrandSettings
from wagtail_precise_mail.exceptions import InvalidToken, RenderError

_TEMPLATES = "wagtail_precise_mail/delivery/public/"
# What editors put into a mail gets no more rights on the site's own address than it has in a mail program: no script,
# no form, no frame. Links may open a tab, which is free of this again.
_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; "
    "default-src 'none'; img-src * data:; media-src *; style-src 'unsafe-inline' *; font-src * data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@require_safe
def web_version(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show a mail to the one who got it."""
    return _show(request, token, Purpose.OWN, own_page)


@require_safe
def shared_copy(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show a mail to somebody to whom it was passed on."""
    return _show(request, token, Purpose.SHARED, shared_page)


@require_safe
def public_version(request: HttpRequest, send_id: int, language: str = "") -> HttpResponseBase:
    """Show a mail that is meant for everybody."""
    version = find_public_version(send_id, language)
    if version is None:
        return make_private(render(request, f"{_TEMPLATES}gone.html", public_context(request), status=404))
    try:
        page = public_page(version)
    except RenderError:
        return _gone(request)
    response = HttpResponse(to_document(page, is_indexed=True, bar=_bar(page, version.compiled.payload, version.send)))
    response["Cache-Control"] = "public, max-age=300"
    response["X-Robots-Tag"] = "index, follow"
    response["X-Frame-Options"] = "DENY"
    return _guarded(response, page)


# Mail programs' browsers may keep no cookies; what protects this POST is the signed token in its URL.
@method_decorator(csrf_exempt, name="dispatch")
class ForwardView(View):
    """GET offers ways to pass a mail on; POST counts the one that was chosen, and goes there."""

    http_method_names = ["get", "head", "post", "options"]
    message: OutboxMessage
    page: WebPage
    wanted: str

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            message_id, self.wanted = read_message_token(Purpose.FORWARD, kwargs["token"])
        except InvalidToken:
            return _bad_link(request)
        message = _find(message_id)
        if message is None:
            return _gone(request)
        try:
            self.message, self.page = message, shared_page(message)
        except RenderError:
            return _gone(request)
        with translation.override(page_language(message.contact)):
            return make_private(super().dispatch(request, *args, **kwargs))

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.answer()

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        via = request.POST.get("via", "")
        if via in sharing.NETWORKS:
            sharing.pass_on(self.message, via=via)
            return HttpResponseRedirect(sharing.network_url(via, url=self.shared_url, title=self.page.title))
        if via in (sharing.MAIL, sharing.LINK):
            sharing.pass_on(self.message, via=via)
            return self.answer(chosen=via)
        return self.answer()

    @property
    def shared_url(self) -> str:
        return self.message.send.base_url + shared_copy_path(self.message.pk)

    def answer(self, chosen: str = "") -> HttpResponse:
        # The network of the link in the mail comes first.
        networks = sorted(sharing.NETWORKS.items(), key=lambda item: item[0] != self.wanted)
        context = {
            **public_context(self.request),
            "title": self.page.title,
            "chosen": chosen,
            "networks": [(key, name) for key, (name, _url) in networks],
            "wanted": self.wanted if self.wanted in sharing.NETWORKS else sharing.MAIL,
            "shared_url": self.shared_url,
            "mail_url": sharing.mail_url(url=self.shared_url, title=self.page.title),
        }
        return render(self.request, f"{_TEMPLATES}forward.html", context)


@require_safe
def join(request: HttpRequest, token: str) -> HttpResponseBase:
    """Lead whoever was shown a mail to the page where they can sign up."""
    try:
        message_id, _argument = read_message_token(Purpose.JOIN, token)
    except InvalidToken:
        return _bad_link(request)
    message = _find(message_id)
    if message is None:
        return _gone(request)
    target = _join_url(message.send.compiled.payload, message.send) or message.send.base_url
    return make_private(HttpResponseRedirect(target))


def _show(
    request: HttpRequest, token: str, purpose: Purpose, make: Callable[[OutboxMessage], WebPage]
) -> HttpResponseBase:
    try:
        message_id, _argument = read_message_token(purpose, token)
    except InvalidToken:
        return _bad_link(request)
    message = _find(message_id)
    if message is None:
        return _gone(request)
    try:
        page = make(message)
    except RenderError:
        return _gone(request)
    bar = _bar(page, message.send.compiled.payload, message.send) if purpose == Purpose.SHARED else SafeString("")
    return _guarded(make_private(HttpResponse(to_document(page, is_indexed=False, bar=bar))), page)


def _find(message_id: int) -> OutboxMessage | None:
    messages = OutboxMessage.objects.select_related("send__compiled__email", "contact")
    return messages.filter(pk=message_id).first()


def _bar(page: WebPage, payload: dict[str, Any], send: Any) -> SafeString:
    if not (url := _join_url(payload, send)):
        return SafeString("")
    with translation.override(page.language or translation.get_language()):
        return render_to_string(f"{_TEMPLATES}join_bar.html", {"url": url})


def _join_url(payload: dict[str, Any], send: Any) -> str:
    """Return today's sign-up page of the site that sent: the mail keeps, the site may move it."""
    site = Site.objects.filter(pk=payload.get("site")).first()
    address = BrandSettings.for_site(site).join_url if site else ""
    return sharing.join_url(address or reverse("wagtail_precise_mail:sign_up"), send) if site else ""


def _guarded(response: HttpResponseBase, page: WebPage) -> HttpResponseBase:
    response["Content-Security-Policy"] = _POLICY
    response["X-Content-Type-Options"] = "nosniff"
    if page.language:
        response["Content-Language"] = page.language
    return response


def _bad_link(request: HttpRequest) -> HttpResponseBase:
    template = "wagtail_precise_mail/contacts/public/bad_link.html"
    return make_private(render(request, template, public_context(request), status=400))


def _gone(request: HttpRequest) -> HttpResponseBase:
    return make_private(render(request, f"{_TEMPLATES}gone.html", public_context(request), status=410))
