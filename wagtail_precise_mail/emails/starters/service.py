"""Starters that follow an order."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.starters.base import Material, RawBlock, Starter, block, heading, starters, text


def _review(material: Material) -> list[RawBlock]:
    return [
        heading(_("How is it going?"), 1, aida="attention"),
        block("salutation", tone="informal", words=""),
        text(_("You have had your parcel for a while now. What you say helps others to choose, and us to do better.")),
        block("order_summary", title=_("Your order"), show_pictures=True, aida="interest"),
        block("survey", question=_("How satisfied are you?"), kind="stars", asks_comment=True, background="tint"),
        text(_("Something is not as it should be? Just answer this email: a person reads it.")),
        block("button", label=_("Write a review"), page=material.home, style="outline", aida="action"),
        block("signature", tone="informal"),
    ]


def _order(material: Material) -> list[RawBlock]:
    return [
        heading(_("Thank you for your order"), 1, aida="attention"),
        block("salutation", tone="informal", words=""),
        text(_("We have it, and pack it with care. This is what you ordered:")),
        block("order_summary", title=_("Your order"), show_pictures=True),
        block("button", label=_("Look at your order"), page=material.home, aida="action"),
        block("divider", style="line"),
        block(
            "product_list",
            heading=_("Often bought with it"),
            selection="bought_together",
            fallback="",
            count=2,
            columns="2",
            layout="above",
            is_slot_for_consenting=True,
            show_reason=True,
        ),
        text(_("Questions? Just answer this email.")),
        block("signature", tone="informal"),
    ]


for _key, _starter in {
    "review_request": Starter(
        gettext_lazy("Review request"),
        gettext_lazy("Some days after the parcel: what they bought, five stars to click, a place for words."),
        gettext_lazy("How is it going?"),
        gettext_lazy("One click, and a minute if you have it"),
        _review,
    ),
    "order_confirmation": Starter(
        gettext_lazy("Order confirmation"),
        gettext_lazy("Thanks, the order line by line, and what goes with it for those who agreed to such hints."),
        gettext_lazy("Thank you for your order"),
        gettext_lazy("We have it, and pack it with care"),
        _order,
    ),
}.items():
    starters.register(_key)(_starter)
