"""Paths of ours with a token in them, made many times over."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.translation import get_language

# Nothing that a URL would quote, and nothing that a prefix of a site holds.
_PLACE = "WPM0TOKEN0PLACE"


def token_path(name: str) -> Callable[[str], str]:
    """Return what makes the path of a URL pattern from a token (which needs no quoting).

    Django's ``reverse`` costs as much as the rest of a message's making; the path is the same but for the token, so it
    is asked once. Keep the result for a batch and not for longer: the prefix may depend on the language or the request.

    Args:
        name: of a URL pattern with one argument, without the namespace.
    """
    before, _place, after = reverse(f"wagtail_precise_mail:{name}", args=[_PLACE]).partition(_PLACE)
    return lambda token: f"{before}{token}{after}"


def path_with(name: str, token: str) -> str:
    """Return the path of a URL pattern with a token, for those who keep nothing for a batch."""
    return _maker(name, get_script_prefix(), get_urlconf() or settings.ROOT_URLCONF, get_language())(token)


@lru_cache(maxsize=64)
def _maker(name: str, prefix: str, urlconf: str, language: str | None) -> Callable[[str], str]:
    # All that a path may depend on is among the arguments.
    return token_path(name)
