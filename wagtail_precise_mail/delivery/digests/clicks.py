"""Which issue of a digest its reader went on to read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
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
    if not first:
        return
    issues = DigestIssue.objects.filter(
        message__in={message for message, _digest in first},
        digest__in={digest for _message, digest in first},
        clicked_at=None,
    )
    changed = []
    for issue in issues.only("message_id", "digest_id"):
        if at := first.get((issue.message_id, issue.digest_id or 0)):
            issue.clicked_at = at
            changed.append(issue)
    DigestIssue.objects.bulk_update(changed, ["clicked_at"])


def _issue_of(url: str) -> int | None:
    try:
        token = urlsplit(url).path.rstrip("/").rpartition("/")[2]
        return read_message_token(Purpose.OWN, token)[0]
    except (InvalidToken, ValueError):
        return None
