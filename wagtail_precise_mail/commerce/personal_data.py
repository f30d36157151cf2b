"""What commerce knows about people: orders, codes and carts."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Model
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.figuring.contact_figures import CATEGORY_AXIS
from wagtail_precise_mail.commerce.models import (
    Cart,
    CartLine,
    Category,
    ContactFigures,
    ContactForecast,
    ContactStanding,
    CouponCode,
    FiguresDue,
    Order,
    OrderCoupon,
    OrderLine,
)
from wagtail_precise_mail.commerce.viewed import ProductView
from wagtail_precise_mail.commerce.welcome import WelcomeCoupon
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.personal_data import PersonalData, Rows, personal_data, rows_of
from wagtail_precise_mail.segments.movements import Movement


@personal_data.register("orders")
class OrderData(PersonalData):
    """Orders with their lines, and codes. After an erasure they stay without a name: figures count them.

    Who got a welcome coupon stays known by the hash of the address: nobody gets another one by being erased first.
    """

    label = _("Your orders")
    models = ("wagtail_precise_mail.Order", "wagtail_precise_mail.CouponCode", "wagtail_precise_mail.WelcomeCoupon")

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        orders = Order.objects.filter(contact=contact).order_by("placed_at", "pk")
        lines = OrderLine.objects.filter(order__contact=contact).order_by("order__placed_at", "order", "position")
        used = OrderCoupon.objects.filter(order__contact=contact).order_by("order__placed_at", "order", "code")
        codes = CouponCode.objects.filter(contact=contact).order_by("taken_at", "pk")
        welcome = WelcomeCoupon.objects.filter(contact=contact)
        return {
            "orders": rows_of(
                orders,
                *("source", "number", "kind", "placed_at", "currency", "total", "discount_total", "shipping_total"),
                *("country", "channel", "payment_method", "shipping_method", "refund_of__number"),
            ),
            "order_lines": rows_of(
                lines,
                *("order__number", "position", "product__sku", "variant__sku", "description", "quantity"),
                *("unit_price", "discount_total", "total"),
            ),
            "order_coupons": rows_of(used, "order__number", "code"),
            "coupon_codes": rows_of(codes, "pool__name", "code", "taken_at"),
            "welcome_coupon": rows_of(welcome, "title", "code__code", "promised_at", "given_at", "mailed_at"),
        }


@personal_data.register("carts")
class CartData(PersonalData):
    """What they put together and did not order. It goes with the contact."""

    label = _("Your carts")
    models = ("wagtail_precise_mail.Cart",)

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        carts = Cart.objects.filter(contact=contact).order_by("started_at", "pk")
        lines = CartLine.objects.filter(cart__contact=contact).order_by("cart__started_at", "cart", "position")
        return {
            "carts": rows_of(carts, "source", "key", "currency", "total", "started_at", "changed_at", "closed_at"),
            "cart_lines": rows_of(lines, "cart__key", "product__sku", "variant__sku", "quantity", "unit_price"),
        }


@personal_data.register("product_views")
class ViewData(PersonalData):
    """What they looked at in the shop. It goes with the contact."""

    label = _("What you looked at")
    models = ("wagtail_precise_mail.ProductView",)

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        views = ProductView.objects.filter(contact=contact).order_by("viewed_at", "pk")
        return {"product_views": rows_of(views, "product__sku", "product__name", "viewed_at")}


@personal_data.register("figures")
class FigureData(PersonalData):
    """What is worked out about them: figures, groups, stages, forecasts, movements. All of it goes with them."""

    label = _("What we worked out about you")
    models = (
        "wagtail_precise_mail.FiguresDue",
        "wagtail_precise_mail.ContactFigures",
        "wagtail_precise_mail.ContactStanding",
        "wagtail_precise_mail.ContactForecast",
        "wagtail_precise_mail.Movement",
    )

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        theirs = {"contact": contact}
        moves = Movement.objects.filter(contact=contact).order_by("moved_at", "pk")
        return {
            "figures": rows_of(ContactFigures.objects.filter(**theirs), *_columns(ContactFigures)),
            "standing": rows_of(ContactStanding.objects.filter(**theirs), *_columns(ContactStanding)),
            "forecast": rows_of(ContactForecast.objects.filter(**theirs), *_columns(ContactForecast)),
            "movements": _named_places(rows_of(moves, "axis", "before", "after", "moved_at")),
            "figures_due": rows_of(FiguresDue.objects.filter(**theirs), "change_count"),
        }


# Numbers of our own rows say nothing to anybody; categories do by their name.
_NAMED = {"favorite_category": "favorite_category__name", "former_category": "former_category__name"}


def _named_places(moves: Rows) -> Rows:
    if any(move["axis"] == CATEGORY_AXIS for move in moves):
        names = {str(pk): name for pk, name in Category.objects.values_list("pk", "name")}
        for move in moves:
            if move["axis"] == CATEGORY_AXIS:
                move |= {side: _category_name(move[side], names) for side in ("before", "after")}
    return moves


def _category_name(place: str, names: Mapping[str, str]) -> str:
    return names.get(place, gettext("a deleted category")) if place else ""


def _columns(model: type[Model]) -> list[str]:
    names = [field.name for field in model._meta.concrete_fields if field.name not in ("contact", "model")]
    return [_NAMED.get(name, name) for name in names]
