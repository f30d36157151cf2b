"""Signing up for sites without pages of Wagtail: GET describes the form, POST takes it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.sign_up_forms import TRAP, SignUpForm
from wagtail_precise_mail.contacts.sign_up_specs import FormSpec
from wagtail_precise_mail.contacts.visits import client_ip, default_spec, form_context, take_form
from wagtail_precise_mail.exceptions import InvalidAddress, InvalidToken, TooManySignUps


# No cookie opens it, so there is nothing that a forged request could ride on.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class SignUpApiView(View):
    """The same form, the same throttles and the same answer for every address as on our own page."""

    http_method_names = ["get", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        # Only origins that are listed, and never with credentials.
        if (origin := request.headers.get("Origin", "")) in options().sign_up_origins:
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Allow-Methods"] = "GET, POST"
            response["Access-Control-Allow-Headers"] = "Content-Type"
        response["Vary"] = "Origin, Accept-Language"
        return response

    def get(self, request: HttpRequest) -> JsonResponse:
        """Describe the form as it has to be shown: with every reason, and with the wording word by word."""
        form = SignUpForm(default_spec(request, topics=request.GET.get("topic", "")))
        policy = form_context(request, form)["policy"]
        return JsonResponse(
            {
                "form": form.token,
                "language": form.spec.language,
                "fields": [_describe(name, form) for name in form.fields],
                "topics": [
                    {key: option[key] for key in ("value", "name", "description")} for option in form.topic_options()
                ],
                "wording": form.text,
                "policy": {"version": policy.version, "url": policy.address} if policy else None,
            }
        )

    def post(self, request: HttpRequest) -> JsonResponse:
        """Take ``form`` of the description with the fields: 202 for every address, known or not."""
        try:
            given = json.loads(request.body)
            spec = FormSpec.from_token(str(given.get("form", "")))
        except RequestDataTooBig:
            return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"": ["The body is too large."]})
        except UnreadablePostError:
            return _problem(HTTPStatus.BAD_REQUEST, {"": ["The body ended early."]})
        except InvalidToken as error:
            return _problem(HTTPStatus.BAD_REQUEST, {"form": [f"{error} GET this address for a new one."]})
        except (ValueError, AttributeError):
            return _problem(HTTPStatus.BAD_REQUEST, {"": ["Send an object of JSON."]})
        with translation.override(spec.language):
            return self.take(SignUpForm(spec, given))

    def take(self, form: SignUpForm) -> JsonResponse:
        if form.data.get(TRAP):
            return _accepted()
        if not form.is_valid():
            errors = {name: [str(one) for one in found] for name, found in form.errors.items()}
            return _problem(HTTPStatus.BAD_REQUEST, errors, form.suggestion)
        if form.is_too_quick:
            return _problem(HTTPStatus.BAD_REQUEST, {"": ["That was quicker than people are. Send it again."]})
        ip_address = client_ip(self.request)
        if form.captcha and not form.captcha.is_solved(form.data, ip_address=ip_address):
            return _problem(HTTPStatus.BAD_REQUEST, {"captcha": ["The answer is not right."]})
        try:
            take_form(self.request, form)
        except InvalidAddress as error:
            return _problem(HTTPStatus.BAD_REQUEST, {"email": [str(error)]})
        except TooManySignUps as error:
            return _problem(HTTPStatus.TOO_MANY_REQUESTS, {"": [str(error)]})
        return _accepted()


def _describe(name: str, form: SignUpForm) -> dict[str, Any]:
    field = form.fields[name]
    facts = {"name": name, "label": str(field.label), "required": field.required, "reason": str(field.help_text)}
    if name not in form.groups():
        return facts
    choices = [{"value": value, "name": str(label)} for value, label in cast("Any", field).choices]
    return {**facts, "multiple": isinstance(field, forms.MultipleChoiceField), "choices": choices}


def _accepted() -> JsonResponse:
    return JsonResponse({"status": "accepted"}, status=HTTPStatus.ACCEPTED)


def _problem(status: HTTPStatus, errors: dict[str, list[str]], suggestion: str = "") -> JsonResponse:
    return JsonResponse({"errors": errors, **({"suggestion": suggestion} if suggestion else {})}, status=status)
