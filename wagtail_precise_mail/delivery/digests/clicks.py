"""Which issue of a digest its reader went on to read."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.tokens import Purpose, read_message_token
from wagtail_precise_mail.exceptions import InvalidToken


def note_click(digest_id: int, url: str, *, at: datetime) -> None:
    """Keep that somebody followed a link of a message, if it led from a digest to an issue in it, the first time.

    Nothing is asked of the database about links that lead elsewhere.
    """
    token = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    try:
        message_id, _argument = read_message_token(Purpose.OWN, token)
    except InvalidToken:
        return
    DigestIssue.objects.filter(message=message_id, digest=digest_id, clicked_at=None).update(clicked_at=at)
