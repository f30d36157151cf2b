"""The table of exchange rates."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class ExchangeRate(models.Model):
    """What one unit of a currency is worth in the base currency, from a day on until the next rate."""

    currency = models.CharField(_("currency"), max_length=3)
    base_currency = models.CharField(_("base currency"), max_length=3)
    valid_on = models.DateField(_("valid from"))
    rate = models.DecimalField(
        _("rate"), max_digits=20, decimal_places=10, validators=[MinValueValidator(Decimal("0.0000000001"))]
    )

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ["currency", "-valid_on"]
        constraints = [
            models.UniqueConstraint(fields=["currency", "base_currency", "valid_on"], name="wpm_exchange_rate_once"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="wpm_exchange_rate_above_zero"),
        ]

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate.normalize()} {self.base_currency}"
