"""Welcome coupons: what somebody gets for signing up at a source, and who got which code."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey

from wagtail_precise_mail.commerce.models import CouponCode, CouponPool
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.sign_ups import SignUp, SignUpSource


class Incentive(models.Model):
    """What people get who sign up at a source and confirm it. A source has one at the most."""

    source = ParentalKey(SignUpSource, on_delete=models.CASCADE, related_name="incentives")
    pool = models.ForeignKey(
        CouponPool,
        models.PROTECT,
        related_name="incentives",
        verbose_name=_("coupon pool"),
        help_text=_(
            "Everybody gets a code of their own out of it, once. If it is empty, they get it when you fill it."
        ),
    )
    title = models.CharField(_("what it gives"), max_length=150, help_text=_("“A tenth off your first order”"))
    terms = models.CharField(_("small print"), max_length=300, blank=True)
    url = models.URLField(
        _("where it is redeemed"), max_length=500, blank=True, help_text=_("The button leads there. Empty: your site.")
    )
    is_mailed = models.BooleanField(
        _("send the code by mail, too"),
        default=True,
        help_text=_(
            "Our page after the confirmation shows it in any case. Turn it off when your own welcome mail has the "
            "block “Welcome coupon”. A code that comes later because the pool was empty is always mailed."
        ),
    )
    # Who signed up before there was one gets nothing.
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("welcome coupon")
        verbose_name_plural = _("welcome coupons")
        constraints = [models.UniqueConstraint(fields=["source"], name="wpm_incentive_once")]

    def __str__(self) -> str:
        return self.title

    def words(self) -> dict[str, Any]:
        """Return what a :class:`WelcomeCoupon` promises, by the names of its columns."""
        return {"pool": self.pool, "title": self.title, "terms": self.terms, "url": self.url}


class WelcomeCoupon(models.Model):
    """One person's: promised, and given as soon as the pool has a code."""

    # One for each person, whatever they sign up for later; merging moves it, and drops the second of two.
    contact = models.OneToOneField(Contact, models.SET_NULL, null=True, related_name="welcome_coupon")
    # Stays when the contact goes: nobody gets another one by being deleted first.
    address_hash = models.CharField(max_length=64, unique=True)
    incentive = models.ForeignKey(Incentive, models.SET_NULL, null=True, related_name="coupons")
    sign_up = models.ForeignKey(SignUp, models.SET_NULL, null=True, related_name="+")
    pool = models.ForeignKey(CouponPool, models.PROTECT, related_name="welcome_coupons")
    title = models.CharField(_("what it gives"), max_length=150)
    terms = models.CharField(_("small print"), max_length=300, blank=True)
    url = models.URLField(max_length=500, blank=True)
    code = models.OneToOneField(CouponCode, models.PROTECT, null=True, related_name="welcome_coupon")
    is_to_be_mailed = models.BooleanField(default=True)
    promised_at = models.DateTimeField(_("promised"))
    given_at = models.DateTimeField(_("given"), null=True)
    mailed_at = models.DateTimeField(_("mailed"), null=True)

    class Meta:
        verbose_name = _("welcome coupon of a contact")
        verbose_name_plural = _("welcome coupons of contacts")
        indexes = [
            models.Index(fields=["pool", "id"], name="wpm_welcome_waiting", condition=Q(code__isnull=True)),
            models.Index(fields=["given_at"], name="wpm_welcome_unmailed", condition=Q(mailed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.title}"


def waiting(coupons: QuerySet[WelcomeCoupon] | None = None) -> QuerySet[WelcomeCoupon]:
    """Return the coupons that have no code yet, first come, first served. Who was erased waits for nothing."""
    rows = WelcomeCoupon.objects.all() if coupons is None else coupons
    return rows.filter(code__isnull=True, contact__isnull=False).order_by("pk")


def incentive_figures(incentive: Incentive) -> dict[str, int]:
    """Return how many got a code, ``given``, and how many wait for one, ``waiting``."""
    return incentive.coupons.aggregate(
        given=Count("pk", filter=Q(code__isnull=False)),
        waiting=Count("pk", filter=Q(code__isnull=True, contact__isnull=False)),
    )
