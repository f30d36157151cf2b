"""Tables of orders."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.models.products import Product, ProductVariant
from wagtail_precise_mail.contacts.models import Contact


class Order(models.Model):
    """An invoice of a source: a sale, a refund, or a bookkeeping adjustment that is neither."""

    class Kind(models.TextChoices):
        SALE = "sale", _("sale")
        REFUND = "refund", _("refund")
        ADJUSTMENT = "adjustment", _("adjustment")

    source = models.CharField(_("source"), max_length=50)
    number = models.CharField(_("number"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.SALE)
    # Orders without a contact count for product figures only.
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="orders", verbose_name=_("contact")
    )
    placed_at = models.DateTimeField(_("placed"))
    currency = models.CharField(_("currency"), max_length=3)
    # Lines less the discount of the order plus shipping, negative for refunds: kept here because segments read it for
    # every contact, and so are the sums below.
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=4, default=0)
    # Positive in sales: all discounts, those of the lines among them.
    discount_total = models.DecimalField(_("discount"), max_digits=18, decimal_places=4, default=0)
    order_discount = models.DecimalField(_("discount of the order"), max_digits=18, decimal_places=4, default=0)
    shipping_total = models.DecimalField(_("shipping"), max_digits=18, decimal_places=4, default=0)
    # Pieces of products, charges left out; and of the lines whose cost is known what they brought and what they cost.
    unit_count = models.IntegerField(_("units"), default=0)
    costed_total = models.DecimalField(max_digits=18, decimal_places=4, default=0, editable=False)
    cost_total = models.DecimalField(max_digits=18, decimal_places=4, default=0, editable=False)
    # What one unit of the currency is worth in the base currency of the installation, as of the order. Without it the
    # order counts, and its money does not: currencies are never mixed silently.
    base_rate = models.DecimalField(_("rate"), max_digits=20, decimal_places=10, null=True, blank=True)
    base_total = models.DecimalField(_("total in base currency"), max_digits=18, decimal_places=4, null=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    channel = models.CharField(_("channel"), max_length=50, blank=True, help_text=_("Such as web, app or store."))
    payment_method = models.CharField(_("payment"), max_length=50, blank=True)
    shipping_method = models.CharField(_("way of shipping"), max_length=50, blank=True)
    # Of a refund: the sale that it belongs to, where the source says so.
    refund_of = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="refunds", verbose_name=_("refund of")
    )
    is_historical = models.BooleanField(_("imported history"), default=False)
    recorded_at = models.DateTimeField(_("recorded"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-placed_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="wpm_order_once")]
        indexes = [
            models.Index(fields=["contact", "kind", "placed_at"], name="wpm_order_contact"),
            models.Index(fields=["kind", "placed_at"], name="wpm_order_placed"),
            # The few that wait for a rate, for the notice and for the rate that comes.
            models.Index(fields=["currency"], name="wpm_order_unrated", condition=models.Q(base_rate__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """One line of an order; its position in the order is its natural key."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField(_("position"))
    # Without an index of its own: the one below begins with it.
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="order_lines", verbose_name=_("product"), db_index=False
    )
    variant = models.ForeignKey(
        ProductVariant, models.SET_NULL, null=True, blank=True, related_name="order_lines", verbose_name=_("variant")
    )
    description = models.CharField(_("description"), max_length=250, blank=True)
    quantity = models.IntegerField(_("quantity"), help_text=_("Negative in refunds."))
    unit_price = models.DecimalField(_("unit price"), max_digits=14, decimal_places=4)
    discount_total = models.DecimalField(_("discount"), max_digits=18, decimal_places=4, default=0)
    # Quantity times unit price, less the discount.
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=4)
    # What one cost the shop when it was sold, in the currency of the order.
    unit_cost = models.DecimalField(_("cost"), max_digits=14, decimal_places=4, null=True, blank=True)
    refund_of = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="refunds", verbose_name=_("refund of")
    )

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["order", "position"]
        constraints = [models.UniqueConstraint(fields=["order", "position"], name="wpm_line_once")]
        # "Who bought it" without reading the lines themselves.
        indexes = [models.Index(fields=["product", "order"], include=["quantity", "total"], name="wpm_line_product")]

    def __str__(self) -> str:
        return f"{self.order} #{self.position}"


class OrderCoupon(models.Model):
    """A code that was used in an order, as the source wrote it, in capitals."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="coupons")
    code = models.CharField(_("code"), max_length=100)

    class Meta:
        verbose_name = _("coupon of an order")
        verbose_name_plural = _("coupons of orders")
        constraints = [models.UniqueConstraint(fields=["order", "code"], name="wpm_order_coupon_once")]
        indexes = [models.Index(fields=["code"], name="wpm_order_coupon_code")]

    def __str__(self) -> str:
        return self.code
