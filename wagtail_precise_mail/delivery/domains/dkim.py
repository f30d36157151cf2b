"""DKIM: the public keys with which receivers check signatures.

Source: RFC 6376, 3.6.1 (key records), RFC 8301 (no SHA-1; keys below 1024 bits do not count) and RFC 8463 (Ed25519).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.domains.dns import Resolver

COMMON_SELECTORS = (
    "default", "dkim", "mail", "email", "smtp", "key1", "s1", "s2", "k1", "k2", "k3", "sig1", "fm1", "fm2", "pm",
    "selector1", "selector2", "google", "zoho", "protonmail", "mandrill", "mailjet", "brevo", "scph0", "mxvault",
)  # fmt: skip
"""What large providers call their keys; asked about where the settings name none."""

_LEAST_BITS, _ADVISED_BITS = 1024, 2048


@dataclass(frozen=True)
class Signature:
    """By what name the mail of a sender is signed."""

    selector: str
    domain: str

    @property
    def name(self) -> str:
        """Where the key is published."""
        return f"{self.selector}._domainkey.{self.domain}"


@dataclass(frozen=True)
class Key:
    """A published key.

    Attributes:
        code: of the finding: whether it serves, and else why not.
        bits: its length; 0 where it has none.
    """

    signature: Signature
    record: str
    code: str
    bits: int = 0

    @property
    def is_usable(self) -> bool:
        return self.code in ("dkim_good", "dkim_1024", "dkim_ed25519")


def configured_signatures(domain: str) -> list[Signature]:
    """Return what the settings say about the mail of a domain, or of the closest one above it."""
    labels = domain.split(".")
    for place in range(len(labels) - 1):
        above = ".".join(labels[place:])
        if names := options().dkim_selectors.get(above):
            return [
                Signature(selector, other or above) for selector, _at, other in (one.partition("@") for one in names)
            ]
    return []


def find_keys(signatures: list[Signature], resolver: Resolver) -> list[Key]:
    """Return the keys that are published under some names; a name without any is left out."""
    found = []
    for signature in signatures:
        records = [one for one in resolver.lookup(signature.name, "TXT").records if _looks_like_key(one)]
        if len(records) > 1:
            found.append(Key(signature, " | ".join(records), "dkim_invalid"))
        elif records:
            found.append(examine(signature, records[0]))
    return found


def examine(signature: Signature, record: str) -> Key:
    """Return a key with what receivers make of it."""
    tags = parse_tags(record)
    kind = tags.get("k", "rsa").lower()
    if tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags or kind not in ("rsa", "ed25519"):
        return Key(signature, record, "dkim_invalid")
    if not tags["p"]:
        return Key(signature, record, "dkim_revoked")
    if (hashes := tags.get("h", "")) and "sha256" not in _words(hashes):
        return Key(signature, record, "dkim_sha1")
    if not {"*", "email"} & _words(tags.get("s", "*")):
        return Key(signature, record, "dkim_invalid")
    try:
        raw = base64.b64decode("".join(tags["p"].split()), validate=True)
        bits = _ed25519_bits(raw) if kind == "ed25519" else _rsa_bits(raw)
    except (binascii.Error, ValueError, IndexError):
        return Key(signature, record, "dkim_invalid")
    return Key(signature, record, _code(kind, bits, _words(tags.get("t", ""))), bits)


def parse_tags(record: str) -> dict[str, str]:
    """Return a list of tags as a dict; of a tag that comes twice, the first (RFC 6376, 3.2)."""
    tags: dict[str, str] = {}
    for part in record.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            tags.setdefault(name.strip(), value.strip())
    return tags


def _code(kind: str, bits: int, flags: set[str]) -> str:
    if "y" in flags:
        return "dkim_testing"
    if kind == "ed25519":
        return "dkim_ed25519"
    if bits < _LEAST_BITS:
        return "dkim_short"
    return "dkim_good" if bits >= _ADVISED_BITS else "dkim_1024"


def _looks_like_key(record: str) -> bool:
    # A name that is an alias for everything, or holds some other text, has no key.
    tags = parse_tags(record)
    return "p" in tags or tags.get("v", "").upper().startswith("DKIM")


def _words(text: str) -> set[str]:
    return {word.strip().lower() for word in text.split(":") if word.strip()}


def _ed25519_bits(raw: bytes) -> int:
    if len(raw) != 32:
        raise ValueError("An Ed25519 key has 32 bytes.")
    return 256


def _rsa_bits(raw: bytes) -> int:
    """Return the length of the modulus of an RSA key in DER, bare (RFC 3447) or with its algorithm around it.

    Raises:
        ValueError, IndexError: it is none.
    """
    inside = _der(raw, 0x30)[0]
    if inside[0] == 0x30:
        _algorithm, rest = _der(inside, 0x30)
        inside = _der(_der(rest, 0x03)[0][1:], 0x30)[0]
    return int.from_bytes(_der(inside, 0x02)[0], "big").bit_length()


def _der(raw: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return the content of the first element, and what comes after it."""
    if raw[0] != tag:
        raise ValueError("This is not an RSA key.")
    length, start = raw[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(raw[2:start], "big")
    if start + length > len(raw):
        raise ValueError("This key is cut off.")
    return raw[start : start + length], raw[start + length :]
