"""Exchange rates below the menu group, with a word about orders that wait for one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, ObjectList
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views import generic
from wagtail.permission_policies import ModelPermissionPolicy

from wagtail_precise_mail.commerce.admin.products import WithViewPermission
from wagtail_precise_mail.commerce.checking import is_currency_code
from wagtail_precise_mail.commerce.columns import WIDE_ONLY
from wagtail_precise_mail.commerce.currencies import base_currency
from wagtail_precise_mail.commerce.models import ExchangeRate
from wagtail_precise_mail.commerce.rates import delete_exchange_rate, missing_rates, set_exchange_rate


def rate_notices(user: Any) -> list[dict[str, str]]:
    """Return which orders wait for a rate, in words, each with where to give it for those who may."""
    may_add = ModelPermissionPolicy(ExchangeRate).user_has_permission(user, "add")
    base = base_currency()
    notices = []
    for missing in missing_rates():
        words = ngettext(
            "%(count)s order in %(currency)s has no rate, so its money is missing in all figures. Say what one "
            "%(currency)s was worth in %(base)s on %(day)s or before.",
            "%(count)s orders in %(currency)s have no rate, so their money is missing in all figures. Say what one "
            "%(currency)s was worth in %(base)s on %(day)s or before.",
            missing.order_count,
        )
        since = localtime(missing.since)
        day = date_format(since, "DATE_FORMAT")
        facts = {"count": missing.order_count, "currency": missing.currency, "base": base, "day": day}
        query = f"?currency={missing.currency}&valid_on={missing.since:%Y-%m-%d}"
        url = reverse("precise-mail-rates:add") + query if may_add else ""
        notices.append({"text": words % facts, "url": url})
    return notices


class WithRateNotices:
    """Shows what waits for a rate above a listing."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "rate_notices": rate_notices(self.request.user)}  # type: ignore[misc,attr-defined]


class ExchangeRateForm(WagtailAdminModelForm):
    """Saving writes the rate into the orders of its days."""

    class Meta(WagtailAdminModelForm.Meta):
        model = ExchangeRate
        fields = ["currency", "valid_on", "rate"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._before = ExchangeRate.objects.filter(pk=self.instance.pk).first() if self.instance.pk else None

    def clean_currency(self) -> str:
        code = str(self.cleaned_data["currency"]).strip().upper()
        if not is_currency_code(code):
            raise forms.ValidationError(_("There is no such currency. Use its code of three letters, such as USD."))
        return code

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        base = self.instance.base_currency = self.instance.base_currency or base_currency()
        if not base:
            raise forms.ValidationError(_("Set base_currency in the settings first: there is no order that shows it."))
        key = {"currency": cleaned.get("currency"), "valid_on": cleaned.get("valid_on")}
        if key["currency"] == base:
            self.add_error("currency", _("This is the base currency, which is worth itself."))
        others = ExchangeRate.objects.filter(**key, base_currency=base).exclude(pk=self.instance.pk)
        if all(key.values()) and others.exists():
            self.add_error("valid_on", _("There is a rate of this currency from this day on. Change that one."))
        return cleaned

    def save(self, commit: bool = True) -> ExchangeRate:
        rate: ExchangeRate = self.instance
        if self._before and (self._before.currency, self._before.valid_on) != (rate.currency, rate.valid_on):
            delete_exchange_rate(self._before)
        stored = set_exchange_rate(rate.currency, rate.rate, valid_on=rate.valid_on)
        rate.pk, rate._state.adding = stored.pk, False
        return stored


class ExchangeRateIndex(WithRateNotices, generic.IndexView):
    """Rates by currency, the latest first."""

    @property
    def columns(self) -> list[Column]:
        title = self._get_title_column("currency", TitleColumn)
        title.accessor, title.label = str, _("Rate")
        return [
            title,
            Column("valid_on", label=_("Valid from"), sort_key="valid_on", accessor=_shown_day),
            Column("base_currency", label=_("Base currency"), classname=WIDE_ONLY),
        ]


def _shown_day(rate: ExchangeRate) -> str:
    return date_format(rate.valid_on, "DATE_FORMAT")


class ExchangeRateCreate(generic.CreateView):
    """A new rate; the notice of what is missing says of what and from when."""

    def get_initial_form_instance(self) -> ExchangeRate:
        known = {"currency", "valid_on"} & self.request.GET.keys()
        values = {name: self.request.GET[name][:10] for name in known}
        return ExchangeRate(currency=values.get("currency", "")[:3].upper(), valid_on=_day(values.get("valid_on", "")))


def _day(text: str) -> Any:
    try:
        return forms.DateField().clean(text)
    except forms.ValidationError:
        return None


class ExchangeRateDelete(generic.DeleteView):
    """Its days get the rate before, or wait for one again."""

    def delete_action(self) -> None:
        delete_exchange_rate(self.object)


class ExchangeRateViewSet(WithViewPermission):
    """What other currencies are worth in the base currency."""

    model = ExchangeRate
    name = "precise-mail-rates"
    icon = "order"
    menu_label = _("Exchange rates")
    index_view_class = ExchangeRateIndex
    index_template_name = "wagtail_precise_mail/commerce/listing_with_notices.html"
    add_view_class = ExchangeRateCreate
    delete_view_class = ExchangeRateDelete
    search_fields = ["currency"]
    search_backend_name = None
    add_to_reference_index = False
    list_per_page = 50
    edit_handler = ObjectList(
        [
            HelpPanel(
                _(
                    "Figures are in one currency. An order keeps what its own currency was worth on its day; without a "
                    "rate it counts, and its money is missing. Saving a rate corrects the orders of its days."
                )
            ),
            FieldRowPanel([FieldPanel("currency"), FieldPanel("valid_on")]),
            FieldPanel("rate", help_text=_("What one unit is worth in the base currency, such as 0.8543.")),
        ],
        base_form_class=ExchangeRateForm,
    )

    def get_index_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_index_view_kwargs(**{"default_ordering": ["currency", "-valid_on"], **kwargs})


def no_rate(currency: str) -> str:
    """What stands where the amount in the base currency would be."""
    return gettext("no rate for %(currency)s") % {"currency": currency}
