"""The Wagtail side of reports: each registers its page and its item in Wagtail's menu of reports."""

from __future__ import annotations

from wagtail_precise_mail.reports.admin import (
    alarms,
    campaigns,
    clusters,
    content,
    deliverability,
    digests,
    forecasts,
    lists,
    prospects,
    send_times,
    unsubscribes,
)
from wagtail_precise_mail.reports.admin.customers import views as customers

__all__ = [
    "alarms",
    "campaigns",
    "clusters",
    "content",
    "customers",
    "deliverability",
    "digests",
    "forecasts",
    "lists",
    "prospects",
    "send_times",
    "unsubscribes",
]
