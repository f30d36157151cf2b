"""What tests of checks share."""

from __future__ import annotations

from typing import Any

from tests.factories.emails import default_site, make_email, raw_block
from wagtail_precise_mail.emails.checks import EmailFacts, Finding, check_email


def button(**overrides: Any) -> dict[str, Any]:
    """A raw button, with which nothing is wrong."""
    return raw_block("button", **{"label": "Go", "url": "https://example.org/", **overrides})


def heading(level: int) -> dict[str, Any]:
    """A raw heading of a level."""
    return raw_block("heading", title="Words", level=str(level))


def columns(*contents: list[dict[str, Any]]) -> dict[str, Any]:
    """A raw block of columns, each with its blocks."""
    return raw_block("columns", columns=[item(content=blocks) for blocks in contents])


def item(**value: Any) -> dict[str, Any]:
    """A raw item of a list."""
    return raw_block("item", **value)


def text(html: str) -> dict[str, Any]:
    """A raw block of text."""
    return raw_block("rich_text", content=html)


def found(key: str, *blocks: dict[str, Any], **overrides: Any) -> list[Finding]:
    """What one check finds in an email with these blocks, a button where there are none."""
    return [finding for finding in all_found(*blocks, **overrides) if finding.key == key]


def all_found(*blocks: dict[str, Any], **overrides: Any) -> list[Finding]:
    """What all checks find."""
    return check_email(make_email(*(blocks or [button()]), **overrides), default_site())


def facts(*blocks: dict[str, Any], **overrides: Any) -> EmailFacts:
    """An email seen by its checks."""
    return EmailFacts(make_email(*(blocks or [button()]), **overrides), default_site())
