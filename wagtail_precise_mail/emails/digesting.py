"""What makes an email one that collects the issues of a reader who wants mail less often."""

from __future__ import annotations

from typing import Any

from wagtail_precise_mail.emails.confirming import has_block

DIGEST_BLOCK = "digest_issues"
"""Key of the block with the issues, and of the source of its list in ``item_sources``."""


def can_digest(email: Any) -> bool:
    """Whether an email has the block, wherever it stands in it."""
    return has_block(email, DIGEST_BLOCK)
