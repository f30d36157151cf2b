"""What every page of the shop shows."""

from __future__ import annotations

from django.http import HttpRequest

from example_site.shop.basket import Basket
from example_site.shop.queries import shown_categories


def shop(request: HttpRequest) -> dict[str, object]:
    """The basket and the categories for header and footer. Lazy: admin pages do not pay for them."""
    return {"basket": lambda: Basket(request.session), "shop_categories": shown_categories}
