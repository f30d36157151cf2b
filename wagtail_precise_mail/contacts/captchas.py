"""What other packages may put between a sign-up form and us: captchas, and checks of addresses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from django.utils.safestring import SafeString

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.registry import Registry


class Captcha(ABC):
    """A question that machines answer badly. None is there by default: most of them cost people more than they help."""

    @abstractmethod
    def field(self) -> SafeString:
        """Return the HTML that stands in the form, with a label of its own; it has to work without JavaScript."""

    @abstractmethod
    def is_solved(self, data: Mapping[str, str], *, ip_address: str) -> bool:
        """Whether what was posted answers it. Called once for each sign-up."""


captchas: Registry[type[Captcha]] = Registry("captcha")

address_checks: Registry[Callable[[str], str]] = Registry("check of addresses")
"""Each takes a normalized address and returns why it is refused, a sentence for its owner, or "".

They are asked before anything is looked up, so that what they say depends on the address alone.
"""


def chosen_captcha() -> Captcha | None:
    """Return the captcha of this site, if it has one.

    Raises:
        UnknownKey: the option names one that nobody registered.
    """
    return captchas.get(options().sign_up_captcha)() if options().sign_up_captcha else None


def why_refused(normalized: str) -> str:
    """Return the first reason that a check has against an address, or ""."""
    return next(filter(None, (check(normalized) for _key, check in address_checks.items())), "")
