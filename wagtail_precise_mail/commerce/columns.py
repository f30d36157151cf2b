"""Columns that listings and choosers of products and orders share."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import BaseColumn, Column
from wagtail.images import get_image_model

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.commerce.money import format_money

THUMBNAIL = "fill-80x80"
# Not on telephones: the name needs the room.
WIDE_ONLY = "wpm-commerce-wide"


def with_pictures(products: QuerySet[Product]) -> QuerySet[Product]:
    """Fetch what :class:`PictureColumn` shows in a fixed number of queries."""
    images = get_image_model().objects.prefetch_renditions(THUMBNAIL)
    return products.select_related("category").prefetch_related(Prefetch("image", images))


class Styled:
    """Brings the style sheet of these listings along."""

    class Media:
        css = {"all": ["wagtail_precise_mail/commerce/listing.css"]}


class WideColumn(Styled, Column):
    """Text that telephones have no room for."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(name, classname=WIDE_ONLY, **kwargs)


class PictureColumn(Styled, BaseColumn):
    """A thumbnail of a product."""

    cell_template_name = "wagtail_precise_mail/commerce/picture_cell.html"

    def __init__(self, name: str = "picture", **kwargs: Any) -> None:
        super().__init__(name, **{"label": _("Picture"), "width": "72px", **kwargs})


class MoneyColumn(Styled, Column):
    """An amount with the currency beside it in ``currency``, aligned with the amounts above and below."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(name, **{"classname": "wpm-money", **kwargs})

    def get_value(self, instance: Any) -> str:
        amount = super().get_value(instance)
        if amount is None:
            return ""
        return format_html('<span class="wpm-money__amount">{}</span>', format_money(amount, instance.currency))
