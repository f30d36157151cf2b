"""What is said about a message before its body, with the extensions that the server knows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.channels.base import Envelope
from wagtail_precise_mail.delivery.channels.smtp.replies import Reply
from wagtail_precise_mail.exceptions import ChannelUnavailable, PermanentDeliveryError

# What would end the command, or the address inside of it.
_BREAKS_OUT = re.compile(r"[\x00-\x1f\x7f<>]")
_NOT_XTEXT = re.compile(r"[^!-*,-<>-~]")


@dataclass(frozen=True)
class Command:
    """One line to the server.

    Attributes:
        what: what a refusal is about, for people.
        wanted: the codes that answer it as wished.
        refusal: what a permanent refusal means.
    """

    line: bytes
    what: str
    wanted: tuple[int, ...] = (250,)
    refusal: type[ChannelUnavailable] | type[PermanentDeliveryError] = PermanentDeliveryError
    opens_transaction: bool = False

    def is_answered_by(self, reply: Reply) -> bool:
        return reply.code in self.wanted

    @classmethod
    def about_message(cls) -> Command:
        """Return what stands for the body, which is no command."""
        return cls(b"", "the message")


def greeting_of(envelope: Envelope, extensions: Mapping[str, str], *, after_refusal: bool) -> list[Command]:
    """Return MAIL, RCPT and DATA for a message.

    Args:
        after_refusal: the server still holds the beginning of a message that it refused; RSET clears that.

    Raises:
        PermanentDeliveryError: this server cannot take this message, whatever it would answer.
    """
    _check(envelope, extensions)
    # No recipient was named yet: a refusal of the sender would meet every message of the send.
    mail = Command(_mail(envelope, extensions), f"the sender {envelope.sender}", (250,), ChannelUnavailable, True)
    rcpt = Command(_rcpt(envelope, extensions), envelope.recipient, (250, 251))
    reset = [Command(b"RSET\r\n", "a reset", (250,), ChannelUnavailable)] if after_refusal else []
    return [*reset, mail, rcpt, Command(b"DATA\r\n", "the message", (354,))]


def data_of(envelope: Envelope) -> Sequence[bytes]:
    """Return the message as DATA takes it: a dot that opens a line is doubled, so that it ends nothing (RFC 5321)."""
    if envelope.is_wire_ready:
        return envelope.pieces
    content = envelope.content
    # Looking costs less than replacing.
    if b"\r\n." in content:
        content = content.replace(b"\r\n.", b"\r\n..")
    if content.startswith(b"."):
        content = b"." + content
    return [content if content.endswith(b"\r\n") else content + b"\r\n"]


def _check(envelope: Envelope, extensions: Mapping[str, str]) -> None:
    if _BREAKS_OUT.search(envelope.sender + envelope.recipient):
        raise PermanentDeliveryError("An address holds characters that no mail server takes.")
    if _needs_utf8(envelope) and "smtputf8" not in extensions:
        raise PermanentDeliveryError("The mail server cannot write to addresses with such letters (no SMTPUTF8).")
    limit = extensions.get("size", "").strip()
    if limit.isdigit() and 0 < int(limit) < envelope.size:
        raise PermanentDeliveryError(
            f"552 5.3.4 The message has {envelope.size} bytes, and the mail server takes {limit} at the most.",
            code=552,
        )


def _mail(envelope: Envelope, extensions: Mapping[str, str]) -> bytes:
    words = [f"MAIL FROM:<{envelope.sender}>"]
    if "size" in extensions:
        words.append(f"SIZE={envelope.size}")
    if _needs_utf8(envelope):
        words.append("SMTPUTF8 BODY=8BITMIME")
    elif "8bitmime" in extensions and not _is_ascii(envelope):
        words.append("BODY=8BITMIME")
    if _wants_reports(extensions):
        words.append("RET=HDRS" + (f" ENVID={_xtext(envelope.reference)}" if envelope.reference else ""))
    return " ".join(words).encode() + b"\r\n"


def _rcpt(envelope: Envelope, extensions: Mapping[str, str]) -> bytes:
    line = f"RCPT TO:<{envelope.recipient}>"
    if _wants_reports(extensions):
        line += " NOTIFY=FAILURE,DELAY"
        if envelope.recipient.isascii():
            line += f" ORCPT=rfc822;{_xtext(envelope.recipient)}"
    return line.encode() + b"\r\n"


def _is_ascii(envelope: Envelope) -> bool:
    # Of one that is ready, the first piece is its head, which alone may hold an address as it is.
    return all(piece.isascii() for piece in (envelope.pieces[:1] if envelope.is_wire_ready else envelope.pieces))


def _needs_utf8(envelope: Envelope) -> bool:
    return not (envelope.sender.isascii() and envelope.recipient.isascii())


def _wants_reports(extensions: Mapping[str, str]) -> bool:
    return options().smtp_dsn and "dsn" in extensions


def _xtext(text: str) -> str:
    """Return text as RFC 3461, section 4, writes it: nothing but printable ASCII, without "+" and "="."""
    return _NOT_XTEXT.sub(lambda match: "".join(f"+{byte:02X}" for byte in match.group().encode()), text)
