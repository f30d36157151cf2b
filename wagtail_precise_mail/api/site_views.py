"""Views from other systems, such as an app or a shop of its own: POST what a contact looked at."""

from __future__ import annotations

import json
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.http.request import UnreadablePostError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from wagtail_precise_mail.api.tokens import is_known, problem
from wagtail_precise_mail.commerce.models import Product, normalize_sku
from wagtail_precise_mail.contacts.addresses import address_hash, normalize_address
from wagtail_precise_mail.contacts.former import find_by_hash
from wagtail_precise_mail.exceptions import InvalidAddress
from wagtail_precise_mail.tracking.viewing import record_view

_FIELDS = {"email", "has_consent", "path", "sku", "search", "seconds", "happened_at", "source"}


# No cookie opens the API, so there is nothing that a forged request could ride on.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class SiteViewsView(View):
    """POST a view: 201 when it is kept, 200 when it is not, because nobody agreed to it or nobody is known."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> JsonResponse:
        """Keep the view in the body."""
        if not is_known(request):
            return problem(
                HTTPStatus.UNAUTHORIZED,
                {"": "Send one of the site's tokens: Authorization: Bearer TOKEN."},
                {"WWW-Authenticate": 'Bearer realm="precise mail"'},
            )
        try:
            given = json.loads(request.body)
        except RequestDataTooBig:
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"": "The body is too large."})
        except (UnreadablePostError, ValueError, RecursionError):
            return problem(HTTPStatus.BAD_REQUEST, {"": "Send an object of JSON."})
        values, errors = _read(given)
        if errors:
            return problem(HTTPStatus.BAD_REQUEST, errors)
        is_kept = _keep(values)
        return JsonResponse({"kept": is_kept}, status=HTTPStatus.CREATED if is_kept else HTTPStatus.OK)


def _keep(values: dict[str, Any]) -> bool:
    # Whoever sends it asked the person: without their yes nothing is kept, whoever they are.
    contact = find_by_hash(values["address_hash"]) if values["has_consent"] else None
    if contact is None:
        return False
    product = Product.objects.filter(sku=normalize_sku(values["sku"])).first() if values["sku"] else None
    view = record_view(
        contact,
        path=values["path"],
        product=product,
        words=values["search"],
        seconds=values["seconds"],
        source=values["source"] or "api",
        at=values["happened_at"],
    )
    return view is not None


def _read(given: Any) -> tuple[dict[str, Any], dict[str, str]]:
    if not isinstance(given, dict):
        return {}, {"": "A view is a JSON object."}
    errors = {name[:100]: "is unknown." for name in given if name not in _FIELDS}
    values: dict[str, Any] = {}
    for name, length in (("path", 2000), ("sku", 100), ("search", 200), ("source", 50)):
        values[name] = given.get(name, "")
        if not isinstance(values[name], str) or len(values[name]) > length:
            errors[name] = f"must be text of up to {length} characters."
    values["has_consent"] = given.get("has_consent")
    if not isinstance(values["has_consent"], bool):
        errors["has_consent"] = "must be true or false: whether the person agreed to be watched on the site."
    values["seconds"] = given.get("seconds", 0)
    if type(values["seconds"]) is not int or not 0 <= values["seconds"] < 10**6:
        errors["seconds"] = "must be a whole number from 0."
    try:
        values["address_hash"] = address_hash(normalize_address(str(given.get("email", ""))))
    except InvalidAddress as error:
        errors["email"] = str(error)
    values["happened_at"] = _moment(given.get("happened_at"), errors)
    return values, errors


def _moment(given: Any, errors: dict[str, str]) -> datetime | None:
    if given is None:
        return None
    try:
        moment = parse_datetime(given) if isinstance(given, str) else None
    except ValueError:
        moment = None
    if moment is None or timezone.is_naive(moment):
        errors["happened_at"] = "must be ISO 8601 with its offset, such as 2026-03-01T09:00:00Z."
    elif moment > timezone.now():
        errors["happened_at"] = "lies in the future."
    else:
        return moment
    return None
