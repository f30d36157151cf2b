"""Who asked to get mail, where they came from, and what became of it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from modelcluster.models import ClusterableModel

from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.contacts.questions import SignUpChoice
from wagtail_precise_mail.encryption import EncryptedJSONField


class SignUpSource(ClusterableModel):
    """A place where people sign up: a campaign, a social network, a poster with a QR code."""

    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(
        _("slug"), max_length=100, unique=True, help_text=_("Stands in the address to share, such as social-x.")
    )
    campaign = models.CharField(_("campaign"), max_length=150, blank=True, help_text=_("Or event; for your figures."))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("source of sign-ups")
        verbose_name_plural = _("sources of sign-ups")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SignUp(models.Model):
    """One request to get mail about some topics, until it is confirmed or forgotten."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="sign_ups")
    topics = models.ManyToManyField(Topic, related_name="+", verbose_name=_("topics"))
    # A plain slug: mails passed on bring sources of their own, such as "forward-campaign-7".
    source = models.CharField(_("source"), max_length=100)
    site = models.ForeignKey("wagtailcore.Site", models.SET_NULL, null=True, related_name="+")
    language = models.CharField(_("language"), max_length=20, blank=True)
    wording = models.ForeignKey("wagtail_precise_mail.ConsentWording", models.PROTECT, null=True, related_name="+")
    policy = models.ForeignKey("wagtail_precise_mail.PrivacyPolicy", models.PROTECT, null=True, related_name="+")
    page_url = models.CharField(_("page"), max_length=500, blank=True)
    source_page_id = models.BigIntegerField(null=True)
    ip_address = models.GenericIPAddressField(_("IP address"), null=True)
    # What they said of themselves beside the address; nobody's word counts before it is confirmed.
    answers = EncryptedJSONField(default=dict)
    choices = models.ManyToManyField(SignUpChoice, related_name="+", verbose_name=_("answers"))
    created_at = models.DateTimeField(_("asked"))
    mail_count = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)

    class Meta:
        verbose_name = _("sign-up")
        verbose_name_plural = _("sign-ups")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["contact", "created_at"], name="wpm_signup_contact"),
            models.Index(fields=["source", "created_at"], name="wpm_signup_source"),
        ]

    def __str__(self) -> str:
        return f"{self.source}, {self.created_at:%Y-%m-%d}"


def with_sign_up_counts(sources: QuerySet[SignUpSource]) -> QuerySet[SignUpSource]:
    """Return sources with ``sign_up_count`` and ``confirmed_count``: people, each counted once."""
    rows = SignUp.objects.filter(source=OuterRef("slug")).order_by().values("source")

    def count(**narrowed: Any) -> Coalesce:
        people = Count("contact", distinct=True, filter=Q(**narrowed))
        return Coalesce(Subquery(rows.annotate(people=people).values("people")), 0)

    return sources.annotate(sign_up_count=count(), confirmed_count=count(confirmed_at__isnull=False))
