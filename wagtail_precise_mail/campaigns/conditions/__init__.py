"""Conditions on what contacts got from campaigns, and did with it."""

from wagtail_precise_mail.campaigns.conditions import reactions  # noqa: F401
