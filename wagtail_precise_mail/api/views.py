"""Endpoints for other systems: JSON in, JSON out, a bearer token at the door."""

from __future__ import annotations

from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.http.request import UnreadablePostError
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from wagtail_precise_mail.api.orders import InvalidOrder, read_order
from wagtail_precise_mail.commerce.services import record_order
from wagtail_precise_mail.conf import options


# No cookie opens the API, so there is nothing that a forged request could ride on.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class OrdersView(View):
    """POST an order: 201 for a new one, 200 for one that was there. Sending it again is always safe."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> JsonResponse:
        """Record the order in the body."""
        if not _is_known(request):
            return _problem(
                HTTPStatus.UNAUTHORIZED,
                {"": "Send one of the site's tokens: Authorization: Bearer TOKEN."},
                {"WWW-Authenticate": 'Bearer realm="precise mail"'},
            )
        try:
            done = record_order(**read_order(request.body))
        except RequestDataTooBig:
            return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"": "The body is too large."})
        except UnreadablePostError:
            return _problem(HTTPStatus.BAD_REQUEST, {"": "The body ended early."})
        except InvalidOrder as error:
            return _problem(HTTPStatus.BAD_REQUEST, error.errors)
        except ValueError as error:
            return _problem(HTTPStatus.BAD_REQUEST, {"lines": str(error)})
        body = {"number": done.order.number, "created": done.created, "changed": done.changed}
        return JsonResponse(body, status=HTTPStatus.CREATED if done.created else HTTPStatus.OK)


def _is_known(request: HttpRequest) -> bool:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    # Every token is compared, so that the time tells nothing.
    matches = [constant_time_compare(token.strip(), known) for known in options().api_tokens if known]
    return scheme.lower() == "bearer" and any(matches)


def _problem(status: HTTPStatus, errors: dict[str, str], headers: dict[str, str] | None = None) -> JsonResponse:
    return JsonResponse({"errors": errors}, status=status, headers=headers)
