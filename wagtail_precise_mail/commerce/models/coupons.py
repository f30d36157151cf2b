"""Tables of coupon codes that mails give away."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact


class CouponPool(models.Model):
    """A pile of unique codes, of which each message takes one."""

    name = models.CharField(_("name"), max_length=150, unique=True)
    expires_at = models.DateTimeField(
        _("valid until"), null=True, blank=True, help_text=_("After it, mails show no code of it. Empty: for good.")
    )
    low_stock_at = models.PositiveIntegerField(
        _("warn below"), default=100, help_text=_("Colleagues are warned when fewer codes than this are left.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("coupon pool")
        verbose_name_plural = _("coupon pools")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name

    def is_expired(self, at: datetime) -> bool:
        """Whether its codes are worth nothing any more."""
        return self.expires_at is not None and self.expires_at <= at


class CouponCode(models.Model):
    """One code: free, or taken for good, by a message or by a contact as their welcome."""

    pool = models.ForeignKey(CouponPool, models.CASCADE, related_name="codes", verbose_name=_("pool"))
    code = models.CharField(_("code"), max_length=40)
    # A plain id: messages belong to a room above this one.
    message_id = models.BigIntegerField(_("message"), null=True, blank=True)
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="coupon_codes", verbose_name=_("contact")
    )
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True)

    class Meta:
        verbose_name = _("coupon code")
        verbose_name_plural = _("coupon codes")
        constraints = [
            models.UniqueConstraint(fields=["pool", "code"], name="wpm_coupon_code_once"),
            models.UniqueConstraint(fields=["pool", "message_id"], name="wpm_coupon_per_message"),
        ]
        indexes = [
            models.Index(fields=["pool", "id"], name="wpm_coupon_free", condition=models.Q(taken_at__isnull=True))
        ]

    def __str__(self) -> str:
        return self.code
