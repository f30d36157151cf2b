"""A name system in memory: one shop whose records are all in order, and ways to spoil one of them."""

from __future__ import annotations

import base64
from typing import Any

from wagtail_precise_mail.delivery.domains.dns import MemoryResolver

Zones = dict[str, dict[str, list[str]] | None]


def rsa_key(bits: int) -> str:
    """The public part of an RSA key in base64, as it stands in a record; the number is no product of primes."""
    modulus = _integer((1 << (bits - 1)) | 1)
    key = _sequence(modulus + _integer(65537))
    algorithm = _sequence(bytes.fromhex("06092a864886f70d0101010500"))
    return base64.b64encode(_sequence(algorithm + _element(0x03, b"\0" + key))).decode()


def good_zones(**changes: dict[str, list[str]] | None) -> Zones:
    """The records of shop.example: SPF, a key named "mail", DMARC, a mail server with a name; all in order."""
    zones: Zones = {
        "shop.example": {"TXT": ["v=spf1 ip4:192.0.2.10 mx -all", "some=verification"], "MX": ["10 mail.shop.example"]},
        "mail._domainkey.shop.example": {"TXT": [f"v=DKIM1; k=rsa; p={rsa_key(2048)}"]},
        "_dmarc.shop.example": {"TXT": ["v=DMARC1; p=reject; rua=mailto:dmarc@shop.example"]},
        "mail.shop.example": {"A": ["192.0.2.10"]},
        "www.shop.example": {"A": ["192.0.2.20"]},
        "10.2.0.192.in-addr.arpa": {"PTR": ["mail.shop.example"]},
    }
    return {**zones, **changes}


def resolver(changes: dict[str, Any] | None = None) -> MemoryResolver:
    """The name system with some names changed, or, where they are None, out of reach."""
    return MemoryResolver({**good_zones(), **(changes or {})})


def txt(*records: str) -> dict[str, list[str]]:
    """Text records of a name."""
    return {"TXT": list(records)}


def _integer(number: int) -> bytes:
    return _element(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _sequence(content: bytes) -> bytes:
    return _element(0x30, content)


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
