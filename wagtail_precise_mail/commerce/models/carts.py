"""Tables of carts: what somebody put together and has not ordered yet."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.models.orders import Order
from wagtail_precise_mail.commerce.models.products import Product, ProductVariant
from wagtail_precise_mail.contacts.models import Contact


class Cart(models.Model):
    """A cart of a source: open until it is ordered or given up."""

    source = models.CharField(_("source"), max_length=50)
    key = models.CharField(_("key"), max_length=100)
    # It is about this person: erasing the contact erases it.
    contact = models.ForeignKey(
        Contact, models.CASCADE, null=True, blank=True, related_name="carts", verbose_name=_("contact")
    )
    currency = models.CharField(_("currency"), max_length=3)
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=4, default=0)
    url = models.CharField(_("link"), max_length=500, blank=True, help_text=_("Where the cart can be taken up again."))
    started_at = models.DateTimeField(_("started"))
    changed_at = models.DateTimeField(_("changed"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    order = models.ForeignKey(Order, models.SET_NULL, null=True, blank=True, related_name="carts")

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        ordering = ["-changed_at"]
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="wpm_cart_once")]
        indexes = [
            models.Index(fields=["contact", "changed_at"], name="wpm_cart_contact"),
            # Not of open carts alone: one that was closed since a moment was open then.
            models.Index(fields=["changed_at"], name="wpm_cart_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.key}"


class CartLine(models.Model):
    """One line of a cart."""

    cart = models.ForeignKey(Cart, models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField(_("position"))
    product = models.ForeignKey(Product, models.CASCADE, related_name="+", verbose_name=_("product"))
    variant = models.ForeignKey(ProductVariant, models.SET_NULL, null=True, blank=True, related_name="+")
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_price = models.DecimalField(_("unit price"), max_digits=14, decimal_places=4)

    class Meta:
        verbose_name = _("cart line")
        verbose_name_plural = _("cart lines")
        ordering = ["cart", "position"]
        constraints = [models.UniqueConstraint(fields=["cart", "position"], name="wpm_cart_line_once")]

    def __str__(self) -> str:
        return f"{self.cart} #{self.position}"
