"""Whether the webhooks of django-anymail can be trusted: unsigned ones are refused before anything is kept."""

from __future__ import annotations

from typing import Any

from django.conf import settings

SIGNATURE_SETTINGS: dict[str, tuple[str, ...]] = {
    "MailerSend": ("SIGNING_SECRET",),
    "Mailgun": ("WEBHOOK_SIGNING_KEY", "API_KEY"),
    "Mandrill": ("WEBHOOK_KEY",),
    "Postal": ("WEBHOOK_KEY",),
    "Resend": ("SIGNING_SECRET",),
    "SendGrid": ("TRACKING_WEBHOOK_VERIFICATION_KEY",),
    "Unisender Go": ("API_KEY",),
}
"""By provider, the settings with which Anymail checks its signatures; ``WEBHOOK_SECRET`` does for all of them."""


def are_any_secured() -> bool:
    """Whether Anymail checks the webhooks of at least one provider."""
    return any(is_secured(provider) for provider in SIGNATURE_SETTINGS)


def is_secured(provider: str) -> bool:
    """Whether Anymail checks who sends the webhooks of a provider."""
    given: dict[str, Any] = getattr(settings, "ANYMAIL", {}) or {}
    if given.get("WEBHOOK_SECRET") or getattr(settings, "ANYMAIL_WEBHOOK_SECRET", ""):
        return True
    prefix = provider.upper().replace(" ", "_")
    names = [f"{prefix}_{name}" for name in SIGNATURE_SETTINGS.get(provider, ())]
    return any(given.get(name) or getattr(settings, f"ANYMAIL_{name}", "") for name in names)
