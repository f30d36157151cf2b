"""Our bytes as a message of Django, for backends that want one."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage as ParsedMessage
from email.message import Message
from typing import Any, cast

from django.core.mail import EmailMultiAlternatives

from wagtail_precise_mail.delivery.channels.base import Envelope

# What a message of Django has attributes for, or makes by itself.
_OWN_HEADERS = frozenset(
    {"from", "to", "subject", "reply-to", "mime-version", "content-type", "content-transfer-encoding"}
)


class _Exact(Message):
    """A parsed message whose bytes are those that it was parsed from, signatures, folding and all."""

    content: bytes = b""

    def as_bytes(self, *args: Any, **kwargs: Any) -> bytes:
        return self.content

    def as_string(self, *args: Any, **kwargs: Any) -> str:
        return self.content.decode("utf-8", "replace")


class PreparedMessage(EmailMultiAlternatives):
    """A message that leaves as the bytes that were prepared; its attributes say the same, for whoever reads them.

    Args:
        envelope: its sender is ``from_email``, which backends give to the server; the header From is among the headers.
    """

    def __init__(self, envelope: Envelope) -> None:
        parsed = parse(envelope.content)
        headers = {name: str(value) for name, value in parsed.items() if name.lower() not in _OWN_HEADERS}
        super().__init__(
            subject=str(parsed["Subject"] or ""),
            body=_text(parsed, "plain"),
            from_email=envelope.sender,
            to=[envelope.recipient],
            reply_to=[str(parsed["Reply-To"])] if parsed["Reply-To"] else None,
            headers={"From": str(parsed["From"] or envelope.sender), **headers},
        )
        if html := _text(parsed, "html"):
            self.attach_alternative(html, "text/html")
        self._content = envelope.content

    def message(self, *args: Any, **kwargs: Any) -> Any:
        """Return the prepared message, whatever policy is asked for."""
        exact = cast("_Exact", email.message_from_bytes(self._content, _class=_Exact, policy=email.policy.compat32))
        exact.content = self._content
        return exact


def parse(content: bytes) -> ParsedMessage:
    """Return what the bytes of a message say, in words."""
    return email.message_from_bytes(content, policy=email.policy.default)


def _text(parsed: ParsedMessage, kind: str) -> str:
    part = parsed.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part else ""
