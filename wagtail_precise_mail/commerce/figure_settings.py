"""What the house decides about figures of contacts: classes of RFM and their borders, stages, tiers."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting

from wagtail_precise_mail.commerce.models import ShopRhythm


class BorderKind(models.TextChoices):
    """Where one class of RFM ends and the next begins."""

    QUANTILE = "quantile", _("equal shares of the customers")
    FIXED = "fixed", _("borders of your own")


class FiguresNowPanel(HelpPanel):
    """Which borders hold now, and what they rest on."""

    class BoundPanel(HelpPanel.BoundPanel):
        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            context: dict[str, Any] = super().get_context_data(parent_context)
            return {**context, "rhythm": ShopRhythm.objects.first()}


@register_setting(icon="group")
class FigureSettings(BaseGenericSetting):
    """One set for the whole installation, as contacts belong to no site."""

    class_count = models.PositiveSmallIntegerField(
        _("classes"), default=5, choices=[(3, _("3 classes")), (5, _("5 classes"))]
    )
    border_kind = models.CharField(_("borders"), max_length=10, choices=BorderKind.choices, default=BorderKind.QUANTILE)
    recency_borders = models.CharField(
        _("recency"), max_length=100, blank=True, help_text=_("Days since the last order, such as 30, 90, 180, 365.")
    )
    frequency_borders = models.CharField(
        _("frequency"),
        max_length=100,
        blank=True,
        help_text=_("Orders from which each better class begins: 2, 3, 5, 10."),
    )
    monetary_borders = models.CharField(
        _("monetary"),
        max_length=100,
        blank=True,
        help_text=_("Net revenue from which each better class begins: 50, 200, 500, 1000."),
    )
    at_risk_days = models.PositiveIntegerField(
        _("at risk after days"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    churned_days = models.PositiveIntegerField(
        _("churned after days"), null=True, blank=True, validators=[MinValueValidator(2)]
    )
    top_percent = models.PositiveSmallIntegerField(
        _("top"), default=10, validators=[MinValueValidator(1), MaxValueValidator(98)]
    )
    high_percent = models.PositiveSmallIntegerField(
        _("high"), default=20, validators=[MinValueValidator(1), MaxValueValidator(98)]
    )
    middle_percent = models.PositiveSmallIntegerField(
        _("middle"), default=40, validators=[MinValueValidator(1), MaxValueValidator(98)]
    )

    panels = [
        FiguresNowPanel(
            template="wagtail_precise_mail/commerce/figures_now.html",
            heading=_("As of the last run"),
            icon="info-circle",
        ),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("class_count"), FieldPanel("border_kind")]),
                HelpPanel(_("Borders of your own, one fewer than there are classes, from small to large:")),
                FieldRowPanel(
                    [FieldPanel("recency_borders"), FieldPanel("frequency_borders"), FieldPanel("monetary_borders")]
                ),
            ],
            heading=_("RFM: recency, frequency, monetary value"),
        ),
        MultiFieldPanel(
            [
                HelpPanel(_("Days without an order. Leave both empty to let the shop's own repeat purchases decide.")),
                FieldRowPanel([FieldPanel("at_risk_days"), FieldPanel("churned_days")]),
            ],
            heading=_("Buying stages"),
        ),
        MultiFieldPanel(
            [
                HelpPanel(_("Percent of the customers, from the most valuable down; the rest is low.")),
                FieldRowPanel([FieldPanel("top_percent"), FieldPanel("high_percent"), FieldPanel("middle_percent")]),
            ],
            heading=_("Value tiers"),
        ),
    ]

    class Meta:
        verbose_name = _("figures of contacts")

    @classmethod
    def load(cls, request_or_site: Any = None) -> FigureSettings:
        """Return what was decided, else the defaults; looking writes nothing."""
        if request_or_site is not None:
            return super().load(request_or_site=request_or_site)
        return cls._default_manager.first() or cls()

    def clean(self) -> None:
        super().clean()
        problems: dict[str, Any] = {}
        if self.border_kind == BorderKind.FIXED:
            for name in ("recency_borders", "frequency_borders", "monetary_borders"):
                if problem := self._problem(name):
                    problems[name] = problem
        if bool(self.at_risk_days) != bool(self.churned_days):
            problems["churned_days"] = _("Set both, or none.")
        elif self.at_risk_days and self.churned_days and self.churned_days <= self.at_risk_days:
            problems["churned_days"] = _("Contacts are at risk first, and churned later.")
        if (self.top_percent or 0) + (self.high_percent or 0) + (self.middle_percent or 0) > 99:
            problems["middle_percent"] = _("The three must leave at least one percent for the low tier.")
        if problems:
            raise ValidationError(problems)

    def _problem(self, name: str) -> Any:
        try:
            found = self.borders(name)
        except InvalidOperation:
            return _("Write numbers with commas between them, such as 30, 90, 180, 365.")
        if len(found) != self.class_count - 1:
            return _("Write %(count)s numbers.") % {"count": self.class_count - 1}
        if any(not one.is_finite() or one < 0 for one in found) or found != sorted(set(found)):
            return _("Write them from small to large, and none twice.")
        if name != "monetary_borders" and any(one != int(one) for one in found):
            return _("Write whole numbers.")
        return ""

    def borders(self, name: str) -> list[Decimal]:
        """Return the borders of a class as numbers.

        Raises:
            decimal.InvalidOperation: something else is written there.
        """
        return [Decimal(part.strip()) for part in getattr(self, name).split(",") if part.strip()]
