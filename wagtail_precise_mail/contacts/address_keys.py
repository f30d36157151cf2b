"""The keys under which addresses are stored, made with the secrets in the settings."""

from __future__ import annotations

import base64
import hmac
from functools import cache
from typing import Any

from django.apps import apps
from django.core.signals import setting_changed

from wagtail_precise_mail.conf import SETTING, options
from wagtail_precise_mail.exceptions import ConfigurationError


def keyed(key: str) -> str:
    """Return the key of an address under all ``address_keys``, given it under none or the first of them.

    It begins with how many it is under, such as "2:".
    """
    secrets = options().address_keys
    for number in range(generation_of(key) or 0, len(secrets)):
        digest = hmac.digest(secrets[number].encode(), key.encode(), "sha256")
        key = f"{number + 1}:{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
    return key


@cache
def require_fitting_keys() -> None:
    """Look once per process at the oldest and the newest contact and suppression: are they under the same secrets?

    Raises:
        ConfigurationError: ``address_keys`` changed since, and a suppressed address would not be known as one.
    """
    wanted = len(options().address_keys)
    for name in ("Contact", "Suppression"):
        keys: Any = apps.get_model("wagtail_precise_mail", name).objects.values_list("address_hash", flat=True)
        for key in (keys.order_by("pk").first(), keys.order_by("-pk").first()):
            if key is not None and (found := generation_of(key)) != wanted:
                raise ConfigurationError(
                    f"{SETTING}['address_keys'] has {wanted} keys, and addresses are stored under {found}. Stop the "
                    "site and its workers, run manage.py precise_mail_encrypt, and start them again. Never take a key "
                    "away."
                )


def generation_of(key: str) -> int | None:
    """Return under how many ``address_keys`` the key of an address is; None when it is none, as of an erased person."""
    number, colon, _digest = key.partition(":")
    if colon:
        return int(number) if number.isdecimal() else None
    return 0 if len(key) == 64 else None


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting == SETTING:
        require_fitting_keys.cache_clear()


setting_changed.connect(_forget)
