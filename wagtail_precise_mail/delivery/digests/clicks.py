"""Which issue of a digest its reader went on to read."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.tokens import Purpose, read_message_token
from wagtail_precise_mail.exceptions import InvalidToken


@dataclass(frozen=True)
class FollowedLink:
    """A link of a message, followed by a person at a moment."""

    message_id: int
    url: str
    at: datetime


def note_clicks(links: Iterable[FollowedLink]) -> None:
    """Keep which of some links led from a digest to an issue in it, the first time; two queries for all.

    Nothing is asked of the database about links that lead elsewhere.
    """
    first: dict[tuple[int, int], datetime] = {}
    for link in links:
        if issue_message := _issue_of(link.url):
            key = (issue_message, link.message_id)
            first[key] = min(link.at, first.get(key, link.at))
    changed = _issues(first, clicked_at=None)
    for issue in changed:
        issue.clicked_at = first[issue.message_id, issue.digest_id or 0]
    DigestIssue.objects.bulk_update(changed, ["clicked_at"])


def forget_clicks(links: Iterable[FollowedLink]) -> None:
    """Take back that some links led to an issue, for no person followed them; two queries for all.

    Where a person followed the same link, too, note that anew.
    """
    keys = {(issue_message, link.message_id) for link in links if (issue_message := _issue_of(link.url))}
    changed = _issues(keys, clicked_at__isnull=False)
    DigestIssue.objects.filter(pk__in=[issue.pk for issue in changed]).update(clicked_at=None)


def _issues(keys: Collection[tuple[int, int]], **wanted: Any) -> list[DigestIssue]:
    """Return the issues with these pairs of their own message and that of their digest; nothing is asked for none."""
    if not keys:
        return []
    messages, digests = {message for message, _digest in keys}, {digest for _message, digest in keys}
    issues = DigestIssue.objects.filter(message__in=messages, digest__in=digests, **wanted)
    return [one for one in issues.only("message_id", "digest_id") if (one.message_id, one.digest_id) in keys]


def _issue_of(url: str) -> int | None:
    try:
        token = urlsplit(url).path.rstrip("/").rpartition("/")[2]
        return read_message_token(Purpose.OWN, token)[0]
    except (InvalidToken, ValueError):
        return None
