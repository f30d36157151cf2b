"""What contacts looked at in the shop: kept for some time, for lists of what they viewed last.

Nobody is asked here whether they allow it: callers leave out contacts who do not.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Contact


class ProductView(models.Model):
    """That a contact looked at a product, with the last time they did; one row for both."""

    # It is about this person: erasing the contact erases it.
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="product_views")
    product = models.ForeignKey(Product, models.CASCADE, related_name="views")
    viewed_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("view of a product")
        verbose_name_plural = _("views of products")
        constraints = [models.UniqueConstraint(fields=["contact", "product"], name="wpm_product_view_once")]
        indexes = [
            models.Index(fields=["contact", "viewed_at"], name="wpm_product_view_recent"),
            models.Index(fields=["viewed_at"], name="wpm_product_view_age"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.viewed_at:%Y-%m-%d}: {self.product_id}"


def keep_view(contact: Contact, product: Product, *, at: datetime) -> None:
    """Keep that a contact looked at a product: one statement, however often they did."""
    ProductView.objects.bulk_create(
        [ProductView(contact=contact, product=product, viewed_at=at)],
        update_conflicts=True,
        unique_fields=["contact", "product"],
        update_fields=["viewed_at"],
    )


def since(at: datetime) -> datetime:
    """Return from when on views count."""
    return at - timedelta(days=options().product_view_days)


def forget_views(*, at: datetime | None = None) -> int:
    """Delete what is older than the option ``product_view_days``; return how many rows that were."""
    deleted, _rows = ProductView.objects.filter(viewed_at__lt=since(at or timezone.now())).delete()
    return deleted
