"""What buyers write about products: kept until somebody approves it, and shown only then."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import log

from wagtail_precise_mail.commerce.models import Product

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

LOG_PREFIX = "precise_mail.review."


class Review(models.Model):
    """What one buyer says of a product."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    product = models.ForeignKey(Product, models.CASCADE, related_name="reviews", verbose_name=_("product"))
    name = models.CharField(_("name"), max_length=100, help_text=_("As it is shown, such as “Ada M.”."))
    words = models.TextField(_("words"), max_length=1000)
    stars = models.PositiveSmallIntegerField(
        _("stars"), validators=[MinValueValidator(1), MaxValueValidator(5)], help_text=_("From 1 to 5.")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING, editable=False)
    created_at = models.DateTimeField(_("written"), auto_now_add=True)
    moderated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    moderated_at = models.DateTimeField(_("moderated"), null=True, editable=False)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-created_at", "-pk"]
        permissions = [("moderate_review", _("Can approve and reject reviews"))]
        constraints = [models.CheckConstraint(condition=models.Q(stars__range=(1, 5)), name="wpm_review_stars")]
        indexes = [models.Index(fields=["product", "state", "created_at"], name="wpm_review_newest")]

    def __str__(self) -> str:
        return f"{self.name}: {self.words}"[:80]


def moderate(review: Review, state: Review.State, *, by: AbstractBaseUser, at: datetime) -> Review:
    """Approve or reject a review, whatever it was before; the audit log says who did."""
    with transaction.atomic():
        review.state, review.moderated_by, review.moderated_at = state, by, at  # type: ignore[assignment]
        review.save(update_fields=["state", "moderated_by", "moderated_at"])
        log(instance=review, action=f"{LOG_PREFIX}{state}", user=by)
    return review


def newest_approved(product_id: int | None = None, *, only: int | None = None) -> Review | None:
    """Return the newest approved review: of one product or of any, or one that is known, if it still is approved.

    Args:
        only: the id of that one.
    """
    wanted = {name: value for name, value in (("product", product_id), ("pk", only)) if value is not None}
    return Review.objects.filter(state=Review.State.APPROVED, **wanted).select_related("product").first()
