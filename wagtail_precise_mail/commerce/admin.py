"""The Wagtail side of this room."""

from __future__ import annotations

from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSet

from wagtail_precise_mail.commerce.choosers import category_chooser_viewset, product_chooser_viewset

viewsets: list = []


@hooks.register("register_admin_viewset")
def register_choosers() -> list[ViewSet]:
    """Choosers have no menu item, so they live beside the menu group."""
    return [product_chooser_viewset, category_chooser_viewset]
