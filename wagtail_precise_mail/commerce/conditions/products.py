"""The condition on what was bought."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from django.db.models import Count as CountRows
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.commerce.choosers import CategoryChooserBlock, ProductChooserBlock
from wagtail_precise_mail.commerce.conditions.windows import PURCHASES, Days, lines_of_contacts, orders_in_words
from wagtail_precise_mail.commerce.models import Order, OrderLine, normalize_sku
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Condition, Count, Keys, conditions
from wagtail_precise_mail.segments.conditions.words import listed, within

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
        contacts = self._lines(at).values("order__contact_id")
        if self.orders > 1:
            counted = contacts.annotate(order_count=CountRows("order_id", distinct=True))
            contacts = counted.filter(order_count__gte=self.orders).values("order__contact_id")
        return Q(pk__in=contacts)

    def _lines(self, at: datetime) -> QuerySet[OrderLine]:
        wanted = Q(product__sku__in=self.products) if self.products else Q()
        path = "product__category"
        for _level in range(CATEGORY_LEVELS + 1 if self.categories else 0):
            wanted |= Q(**{f"{path}__slug__in": self.categories})
            path += "__parent"
        return lines_of_contacts(at, self.days).filter(wanted, quantity__gte=self.quantity)

    def sentence(self) -> str:
        things = [_("the category %(slug)s") % {"slug": slug} for slug in self.categories]
        words = [_("bought %(things)s") % {"things": listed([*self.products, *things])}]
        if self.orders > 1:
            words.append(_("in at least %(count)s orders") % {"count": self.orders})
        if self.quantity > 1:
            words.append(_("with at least %(count)s units in a line") % {"count": self.quantity})
        return " ".join(words) + within(self.days)

    def explain(self, contact: Contact, at: datetime) -> str:
        found = Order.objects.filter(pk__in=self._lines(at).filter(order__contact=contact).values("order"))
        return orders_in_words(found)
