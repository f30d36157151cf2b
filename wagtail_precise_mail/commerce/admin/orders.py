"""Orders below the menu group: to look at, never to change. What was bought is a fact of the shop."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import django_filters
from babel import Locale
from django.db.models import QuerySet
from django.urls import URLPattern, reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, to_locale
from django.utils.translation import gettext_lazy as _
from wagtail.admin.admin_url_finder import ModelAdminURLFinder
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column, StatusTagColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permission_policies import ModelPermissionPolicy

from wagtail_precise_mail.commerce.admin.rates import WithRateNotices, no_rate
from wagtail_precise_mail.commerce.columns import WIDE_ONLY, MoneyColumn
from wagtail_precise_mail.commerce.currencies import base_currency
from wagtail_precise_mail.commerce.models import Order, OrderLine
from wagtail_precise_mail.commerce.money import format_money
from wagtail_precise_mail.commerce.recording import coupon_code
from wagtail_precise_mail.contacts.masking import may_see_addresses, shown_address
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.searching import search_contacts
from wagtail_precise_mail.encryption import is_encrypting

_READ_ONLY = {"add_url_name", "edit_url_name", "delete_url_name", "history_url_name", "usage_url_name"}


def _known_sources() -> list[tuple[str, str]]:
    names = Order.objects.order_by("source").values_list("source", flat=True).distinct()
    return [(name, name) for name in names]


def _known_channels() -> list[tuple[str, str]]:
    names = Order.objects.exclude(channel="").order_by("channel").values_list("channel", flat=True).distinct()
    return [(name, name) for name in names]


class OrderFilterSet(WagtailFilterSet):
    """Filters of the listing."""

    source = django_filters.ChoiceFilter(label=_("Source"), choices=_known_sources)
    channel = django_filters.ChoiceFilter(label=_("Channel"), choices=_known_channels)
    coupon = django_filters.CharFilter(label=_("Coupon"), method="with_coupon")
    placed_at = django_filters.DateFromToRangeFilter(label=_("Placed"), widget=DateRangePickerWidget)

    class Meta:
        model = Order
        fields = ["kind", "source", "channel", "coupon", "placed_at"]

    def with_coupon(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        """Orders in which a code was used, whatever its case."""
        return orders.filter(coupons__code=coupon_code(value)) if value.strip() else orders


class OrderIndex(WithRateNotices, generic.IndexView):
    """Orders, the latest first."""

    def search_queryset(self, queryset: QuerySet[Order]) -> QuerySet[Order]:
        if not may_see_addresses(self.request.user):
            # Whoever sees masked addresses could otherwise guess them letter by letter.
            self.search_fields = ["number"]
        elif is_encrypting() and self.is_searching and "@" in self.search_query:
            # The database cannot look into addresses: only a whole one finds its orders.
            contacts = search_contacts(Contact.objects.all(), self.search_query, self.request.user)
            return queryset.filter(contact__in=contacts)
        elif is_encrypting():
            self.search_fields = ["number"]
        return super().search_queryset(queryset)

    def get_base_queryset(self) -> QuerySet[Order]:
        return super().get_base_queryset().select_related("contact")

    @property
    def columns(self) -> list[Column]:
        return [
            self._get_title_column("number", TitleColumn),
            Column("placed_at", label=_("Placed"), accessor=_moment, sort_key="placed_at"),
            Column("contact", label=_("Contact"), accessor=self._address, classname=WIDE_ONLY),
            StatusTagColumn(
                "kind",
                label=_("Kind"),
                accessor=lambda order: order.get_kind_display(),
                primary=lambda order: order.kind == Order.Kind.SALE,
                classname=WIDE_ONLY,
            ),
            Column(
                "country", label=_("Country"), accessor=lambda order: country_name(order.country), classname=WIDE_ONLY
            ),
            MoneyColumn("total", label=_("Total"), sort_key="total"),
            Column("source", label=_("Source"), classname=WIDE_ONLY),
        ]

    def _address(self, order: Order) -> str:
        return shown_address(order.contact.email, self.request.user) if order.contact else ""


class OrderView(generic.InspectView):
    """One order with its lines."""

    template_name = "wagtail_precise_mail/commerce/order.html"
    page_title = _("Order")

    def get_object(self, queryset: Any = None) -> Order:
        return super().get_object(Order.objects.select_related("contact", "refund_of"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        order: Order = self.object
        return super().get_context_data(
            **kwargs,
            order=order,
            country=country_name(order.country),
            contact_url=self._contact_url(order),
            address=shown_address(order.contact.email, self.request.user) if order.contact else "",
            total=format_money(order.total, order.currency),
            sums=self._sums(order),
            base_total=self._base_total(order),
            coupons=list(order.coupons.order_by("code").values_list("code", flat=True)),
            refunds=self._related(order.refunds.order_by("placed_at", "pk")),
            refund_of=self._related([order.refund_of] if order.refund_of else []),
            has_discounts=any(line.discount_total for line in self._lines),
            lines=[self._line(line, order.currency) for line in self._lines],
        )

    def _sums(self, order: Order) -> list[tuple[str, str]]:
        """What stands between the lines and the total."""
        rows = [(_("Discount of the order"), -order.order_discount), (_("Shipping"), order.shipping_total)]
        return [(str(label), format_money(amount, order.currency)) for label, amount in rows if amount]

    def _base_total(self, order: Order) -> str:
        """What the total is in the base currency, where that is another one."""
        base = base_currency()
        if order.currency == base:
            return ""
        if order.base_total is None or order.base_rate is None:
            return no_rate(order.currency)
        rate = f"{order.base_rate.normalize():f}"
        amount = format_money(order.base_total.quantize(Decimal("0.01"), ROUND_HALF_UP), base)
        return gettext("%(amount)s at %(rate)s") % {"amount": amount, "rate": rate}

    def _related(self, orders: Iterable[Order]) -> list[dict[str, str]]:
        return [
            {
                "number": order.number,
                "url": reverse("precise-mail-orders:inspect", args=[order.pk]),
                "total": format_money(order.total, order.currency),
            }
            for order in orders
        ]

    @cached_property
    def _lines(self) -> list[OrderLine]:
        return list(self.object.lines.select_related("product", "variant").order_by("position"))

    def _line(self, line: OrderLine, currency: str) -> dict[str, Any]:
        can_change = ModelPermissionPolicy(type(line.product)).user_has_permission(self.request.user, "change")
        return {
            "position": line.position,
            "name": line.product.name or line.description or line.product.sku,
            "variant": line.variant.name if line.variant else "",
            "sku": line.variant.sku if line.variant else line.product.sku,
            "discount": format_money(-line.discount_total, currency) if line.discount_total else "",
            "url": reverse("precise-mail-products:edit", args=[line.product.pk]) if can_change else "",
            "quantity": line.quantity,
            "unit_price": format_money(line.unit_price, currency),
            "total": format_money(line.total, currency),
        }

    def _contact_url(self, order: Order) -> str:
        if order.contact is None:
            return ""
        may_see = ModelPermissionPolicy(Contact).user_has_any_permission(
            self.request.user, ["view", "add", "change", "delete"]
        )
        return reverse("precise-mail-contacts:inspect", args=[order.contact.pk]) if may_see else ""


class _OrderURLFinder(ModelAdminURLFinder):
    """Leads to the page of an order for those who may look at it: there is no form."""

    def get_edit_url(self, instance: Order) -> str | None:
        policy = ModelPermissionPolicy(Order)
        if self.user and not policy.user_has_any_permission(self.user, ["view", "add", "change", "delete"]):
            return None
        return reverse("precise-mail-orders:inspect", args=[instance.pk])


class OrderViewSet(ModelViewSet):
    """The listing and the page of an order; the addresses of forms do not exist."""

    model = Order
    name = "precise-mail-orders"
    icon = "history"
    menu_label = _("Orders")
    index_view_class = OrderIndex
    inspect_view_class = OrderView
    index_template_name = "wagtail_precise_mail/commerce/listing_with_notices.html"
    inspect_view_enabled = True
    copy_view_enabled = False
    add_to_reference_index = False
    filterset_class = OrderFilterSet
    search_fields = ["number", "contact__email"]
    search_backend_name = None
    list_per_page = 50
    ordering = "-placed_at"
    # No panels: nothing here makes a form.
    form_fields: list[str] = []

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        kwargs = super().get_common_view_kwargs(**kwargs)
        return {**kwargs, **dict.fromkeys(_READ_ONLY)}

    def get_inspect_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_inspect_view_kwargs(**{"template_name": OrderView.template_name, **kwargs})

    @property
    def url_finder_class(self) -> type[ModelAdminURLFinder]:
        return _OrderURLFinder

    def get_urlpatterns(self) -> list[URLPattern]:
        kept = {"index", "index_results", "inspect"}
        return [pattern for pattern in super().get_urlpatterns() if pattern.name in kept]


def _moment(order: Order) -> str:
    return date_format(localtime(order.placed_at), "DATETIME_FORMAT")


def country_name(code: str) -> str:
    """Return the name of a country in the active language, or its code."""
    if not code:
        return ""
    return str(Locale.parse(to_locale(get_language() or "en")).territories.get(code, code))
