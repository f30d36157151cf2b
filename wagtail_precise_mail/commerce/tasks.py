"""Doors for the background."""

from __future__ import annotations

from wagtail_precise_mail.commerce import learning


def learn_from_orders() -> None:
    """Learn what sells and what is bought together; runs every day."""
    learning.learn_popularity()
    learning.learn_pairs()
