"""Doors for the background."""

from __future__ import annotations

from wagtail_precise_mail.commerce import learning, viewed


def learn_from_orders() -> None:
    """Learn what sells and what is bought together; runs every day."""
    learning.learn_popularity()
    learning.learn_pairs()


def forget_product_views() -> None:
    """Delete what contacts looked at too long ago; runs every day."""
    viewed.forget_views()
