"""Paths of ours with a token in them, made many times over."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse

# Nothing that a URL would quote, and nothing that a prefix of a site holds.
_PLACE = "WPM0TOKEN0PLACE"


def token_path(name: str) -> Callable[[str], str]:
    """Return what makes the path of a URL pattern from a token (which needs no quoting).

    Django's ``reverse`` costs as much as the rest of a message's making; the path is the same but for the token, so it
    is asked once. Keep the result for a batch and not for longer: the prefix may depend on the language or the request.

    Args:
        name: of a URL pattern with one argument, without the namespace.
    """
    before, after = around_token(name)
    return lambda token: f"{before}{token}{after}"


def around_token(name: str) -> tuple[str, str]:
    """Return what stands before and behind the token in the path of a URL pattern; see :func:`token_path`."""
    before, _place, after = reverse(f"wagtail_precise_mail:{name}", args=[_PLACE]).partition(_PLACE)
    return before, after


class Paths:
    """The paths of one batch, such as the messages of a worker's run: each URL pattern is asked for once."""

    def __init__(self) -> None:
        self._makers: dict[str, Callable[[str], str]] = {}

    def __call__(self, name: str, token: str) -> str:
        """Return the path of a URL pattern (without the namespace) with a token."""
        if name not in self._makers:
            self._makers[name] = token_path(name)
        return self._makers[name](token)
