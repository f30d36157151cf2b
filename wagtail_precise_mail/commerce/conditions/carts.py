"""The condition on open carts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.commerce.conditions.things import Categories, Products, Things
from wagtail_precise_mail.commerce.conditions.windows import RHYTHM, shown_moment
from wagtail_precise_mail.commerce.models import Cart, CartLine
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Amount, Condition, Count, Text, conditions
from wagtail_precise_mail.segments.conditions.words import between


@conditions.register("open_cart")
@dataclass(frozen=True)
class OpenCart(Condition):
    """Contacts with a cart that is neither ordered nor given up. One that changed after the moment does not count:
    what it was like before is not kept."""

    label = gettext_lazy("Open cart")
    description = gettext_lazy("Put something into a cart and have not ordered it.")
    group = RHYTHM
    icon = "tasks"

    min_hours: Annotated[
        int | None,
        Count(
            label=gettext_lazy("Untouched for at least hours"),
            help_text=gettext_lazy("So that nobody is written to who is still choosing."),
            minimum=1,
            maximum=87_600,
        ),
    ] = None
    max_hours: Annotated[
        int | None, Count(label=gettext_lazy("Untouched for at most hours"), minimum=1, maximum=87_600)
    ] = None
    min_total: Annotated[Decimal | None, Amount(label=gettext_lazy("Worth at least"))] = None
    currency: Annotated[
        str,
        Text(
            label=gettext_lazy("Currency"),
            help_text=gettext_lazy("Of the worth, such as GBP: carts in others do not count."),
            max_length=3,
        ),
    ] = ""
    products: Products = ()
    categories: Categories = ()

    @property
    def things(self) -> Things:
        return Things(self.products, self.categories)

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.min_hours and self.max_hours and self.min_hours > self.max_hours:
            yield "max_hours", _("must not be below min_hours")
        if (self.min_total is None) != (not self.currency):
            yield "currency", _("give a worth with its currency: currencies are not mixed")

    def as_q(self, at: datetime) -> Q:
        return Q(pk__in=self._carts(at).values("contact_id"))

    def _carts(self, at: datetime) -> QuerySet[Cart]:
        is_open = Q(closed_at__isnull=True) | Q(closed_at__gt=at)
        untouched = at - timedelta(hours=self.min_hours or 0)
        carts = Cart.objects.order_by().filter(is_open, contact__isnull=False, changed_at__lte=untouched)
        if self.max_hours:
            carts = carts.filter(changed_at__gte=at - timedelta(hours=self.max_hours))
        if self.min_total is not None:
            carts = carts.filter(total__gte=self.min_total, currency=self.currency.upper())
        if self.things:
            carts = carts.filter(Exists(CartLine.objects.filter(self.things.of_lines(), cart=OuterRef("pk"))))
        return carts

    def sentence(self) -> str:
        words = [_("have an open cart")]
        if self.things:
            words.append(_("with %(things)s") % {"things": self.things.words()})
        if self.min_total is not None:
            worth = {"amount": f"{between(self.min_total, None)} {self.currency.upper()}"}
            words.append(_("worth %(amount)s") % worth)
        if self.min_hours or self.max_hours:
            words.append(_("untouched for %(hours)s hours") % {"hours": between(self.min_hours, self.max_hours)})
        return " ".join(words)

    def explain(self, contact: Contact, at: datetime) -> str:
        cart = self._carts(at).filter(contact=contact).order_by("-changed_at").first()
        if cart is None:
            return _("no such cart")
        words = {"key": cart.key, "amount": f"{cart.total:.2f} {cart.currency}", "day": shown_moment(cart.changed_at)}
        return _("cart %(key)s for %(amount)s, changed on %(day)s") % words
