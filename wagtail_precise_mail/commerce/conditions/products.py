"""The condition on what was bought."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zlib import crc32

from django.db.models import Count as CountRows
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.commerce.choosers import CategoryChooserBlock, ProductChooserBlock
from wagtail_precise_mail.commerce.conditions.windows import PURCHASES, Days, lines_of_contacts, orders_in_words
from wagtail_precise_mail.commerce.models import Order, normalize_sku
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Condition, Count, Key, Keys, Tally, conditions
from wagtail_precise_mail.segments.conditions.words import listed, named, within

# A condition on a category covers this many levels of categories below it.
CATEGORY_LEVELS = 4


@conditions.register("bought_product")
@dataclass(frozen=True)
class BoughtProduct(Condition):
    """Contacts who bought any of some products, or anything of some categories."""

    label = gettext_lazy("Bought a product")
    description = gettext_lazy("Any of these products, or anything in these categories and below.")
    group = PURCHASES
    icon = "tag"

    products: Annotated[
        tuple[str, ...],
        Keys(
            label=gettext_lazy("Products"),
            item_label=gettext_lazy("Product"),
            help_text=gettext_lazy("Any of them."),
            model="wagtail_precise_mail.Product",
            attribute="sku",
            chooser=ProductChooserBlock,
            normalize=normalize_sku,
        ),
    ] = ()
    categories: Annotated[
        tuple[str, ...],
        Keys(
            label=gettext_lazy("Categories"),
            item_label=gettext_lazy("Category"),
            help_text=gettext_lazy("Any product in them, or in a category below them."),
            model="wagtail_precise_mail.Category",
            attribute="slug",
            chooser=CategoryChooserBlock,
        ),
    ] = ()
    orders: Annotated[
        int,
        Count(label=gettext_lazy("In at least this many orders"), help_text=gettext_lazy("Empty: one."), minimum=1),
    ] = 1
    quantity: Annotated[
        int,
        Count(
            label=gettext_lazy("At least this many units"),
            help_text=gettext_lazy("In one line of an order. Empty: one."),
            minimum=1,
        ),
    ] = 1
    days: Days = None

    def problems(self) -> Iterator[tuple[str, str]]:
        if not self.products and not self.categories:
            yield "products", _("choose a product or a category")

    def as_q(self, at: datetime) -> Q:
        return self.tally(at).as_q()

    def tally(self, at: datetime) -> Tally:
        # A figure of its own per set of lines: a neighbour about other products brings another.
        lines = crc32(repr((self.products, self.categories, self.quantity)).encode())
        figure = "orders" if self.orders > 1 else "lines"
        return Tally(
            source=("lines", self.days),
            rows=lambda: lines_of_contacts(at, self.days),
            wanted=self._wanted(),
            contact="order__contact_id",
            figures={f"{figure}_{lines:08x}": _count_orders if self.orders > 1 else _count_lines},
            having=Q(**{f"{figure}_{lines:08x}__gte": self.orders}),
            is_any_row=self.orders == 1,
        )

    def _wanted(self) -> Q:
        wanted = Q()
        ids = [key.pk for key in self.products if isinstance(key, Key) and key.pk]
        if self.products:
            known = len(ids) == len(self.products)
            wanted |= Q(product__in=ids) if known else Q(product__sku__in=self.products)
        path = "product__category"
        for _level in range(CATEGORY_LEVELS + 1 if self.categories else 0):
            wanted |= Q(**{f"{path}__slug__in": self.categories})
            path += "__parent"
        return wanted & Q(quantity__gte=self.quantity)

    def sentence(self) -> str:
        things = [_("something of %(category)s") % {"category": named(slug)} for slug in self.categories]
        words = [_("bought %(things)s") % {"things": listed([*map(named, self.products), *things])}]
        if self.orders > 1:
            words.append(_("in at least %(count)s orders") % {"count": self.orders})
        if self.quantity > 1:
            words.append(_("with at least %(count)s units in a line") % {"count": self.quantity})
        return " ".join(words) + within(self.days)

    def explain(self, contact: Contact, at: datetime) -> str:
        lines = lines_of_contacts(at, self.days).filter(self._wanted(), order__contact=contact)
        return orders_in_words(Order.objects.filter(pk__in=lines.values("order")))


def _count_orders(only: Q | None) -> CountRows:
    return CountRows("order_id", distinct=True, filter=only)


def _count_lines(only: Q | None) -> CountRows:
    return CountRows("pk", filter=only)
