"""Hints at mistyped addresses: what people mean by "gmial.com"."""

from __future__ import annotations

from difflib import get_close_matches

from wagtail_precise_mail.contacts.addresses import normalize_address

KNOWN_DOMAINS = (
    "gmail.com", "googlemail.com", "yahoo.com", "ymail.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de", "outlook.com",
    "hotmail.com", "hotmail.co.uk", "hotmail.fr", "live.com", "live.co.uk", "msn.com", "icloud.com", "me.com",
    "mac.com", "aol.com", "mail.com", "email.com", "gmx.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de",
    "t-online.de", "freenet.de", "orange.fr", "wanadoo.fr", "free.fr", "sfr.fr", "laposte.net", "libero.it",
    "virgilio.it", "protonmail.com", "proton.me", "pm.me", "fastmail.com", "zoho.com", "yandex.ru", "mail.ru",
    "qq.com", "163.com", "126.com", "sina.com", "sina.cn", "foxmail.com", "aliyun.com", "btinternet.com",
    "sky.com", "talktalk.net", "virginmedia.com", "comcast.net", "verizon.net", "att.net", "naver.com", "daum.net",
    "hanmail.net", "example.com", "example.org",
)  # fmt: skip
"""Large providers. What is one of these is never doubted."""

_ENDINGS = {"con": "com", "cmo": "com", "ocm": "com", "vom": "com", "comm": "com", "nte": "net", "ner": "net"}
# Letters of other alphabets that look like ours.
_LOOKALIKES = str.maketrans("аеорсхуіјѕԁɡḷοανικρτ", "aeopcxyijsdgloavikpt")
_CUTOFF = 0.84


def suggest_address(address: str) -> str:
    """Return what an address was probably meant to be, or "" where nothing is odd about it.

    Raises:
        InvalidAddress: this is no address at all.
    """
    local, _at, domain = normalize_address(address).rpartition("@")
    if domain in KNOWN_DOMAINS:
        return ""
    plain = domain.translate(_LOOKALIKES)
    name, _dot, ending = plain.rpartition(".")
    plain = f"{name}.{_ENDINGS.get(ending, ending)}"
    near = [plain] if plain in KNOWN_DOMAINS else get_close_matches(plain, KNOWN_DOMAINS, n=1, cutoff=_CUTOFF)
    better = near[0] if near else plain
    return f"{local}@{better}" if better != domain else ""
