"""What commerce hears: somebody confirmed that they sign up, and may get something for it."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from wagtail_precise_mail.commerce import welcoming
from wagtail_precise_mail.commerce.welcome import WelcomeCoupon
from wagtail_precise_mail.contacts.gifts import Gift, gifts
from wagtail_precise_mail.contacts.merge_rows import goes_with_its_contact
from wagtail_precise_mail.contacts.sign_ups import SignUp
from wagtail_precise_mail.contacts.signals import sign_up_confirmed


@receiver(sign_up_confirmed)
def welcome_with_a_coupon(sign_up: SignUp, **kwargs: Any) -> None:
    """Give the code now, so that the page that says thank you can show it."""
    welcoming.welcome(sign_up)


# Whoever stays has a history of their own, and is worked out anew.
goes_with_its_contact("wagtail_precise_mail.Movement")


@gifts.register("welcome_coupon")
def welcome_coupon(sign_up: SignUp) -> Gift | None:
    """Return the coupon that a sign-up brought: one query, and nothing is given by looking."""
    coupon = WelcomeCoupon.objects.filter(sign_up=sign_up).select_related("code", "pool").first()
    if coupon is None:
        return None
    code = coupon.code.code if coupon.code else ""
    return Gift(coupon.title, code, coupon.terms, coupon.pool.expires_at if code else None, coupon.url)
