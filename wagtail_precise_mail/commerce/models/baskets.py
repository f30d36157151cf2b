"""Tables in which pairs of products are counted; empty between two runs.

Plain numbers and no foreign keys: they are written by the million, and what they name may be gone meanwhile.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class BasketItem(models.Model):
    """That a product stands in an order."""

    basket = models.BigIntegerField()
    product = models.BigIntegerField()

    class Meta:
        verbose_name = _("product in a basket")
        verbose_name_plural = _("products in baskets")
        constraints = [models.UniqueConstraint(fields=["basket", "product"], name="wpm_basket_item_once")]
        indexes = [models.Index(fields=["product", "basket"], name="wpm_basket_item_product")]

    def __str__(self) -> str:
        return f"{self.basket}: {self.product}"


class BasketCount(models.Model):
    """In how many orders a product stands; of the product 0, how many orders there are."""

    product = models.BigIntegerField(primary_key=True)
    baskets = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("baskets with a product")
        verbose_name_plural = _("baskets with products")

    def __str__(self) -> str:
        return f"{self.product}: {self.baskets}"
