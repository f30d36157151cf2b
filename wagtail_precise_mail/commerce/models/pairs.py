"""The table of products that go together."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.models.products import Category, Product


class ProductPair(models.Model):
    """Two products of which one is shown to those who bought the other: learned from orders, or said by a person."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="pairs", verbose_name=_("who bought"))
    companion = models.ForeignKey(Product, models.CASCADE, related_name="+", verbose_name=_("is shown"))
    is_manual = models.BooleanField(_("said by a person"), default=False, editable=False)
    order_count = models.PositiveIntegerField(_("orders with both"), default=0, editable=False)
    # How many times as often as chance would have it they stand in one order.
    lift = models.FloatField(_("lift"), default=0, editable=False)

    class Meta:
        verbose_name = _("product pair")
        verbose_name_plural = _("product pairs")
        constraints = [
            models.UniqueConstraint(fields=["product", "companion"], name="wpm_pair_once"),
            models.CheckConstraint(condition=~models.Q(product=models.F("companion")), name="wpm_pair_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.product} → {self.companion}"

    def clean(self) -> None:
        super().clean()
        if self.product_id and self.product_id == self.companion_id:
            raise ValidationError({"companion": _("Choose another product than the one that was bought.")})


class CategoryPair(models.Model):
    """A product that is shown to those who bought from a category, or from one below it; always said by a person."""

    category = models.ForeignKey(Category, models.CASCADE, related_name="pairs", verbose_name=_("who bought from"))
    companion = models.ForeignKey(Product, models.CASCADE, related_name="+", verbose_name=_("is shown"))

    class Meta:
        verbose_name = _("pair of a category")
        verbose_name_plural = _("pairs of categories")
        constraints = [models.UniqueConstraint(fields=["category", "companion"], name="wpm_category_pair_once")]

    def __str__(self) -> str:
        return f"{self.category} → {self.companion}"


class ViewedPair(models.Model):
    """Two products that the same contacts looked at, more often than chance would have it; learned every night."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="viewed_pairs", verbose_name=_("who looked at"))
    companion = models.ForeignKey(Product, models.CASCADE, related_name="+", verbose_name=_("looked at"))
    viewer_count = models.PositiveIntegerField(_("contacts"), default=0)
    lift = models.FloatField(_("lift"), default=0)

    class Meta:
        verbose_name = _("products viewed together")
        verbose_name_plural = _("products viewed together")
        constraints = [models.UniqueConstraint(fields=["product", "companion"], name="wpm_viewed_pair_once")]

    def __str__(self) -> str:
        return f"{self.product} → {self.companion}"
