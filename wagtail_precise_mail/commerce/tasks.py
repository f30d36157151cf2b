"""Doors for the background."""

from __future__ import annotations

from wagtail_precise_mail.commerce import learning, viewed, welcoming


def learn_from_orders() -> None:
    """Learn what sells and what is bought together; runs every day."""
    learning.learn_popularity()
    learning.learn_pairs()


def forget_product_views() -> None:
    """Delete what contacts looked at too long ago; runs every day."""
    viewed.forget_views()


def mail_welcome_coupon(coupon_id: int) -> None:
    """Write to somebody which code they got."""
    welcoming.mail_code(coupon_id)


def give_welcome_coupons() -> None:
    """Give what was promised and could not be given yet; runs every five minutes, and when a pool is filled."""
    welcoming.catch_up()
