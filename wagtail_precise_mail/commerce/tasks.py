"""Doors for the background."""

from __future__ import annotations

from wagtail_precise_mail.commerce import pairs


def learn_pairs() -> None:
    """Learn which products are bought together; runs every day."""
    pairs.learn_pairs()
