"""The table of issues that wait for a digest, or were sent in one."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.delivery.models import OutboxMessage, Send


class DigestIssue(models.Model):
    """One issue that one contact did not get by itself, because they want mail less often."""

    class LeftOut(models.TextChoices):
        EXPIRED = "expired", _("its offer has ended")
        NO_CONSENT = "no_consent", _("no consent to its topic any more")
        BROKEN = "broken", _("could not be rendered")

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="digest_issues")
    send = models.ForeignKey(Send, models.CASCADE, related_name="digest_issues")
    # The message that was not sent: its web version is what the digest leads to.
    message = models.OneToOneField(OutboxMessage, models.CASCADE, related_name="digest_issue")
    topic = models.ForeignKey(Topic, models.PROTECT, related_name="+")
    site = models.ForeignKey("wagtailcore.Site", models.CASCADE, related_name="+")
    kept_at = models.DateTimeField()
    # The one mail that it went into; empty while it waits. It never moves from one to another that may have left.
    digest = models.ForeignKey(OutboxMessage, models.CASCADE, null=True, related_name="digest_issues")
    left_out = models.CharField(max_length=10, choices=LeftOut.choices, blank=True)
    # When a person followed its link in the digest first.
    clicked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("issue for a digest")
        verbose_name_plural = _("issues for digests")
        constraints = [models.UniqueConstraint(fields=["contact", "send"], name="wpm_digest_issue_once")]
        indexes = [
            models.Index(
                fields=["site", "contact"], name="wpm_digest_issue_waiting", condition=models.Q(digest__isnull=True)
            ),
            models.Index(fields=["contact", "kept_at"], name="wpm_digest_issue_contact"),
        ]

    def __str__(self) -> str:
        return f"Send {self.send_id} for contact {self.contact_id}"
