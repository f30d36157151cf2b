"""Tables of what is worked out about contacts from their orders. All of it can be worked out again at any time."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.models.products import Category
from wagtail_precise_mail.contacts.models import Contact


class FiguresDue(models.Model):
    """A contact whose orders changed since their figures were worked out."""

    contact = models.OneToOneField(Contact, models.CASCADE, primary_key=True, related_name="+")
    # Counts up with each change, so that one that comes while figures are worked out is not lost.
    change_count = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("contact with new orders")
        verbose_name_plural = _("contacts with new orders")

    def __str__(self) -> str:
        return str(self.contact_id)


class ContactFigures(models.Model):
    """What a contact bought, added up. Money is in the base currency; contacts without any order have no row."""

    contact = models.OneToOneField(Contact, models.CASCADE, primary_key=True, related_name="figures")
    order_count = models.PositiveIntegerField(_("orders"), default=0)
    refund_count = models.PositiveIntegerField(_("refunds"), default=0)
    # Orders in a currency without a rate: they count above, and are missing in all money below.
    unrated_count = models.PositiveIntegerField(_("orders without a rate"), default=0)
    unit_count = models.IntegerField(_("units"), default=0)
    gross_revenue = models.DecimalField(_("gross revenue"), max_digits=18, decimal_places=4, default=0)
    refund_total = models.DecimalField(_("refunded"), max_digits=18, decimal_places=4, default=0)
    net_revenue = models.DecimalField(_("net revenue"), max_digits=18, decimal_places=4, default=0)
    average_order = models.DecimalField(_("average order"), max_digits=18, decimal_places=4, null=True)
    discount_total = models.DecimalField(_("discounts"), max_digits=18, decimal_places=4, default=0)
    # Of the price before discounts, from 0 to 1.
    discount_share = models.FloatField(_("discount share"), null=True)
    # Of the lines whose cost is known, and which share of the net revenue they are.
    margin = models.DecimalField(_("margin"), max_digits=18, decimal_places=4, null=True)
    costed_revenue = models.DecimalField(_("revenue with known cost"), max_digits=18, decimal_places=4, default=0)
    costed_share = models.FloatField(_("share with known cost"), null=True)
    first_order_at = models.DateTimeField(_("first order"), null=True)
    last_order_at = models.DateTimeField(_("last order"), null=True)
    # Mean days between orders; several on one day are one purchase. None below two.
    interval_days = models.FloatField(_("days between orders"), null=True)
    favorite_category = models.ForeignKey(
        Category, models.SET_NULL, null=True, related_name="+", verbose_name=_("favorite category")
    )
    # The favorite before the last one changed, and when it did (C047).
    former_category = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="+")
    category_changed_at = models.DateTimeField(null=True)
    favorite_brand = models.CharField(_("favorite brand"), max_length=100, blank=True)
    average_unit_price = models.DecimalField(_("price per unit"), max_digits=18, decimal_places=4, null=True)
    # Of orders, in the time zone of the contact or else of the site; Monday is 0.
    preferred_hour = models.PositiveSmallIntegerField(_("preferred hour"), null=True)
    preferred_weekday = models.PositiveSmallIntegerField(_("preferred weekday"), null=True)
    computed_at = models.DateTimeField(_("worked out"))

    class Meta:
        verbose_name = _("figures of a contact")
        verbose_name_plural = _("figures of contacts")
        indexes = [
            models.Index(fields=["last_order_at"], name="wpm_figures_last_order"),
            models.Index(fields=["net_revenue"], name="wpm_figures_net"),
            models.Index(fields=["favorite_category"], name="wpm_figures_category"),
            models.Index(fields=["favorite_brand"], name="wpm_figures_brand"),
            models.Index(fields=["preferred_weekday", "preferred_hour"], name="wpm_figures_rhythm"),
            models.Index(
                fields=["category_changed_at"],
                name="wpm_figures_changed",
                condition=models.Q(category_changed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.contact_id)


class BuyingStage(models.TextChoices):
    """Where a contact stands as a buyer."""

    PROSPECT = "prospect", _("prospect")
    NEW = "new", _("new")
    MATURE = "mature", _("mature")
    AT_RISK = "at_risk", _("at risk")
    CHURNED = "churned", _("churned")


class ValueTier(models.TextChoices):
    """What a contact is worth beside the others: by margin where costs are known, else by net revenue."""

    TOP = "top", _("top")
    HIGH = "high", _("high")
    MIDDLE = "middle", _("middle")
    LOW = "low", _("low")


class ContactStanding(models.Model):
    """RFM, buying stage and value tier of a contact, as of the last nightly run. Prospects have no row."""

    contact = models.OneToOneField(Contact, models.CASCADE, primary_key=True, related_name="standing")
    # From 1 (worst) to 3 or 5 (best).
    recency_score = models.PositiveSmallIntegerField(_("recency"), null=True)
    frequency_score = models.PositiveSmallIntegerField(_("frequency"), null=True)
    monetary_score = models.PositiveSmallIntegerField(_("monetary"), null=True)
    rfm_group = models.CharField(_("RFM group"), max_length=30, blank=True)
    rfm_since = models.DateTimeField(null=True)
    buying_stage = models.CharField(_("stage"), max_length=10, choices=BuyingStage.choices, blank=True)
    stage_since = models.DateTimeField(null=True)
    value_tier = models.CharField(_("value"), max_length=10, choices=ValueTier.choices, blank=True)
    tier_since = models.DateTimeField(null=True)
    computed_at = models.DateTimeField(_("worked out"))

    class Meta:
        verbose_name = _("standing of a contact")
        verbose_name_plural = _("standings of contacts")
        indexes = [
            models.Index(fields=["rfm_group"], name="wpm_standing_group"),
            models.Index(fields=["buying_stage"], name="wpm_standing_stage"),
            models.Index(fields=["value_tier"], name="wpm_standing_tier"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.rfm_group} {self.buying_stage}"


class ForecastModel(models.Model):
    """A model fitted to all orders of a day, with how well it did on orders that it had not seen."""

    fitted_at = models.DateTimeField(_("fitted"))
    contact_count = models.PositiveIntegerField(_("customers"), default=0)
    repeat_count = models.PositiveIntegerField(_("of them repeat customers"), default=0)
    history_days = models.PositiveIntegerField(_("days of history"), default=0)
    horizon_days = models.PositiveIntegerField(_("days ahead"), default=365)
    currency = models.CharField(max_length=3, blank=True)
    # Of BG/NBD (r, alpha, a, b) and Gamma-Gamma (p, q, v); empty below the gate.
    parameters = models.JSONField(default=dict)
    # Errors on the holdout period by name, and what was there to compare.
    backtest = models.JSONField(default=dict)
    # Why there are no forecasts, in words for people; "" when there are.
    refusal = models.CharField(max_length=250, blank=True)
    # None while forecasts are being written.
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("forecast model")
        verbose_name_plural = _("forecast models")
        ordering = ["-fitted_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.fitted_at:%Y-%m-%d}"


class ContactForecast(models.Model):
    """What a contact is expected to do, each with an interval of 90 percent. None where there is not enough data."""

    contact = models.OneToOneField(Contact, models.CASCADE, primary_key=True, related_name="forecast")
    model = models.ForeignKey(ForecastModel, models.CASCADE, related_name="forecasts")
    # From 0 to 1.
    alive_probability = models.FloatField(_("probability alive"), null=True)
    alive_low = models.FloatField(null=True)
    alive_high = models.FloatField(null=True)
    # Within the days ahead of the model.
    expected_orders = models.FloatField(_("expected orders"), null=True)
    orders_low = models.FloatField(null=True)
    orders_high = models.FloatField(null=True)
    # That there is at least one order within them.
    purchase_probability = models.FloatField(_("purchase likelihood"), null=True)
    # Expected revenue within the same days, in the base currency.
    lifetime_value = models.DecimalField(_("lifetime value"), max_digits=18, decimal_places=4, null=True)
    value_low = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    value_high = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    next_order_on = models.DateField(_("next order"), null=True)
    next_order_from = models.DateField(null=True)
    next_order_until = models.DateField(null=True)
    # By their rhythm, counted from the last order: unlike the dates above, it can be over.
    due_on = models.DateField(_("next order due"), null=True)

    class Meta:
        verbose_name = _("forecast of a contact")
        verbose_name_plural = _("forecasts of contacts")
        indexes = [
            models.Index(fields=["alive_probability"], name="wpm_forecast_alive"),
            models.Index(fields=["lifetime_value"], name="wpm_forecast_value"),
            models.Index(fields=["next_order_on"], name="wpm_forecast_next"),
            models.Index(fields=["due_on"], name="wpm_forecast_due"),
            models.Index(fields=["expected_orders"], name="wpm_forecast_orders"),
            models.Index(fields=["purchase_probability"], name="wpm_forecast_purchase"),
        ]

    def __str__(self) -> str:
        return str(self.contact_id)
