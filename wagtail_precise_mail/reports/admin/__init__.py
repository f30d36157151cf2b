"""The Wagtail side of reports: each registers its page and its item in Wagtail's menu of reports."""

from __future__ import annotations

from wagtail_precise_mail.reports.admin import campaigns, content, digests, lists

__all__ = ["campaigns", "content", "digests", "lists"]
