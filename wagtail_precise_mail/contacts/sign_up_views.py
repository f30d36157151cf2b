"""Public pages of signing up: the form, "look into your inbox", and the confirmation."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from wagtail_precise_mail.contacts.addresses import mask_address
from wagtail_precise_mail.contacts.confirmations import read_sign_up_token
from wagtail_precise_mail.contacts.gifts import gifts_of
from wagtail_precise_mail.contacts.grades import OptIn
from wagtail_precise_mail.contacts.joining import confirm_sign_up
from wagtail_precise_mail.contacts.public import make_private, page_language, public_context
from wagtail_precise_mail.contacts.sign_up_forms import SignUpForm
from wagtail_precise_mail.contacts.sign_up_specs import FormSpec
from wagtail_precise_mail.contacts.sign_ups import SignUp
from wagtail_precise_mail.contacts.visits import client_ip, default_spec, form_context, take_form
from wagtail_precise_mail.contacts.wordings import topic_words
from wagtail_precise_mail.exceptions import InvalidAddress, InvalidToken, LinkExpired, TooManySignUps

_TEMPLATES = "wagtail_precise_mail/contacts/public/"


# Forms stand on pages that are cached for everybody, where a CSRF token would be somebody else's. No cookie is asked
# for here, so there is nothing that a forged request could ride on.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class JoinView(View):
    """GET shows the form, POST takes it, wherever it was shown; every address gets the same answer."""

    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(SignUpForm(default_spec(request, topics=request.GET.get("topic", ""))))

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            spec = FormSpec.from_token(request.POST.get("form", ""))
        except InvalidToken:
            initial = {"email": request.POST.get("email", "")[:254]}
            form = SignUpForm(default_spec(request), initial=initial)
            return self.show(form, problem=_("This form was open for very long. Please send it once more."), status=400)
        with translation.override(spec.language):
            return self.take(SignUpForm(spec, request.POST))

    def take(self, form: SignUpForm) -> HttpResponse:
        if form.is_trapped:
            return self.answer(form)
        if not form.is_valid():
            return self.show(form, status=400)
        if form.is_too_quick:
            return self.show(form, problem=_("That was quick! Please press the button once more."), status=400)
        if form.captcha and not form.captcha.is_solved(self.request.POST, ip_address=client_ip(self.request)):
            return self.show(form, problem=_("The answer to the question is not right. Please try again."), status=400)
        try:
            take_form(self.request, form)
        except InvalidAddress as error:
            form.add_error("email", str(error))
            return self.show(form, status=400)
        except TooManySignUps:
            words = _("Too many people signed up from your network just now. Please try again in an hour.")
            return self.show(form, problem=words, status=429)
        return self.answer(form)

    def answer(self, form: SignUpForm) -> HttpResponse:
        # By the topics that the form offers, and by nothing that is known of the address.
        is_asked = any(topic.opt_in == OptIn.DOUBLE for topic in form.named_topics)
        where = reverse("wagtail_precise_mail:sign_up_sent")
        response = HttpResponseRedirect(where if is_asked else f"{where}?done=1")
        response.status_code = 303
        return response

    def show(self, form: SignUpForm, *, problem: str = "", status: int = 200) -> HttpResponse:
        context = {**public_context(self.request), **form_context(self.request, form), "problem": problem}
        return render(self.request, f"{_TEMPLATES}join.html", context, status=status)


@require_safe
def sign_up_sent(request: HttpRequest) -> HttpResponseBase:
    """Say where to look now."""
    context = {**public_context(request), "is_done": request.GET.get("done") == "1"}
    return render(request, f"{_TEMPLATES}sign_up_sent.html", context)


# Mail programs' browsers may keep no cookies; what protects this POST is the signed token in its URL.
@method_decorator(csrf_exempt, name="dispatch")
class ConfirmView(View):
    """GET shows a button, POST confirms: scanners follow links, so a GET confirms nothing."""

    http_method_names = ["get", "head", "post", "options"]
    sign_up: SignUp | None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            sign_up_id = read_sign_up_token(kwargs["token"])
        except InvalidToken:
            return make_private(self.page("bad_link", status=400))
        rows = SignUp.objects.select_related("contact", "wording", "policy")
        self.sign_up = rows.filter(pk=sign_up_id).first()
        with translation.override(self.language()):
            return make_private(super().dispatch(request, *args, **kwargs))

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        row = self.sign_up
        if row is None:
            return self.page("sign_up_gone", status=410)
        if row.confirmed_at:
            return self.confirmed(row)
        is_open = row.expires_at is not None and row.expires_at > timezone.now()
        return self.page("sign_up_confirm", **self.facts(row)) if is_open else self.expired()

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        row = self.sign_up
        if row is None:
            return self.page("sign_up_gone", status=410)
        try:
            confirm_sign_up(row, ip_address=client_ip(request))
        except LinkExpired:
            return self.expired()
        url = self.thanks_url(row)
        # Their code is on our own page only, which then leads on.
        return HttpResponseRedirect(url) if url and not gifts_of(row) else self.confirmed(row)

    def confirmed(self, row: SignUp) -> HttpResponse:
        return self.page("sign_up_confirmed", gifts=gifts_of(row), thanks_url=self.thanks_url(row), **self.facts(row))

    def thanks_url(self, row: SignUp) -> str:
        """Return the address of the page of the site that says thank you, if a topic has one."""
        topics = [topic for topic in row.topics.select_related("thanks_page") if topic.thanks_page]
        return str(topics[0].thanks_page.get_url(self.request) or "") if topics and topics[0].thanks_page else ""

    def expired(self) -> HttpResponse:
        return self.page("sign_up_expired", status=410, join_url=reverse("wagtail_precise_mail:sign_up"))

    def facts(self, row: SignUp) -> dict[str, Any]:
        language = translation.get_language() or ""
        names = [topic_words(topic, language)[0] for topic in row.topics.prefetch_related("translations")]
        return {"address": mask_address(row.contact.email), "names": names, "wording": row.wording}

    def language(self) -> str:
        row = self.sign_up
        if row is None or row.contact.locale or not row.language:
            return page_language(row.contact if row else None)
        return row.language

    def page(self, name: str, *, status: int = 200, **facts: Any) -> HttpResponse:
        context = {**public_context(self.request), **facts}
        return render(self.request, f"{_TEMPLATES}{name}.html", context, status=status)
