"""What people were shown when they agreed: wordings and policies, each version kept for good."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey

from wagtail_precise_mail.contacts.models import ConsentChange, Topic
from wagtail_precise_mail.exceptions import LedgerIsClosed
from wagtail_precise_mail.fields import PageForeignKey

DEFAULT_WORDING = "sign-up"
# What a policy says of itself to those who agreed to it. The keys are those of its form.
_FIXED = ("site", "version", "page", "url", "published_at")


class TopicTranslation(models.Model):
    """How a topic is called in another language."""

    topic = ParentalKey(Topic, on_delete=models.CASCADE, related_name="translations")
    language = models.CharField(_("language"), max_length=20, help_text=_("Such as en or zh-hans."))
    name = models.CharField(_("name"), max_length=100)
    description = models.CharField(_("description"), max_length=250, blank=True)

    class Meta:
        verbose_name = _("translation of a topic")
        verbose_name_plural = _("translations of topics")
        constraints = [models.UniqueConstraint(fields=["topic", "language"], name="wpm_topic_language_once")]

    def __str__(self) -> str:
        return f"{self.language}: {self.name}"


def topic_words(topic: Topic, language: str) -> tuple[str, str]:
    """Return the name and the description of a topic in a language, or in its own."""
    rows = {row.language.lower(): row for row in topic.translations.all()}
    row = rows.get(language.lower()) or rows.get(language.lower().split("-")[0])
    return (row.name, row.description) if row else (topic.name, topic.description)


class ConsentWording(models.Model):
    """One version of a sentence that people agree to. It never changes: editing makes the next version."""

    name = models.SlugField(_("name"), max_length=100, default=DEFAULT_WORDING)
    language = models.CharField(_("language"), max_length=20, help_text=_("Such as en or zh-hans."))
    version = models.PositiveIntegerField(_("version"), editable=False)
    topics = models.ManyToManyField(Topic, verbose_name=_("topics"), related_name="+", blank=True)
    text = models.TextField(_("text"), help_text=_("As people read it beside the button."))
    text_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("since"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("wording of consent")
        verbose_name_plural = _("wordings of consent")
        ordering = ["name", "language", "-version"]
        constraints = [models.UniqueConstraint(fields=["name", "language", "version"], name="wpm_wording_version_once")]

    def __str__(self) -> str:
        version = gettext("version %(number)d") % {"number": self.version or 0}
        return f"{self.name} ({self.language}), {version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise LedgerIsClosed("A wording never changes: write the next version with add_wording.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise LedgerIsClosed("A wording is kept for good: somebody may have agreed to it.")


def add_wording(
    text: str, *, topics: Iterable[Topic], language: str, name: str = DEFAULT_WORDING, by: Any = None,
    at: datetime | None = None,
) -> ConsentWording:  # fmt: skip
    """Return the wording with this text, made as the next version when the latest one says something else."""
    text_hash, wanted = hashlib.sha256(text.strip().encode()).hexdigest(), list(topics)
    latest = ConsentWording.objects.filter(name=name, language=language).order_by("-version").first()
    is_same = latest is not None and latest.text_hash == text_hash
    if latest and is_same and set(latest.topics.all()) == set(wanted):
        return latest
    try:
        with transaction.atomic():
            row = ConsentWording.objects.create(
                name=name,
                language=language,
                version=(latest.version if latest else 0) + 1,
                text=text.strip(),
                text_hash=text_hash,
                created_at=at or timezone.now(),
                created_by=by,
            )
            row.topics.set(wanted)
    except IntegrityError:  # somebody else was quicker
        return add_wording(text, topics=wanted, language=language, name=name, by=by, at=at)
    return row


def current_wording(name: str, language: str) -> ConsentWording | None:
    """Return the latest version of a wording in a language, or in a shorter form of it ("zh" for "zh-hans")."""
    for code in dict.fromkeys([language, language.split("-")[0]]):
        if row := ConsentWording.objects.filter(name=name, language=code).order_by("-version").first():
            return row
    return None


def shown_text(topics: Iterable[Topic], language: str) -> str:
    """Return the sentence that a form shows where nobody wrote a wording."""
    names = [topic_words(topic, language)[0] for topic in topics]
    with translation.override(language):
        words = (
            gettext("Yes, send me “%(topics)s” by email. I can leave at any time by the link in each mail.")
            if len(names) == 1
            else gettext(
                "Yes, send me by email what I ticked of: %(topics)s. I can leave at any time by the link in each mail."
            )
        )
        return words % {"topics": ", ".join(names)}


class PrivacyPolicy(models.Model):
    """One version of a site's privacy policy."""

    site = models.ForeignKey("wagtailcore.Site", models.CASCADE, related_name="+", verbose_name=_("site"))
    version = models.CharField(_("version"), max_length=50, help_text=_("Such as 2026-03."))
    page = PageForeignKey(
        on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("page of the site")
    )
    url = models.URLField(_("or its address"), max_length=500, blank=True)
    published_at = models.DateTimeField(_("in force since"), default=timezone.now)
    asks_again = models.BooleanField(
        _("asks again"),
        default=False,
        help_text=_("Who agreed before has to agree again. Nothing happens before you say so in a step of its own."),
    )

    class Meta:
        verbose_name = _("privacy policy")
        verbose_name_plural = _("privacy policies")
        ordering = ["-published_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["site", "version"], name="wpm_policy_version_once")]

    def __str__(self) -> str:
        return f"{self.site}: {self.version}"

    @property
    def address(self) -> str:
        """Where it can be read, or ""."""
        return (self.page.full_url if self.page else "") or self.url

    def clean(self) -> None:
        super().clean()
        if not self.page and not self.url:
            raise ValidationError({"page": _("Choose its page, or write its address: forms lead there.")})
        before = type(self).objects.filter(pk=self.pk).first() if self.pk else None
        changed = [name for name in _FIXED if before and getattr(before, name) != getattr(self, name)]
        if changed and ConsentChange.objects.filter(policy=self.pk).exists():
            raise ValidationError(
                dict.fromkeys(changed, _("People agreed with this version before them: write a new one."))
            )


def policy_in_force(site: Any, *, at: datetime | None = None) -> PrivacyPolicy | None:
    """Return the policy of a site that is in force, if it keeps any."""
    policies = PrivacyPolicy.objects.filter(site=site, published_at__lte=at or timezone.now()).select_related("page")
    return policies.order_by("-published_at", "-pk").first() if site else None
