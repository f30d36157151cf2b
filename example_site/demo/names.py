"""The records of example.com as a small shop might have them; the example asks nobody outside.

In order but for what most shops have not done: the policy only watches.
"""

from __future__ import annotations

from wagtail_precise_mail.delivery.domains.dns import MemoryResolver

_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqL0WiO21jQqZ0BHZsut05VPnK0Xs80Osf8wzkMq/BAmd6fHGXh8lJyeo6gZjWW5urjl6"
    "fyGDHPzaKta5/FpHInHxRN8TOfyRulHOpuica7+Ut22vOdAaddUmaEkZApjCc9dt6lbxhIAXveZ/1F30hah/Xp5xZdMx0c/lkqDwclJzCex5XGRG"
    "cquCoeus+8Jo9A1VoNDLLW1IREslB28b7sZ304R3pS5NCH4k0p0t6OPaSAK7qQ2TMyPJ5isLsYs5MIepu51yW9CzMWFkLcbioKqn4RnjQCEBbsWX"
    "sGb7qr6CVfWIOlz+3lZJkMAfHyR6u0dLMMmU/duHvOHYwQmXvQIDAQAB"
)


class ExampleNames(MemoryResolver):
    """Addresses are those that are kept for documentation (RFC 5737)."""

    def __init__(self) -> None:
        super().__init__(
            {
                "example.com": {
                    "TXT": ["v=spf1 ip4:192.0.2.25 include:_spf.example.net ~all", "site-verification=fern-and-kettle"],
                    "MX": ["10 mail.example.com"],
                    "A": ["192.0.2.80"],
                },
                "_spf.example.net": {"TXT": ["v=spf1 ip4:198.51.100.0/24 -all"]},
                "mail._domainkey.example.com": {"TXT": [f"v=DKIM1; k=rsa; p={_KEY}"]},
                "_dmarc.example.com": {"TXT": ["v=DMARC1; p=none; rua=mailto:dmarc@example.com"]},
                "mail.example.com": {"A": ["192.0.2.25"]},
                "25.2.0.192.in-addr.arpa": {"PTR": ["mail.example.com"]},
            }
        )
