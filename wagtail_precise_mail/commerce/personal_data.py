"""What commerce knows about people: orders and codes."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.models import CouponCode, Order, OrderLine
from wagtail_precise_mail.commerce.viewed import ProductView
from wagtail_precise_mail.commerce.welcome import WelcomeCoupon
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.personal_data import PersonalData, Rows, personal_data, rows_of


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
        codes = CouponCode.objects.filter(contact=contact).order_by("taken_at", "pk")
        welcome = WelcomeCoupon.objects.filter(contact=contact)
        return {
            "orders": rows_of(orders, "source", "number", "kind", "placed_at", "currency", "total", "country"),
            "order_lines": rows_of(
                lines, "order__number", "position", "product__sku", "description", "quantity", "unit_price", "total"
            ),
            "coupon_codes": rows_of(codes, "pool__name", "code", "taken_at"),
            "welcome_coupon": rows_of(welcome, "title", "code__code", "promised_at", "given_at", "mailed_at"),
        }


@personal_data.register("product_views")
class ViewData(PersonalData):
    """What they looked at in the shop. It goes with the contact."""

    label = _("What you looked at")
    models = ("wagtail_precise_mail.ProductView",)

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        views = ProductView.objects.filter(contact=contact).order_by("viewed_at", "pk")
        return {"product_views": rows_of(views, "product__sku", "product__name", "viewed_at")}
