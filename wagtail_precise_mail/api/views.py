"""Endpoints for other systems: JSON in, JSON out, a bearer token at the door."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from wagtail_precise_mail.api.orders import order_of, read_cart, read_order, read_orders, read_refund
from wagtail_precise_mail.api.products import product_of, read_products
from wagtail_precise_mail.api.reading import InvalidBody
from wagtail_precise_mail.api.tokens import is_known, problem
from wagtail_precise_mail.commerce.services import (
    RecordedOrder,
    close_cart,
    delete_order,
    record_cart,
    record_order,
    record_refund,
    upsert_product,
)
from wagtail_precise_mail.exceptions import InvalidAddress, InvalidRecord


# No cookie opens the API, so there is nothing that a forged request could ride on.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class ApiView(View):
    """Asks for a token, and turns what is wrong into an answer."""

    http_method_names = ["post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if (request.method or "").lower() not in self.http_method_names:
            return self.http_method_not_allowed(request)
        if not is_known(request):
            return problem(
                HTTPStatus.UNAUTHORIZED,
                {"": "Send one of the site's tokens: Authorization: Bearer TOKEN."},
                {"WWW-Authenticate": 'Bearer realm="precise mail"'},
            )
        try:
            return super().dispatch(request, *args, **kwargs)
        except RequestDataTooBig:
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"": "The body is too large."})
        except UnreadablePostError:
            return problem(HTTPStatus.BAD_REQUEST, {"": "The body ended early."})
        except (InvalidBody, InvalidRecord, InvalidAddress) as error:
            return problem(HTTPStatus.BAD_REQUEST, _errors(error))


class OrdersView(ApiView):
    """POST an order: 201 for a new one, 200 for one that was there. Sending it again is always safe."""

    def post(self, request: HttpRequest) -> JsonResponse:
        """Record the order in the body."""
        return _recorded(record_order(**read_order(request.body)))


class OrderView(ApiView):
    """DELETE an order: 200 when it is gone, 404 when there was none. Deleting it again is safe."""

    http_method_names = ["delete"]

    def delete(self, request: HttpRequest, source: str, number: str) -> JsonResponse:
        """Delete the order with all that was derived from it."""
        is_deleted = delete_order(source, number)
        status = HTTPStatus.OK if is_deleted else HTTPStatus.NOT_FOUND
        return JsonResponse({"number": number, "deleted": is_deleted}, status=status)


class OrdersInBulkView(ApiView):
    """POST many orders: 200, with what became of each, in their order. One that is wrong fails alone."""

    def post(self, request: HttpRequest) -> JsonResponse:
        """Record the orders in the body."""
        return JsonResponse({"orders": [self._record(data) for data in read_orders(request.body)]})

    def _record(self, data: dict[str, Any]) -> dict[str, Any]:
        try:
            done = record_order(**order_of(data))
        except (InvalidBody, InvalidRecord, InvalidAddress) as error:
            return {"number": data.get("number"), "errors": _errors(error)}
        return {"number": done.order.number, "created": done.created, "changed": done.changed}


class RefundsView(ApiView):
    """POST a refund down to the line: 201 for a new one, 200 for one that was there."""

    def post(self, request: HttpRequest) -> JsonResponse:
        """Record the refund in the body."""
        return _recorded(record_refund(**read_refund(request.body)))


class CartsView(ApiView):
    """POST a cart as it is now: 200. One without lines is given up."""

    def post(self, request: HttpRequest) -> JsonResponse:
        """Record the cart in the body."""
        cart = record_cart(**read_cart(request.body))
        return JsonResponse({"key": cart.key, "open": cart.closed_at is None})


class CartView(ApiView):
    """DELETE a cart: it is given up. 404 when there is none that is open."""

    http_method_names = ["delete"]

    def delete(self, request: HttpRequest, source: str, key: str) -> JsonResponse:
        """Close the cart; it stays known that it was there."""
        is_closed = close_cart(source, key)
        return JsonResponse({"key": key}, status=HTTPStatus.OK if is_closed else HTTPStatus.NOT_FOUND)


class ProductsView(ApiView):
    """POST products: 200, with what became of each, in their order. One that is wrong fails alone."""

    def post(self, request: HttpRequest) -> JsonResponse:
        """Keep the products in the body."""
        return JsonResponse({"products": [self._keep(data) for data in read_products(request.body)]})

    def _keep(self, data: dict[str, Any]) -> dict[str, Any]:
        try:
            product = product_of(data)
            kept = upsert_product(product.sku, **product.fields())
        except (InvalidBody, InvalidRecord) as error:
            return {"sku": data.get("sku"), "errors": _errors(error)}
        return {"sku": kept.sku, "id": kept.pk}


def _recorded(done: RecordedOrder) -> JsonResponse:
    body = {"number": done.order.number, "created": done.created, "changed": done.changed}
    return JsonResponse(body, status=HTTPStatus.CREATED if done.created else HTTPStatus.OK)


def _errors(error: InvalidBody | InvalidRecord | InvalidAddress) -> dict[str, str]:
    if isinstance(error, InvalidBody):
        return error.errors
    return {error.place if isinstance(error, InvalidRecord) else "email": str(error)}
