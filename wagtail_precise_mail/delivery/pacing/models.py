"""Tables of pacing: the limits that people set, and how much of each is used at this moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from wagtail_precise_mail.delivery.channels import channel_label
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.delivery.pacing.groups import group_label


class SendingLimit(models.Model):
    """So many messages at most in a period: from a sender, to a mailbox provider, or over a channel."""

    class Scope(models.TextChoices):
        GROUP = "group", _("to a mailbox provider")
        SENDER = "sender", _("from a sender")
        CHANNEL = "channel", _("over a channel")

    class Period(models.TextChoices):
        SECOND = "second", _("second")
        MINUTE = "minute", _("minute")
        HOUR = "hour", _("hour")
        DAY = "day", _("day")

    SECONDS: ClassVar[dict[str, int]] = {Period.SECOND: 1, Period.MINUTE: 60, Period.HOUR: 3600, Period.DAY: 86_400}

    scope = models.CharField(_("mail"), max_length=10, choices=Scope.choices, default=Scope.GROUP)
    # Of a group or a channel its key; of a sender the address, or the domain for all of its addresses.
    key = models.CharField(_("which one"), max_length=254)
    count = models.PositiveIntegerField(
        _("messages"), validators=[MinValueValidator(1), MaxValueValidator(100_000_000)]
    )
    period = models.CharField(_("in each"), max_length=10, choices=Period.choices, default=Period.HOUR)

    class Meta:
        verbose_name = _("sending limit")
        verbose_name_plural = _("sending limits")
        ordering = ["scope", "key", "period"]
        constraints = [models.UniqueConstraint(fields=["scope", "key", "period"], name="wpm_limit_once")]

    def __str__(self) -> str:
        return _RATES[self.Period(self.period)](self.count) % {
            "name": self._name(),
            "number": number_format(self.count, force_grouping=True),
        }

    def _name(self) -> str:
        if self.scope == self.Scope.GROUP:
            return group_label(self.key)
        if self.scope == self.Scope.CHANNEL:
            return str(_("Channel %(key)s")) % {"key": channel_label(self.key)}
        return str(_("From %(key)s")) % {"key": self.key}

    @property
    def seconds(self) -> int:
        """The length of the period."""
        return self.SECONDS[self.period]


_RATES: dict[str, Callable[[int], str]] = {
    SendingLimit.Period.SECOND: lambda count: ngettext(
        "%(name)s: %(number)s mail per second", "%(name)s: %(number)s mails per second", count
    ),
    SendingLimit.Period.MINUTE: lambda count: ngettext(
        "%(name)s: %(number)s mail per minute", "%(name)s: %(number)s mails per minute", count
    ),
    SendingLimit.Period.HOUR: lambda count: ngettext(
        "%(name)s: %(number)s mail per hour", "%(name)s: %(number)s mails per hour", count
    ),
    SendingLimit.Period.DAY: lambda count: ngettext(
        "%(name)s: %(number)s mail per day", "%(name)s: %(number)s mails per day", count
    ),
}


class Bucket(models.Model):
    """What is left of one rate: tokens that come back with time."""

    name = models.CharField(max_length=300, unique=True)
    tokens = models.FloatField()
    filled_at = models.DateTimeField()
    # Counted up by each write, so that of two workers who read the same only one can take.
    version = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("token bucket")
        verbose_name_plural = _("token buckets")

    def __str__(self) -> str:
        return f"{self.name}: {self.tokens:.1f}"


class Slowdown(models.Model):
    """A mailbox provider that asked us to be slower, and how much of the usual rate it gets now."""

    group = models.CharField(max_length=40, unique=True)
    # Of the limit, from the floor to 1; the row goes when it is back at 1.
    factor = models.FloatField()
    slowed_at = models.DateTimeField(_("asked last"))
    raised_at = models.DateTimeField()
    reply = models.CharField(_("answer of the server"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("slow-down")
        verbose_name_plural = _("slow-downs")
        ordering = ["group"]

    def __str__(self) -> str:
        return f"{self.group}: {self.factor:.2f}"


class HostedDomain(models.Model):
    """A domain of recipients, and the mailbox provider whose servers receive its mail, by its MX records."""

    domain = models.CharField(max_length=253, unique=True)
    # "" where the servers are of nobody in the table.
    group = models.CharField(max_length=40, blank=True)
    looked_at = models.DateTimeField()

    class Meta:
        verbose_name = _("domain hosted by a mailbox provider")
        verbose_name_plural = _("domains hosted by mailbox providers")
        ordering = ["domain"]

    def __str__(self) -> str:
        return f"{self.domain}: {self.group or '-'}"


def default_volumes() -> list[int]:
    """Double each day, from 50 to 51,200."""
    return [50 * 2**day for day in range(11)]


class WarmUp(models.Model):
    """A plan that raises the daily volume of a new sender domain step by step, so that providers learn to trust it."""

    domain = models.CharField(_("domain of the sender"), max_length=253, unique=True)
    volumes = models.JSONField(_("messages on each day"), default=default_volumes)
    started_on = models.DateField(_("first day"), default=timezone.localdate)
    is_active = models.BooleanField(_("in force"), default=True)

    class Meta:
        verbose_name = _("warm-up plan")
        verbose_name_plural = _("warm-up plans")
        ordering = ["domain"]

    def __str__(self) -> str:
        return self.domain

    def clean(self) -> None:
        volumes = self.volumes
        if not isinstance(volumes, list) or not volumes or not all(type(one) is int and one > 0 for one in volumes):
            raise ValidationError({"volumes": _("Give whole numbers above 0, one for each day, such as 50, 100, 200.")})


class WarmUpDay(models.Model):
    """How much of a plan was used on one day."""

    plan = models.ForeignKey(WarmUp, models.CASCADE, related_name="days")
    on = models.DateField()
    volume = models.PositiveIntegerField()
    used_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("day of a warm-up plan")
        verbose_name_plural = _("days of warm-up plans")
        ordering = ["on"]
        constraints = [models.UniqueConstraint(fields=["plan", "on"], name="wpm_warm_up_day_once")]

    def __str__(self) -> str:
        return f"{self.on}: {self.used_count} / {self.volume}"


class Alarm(models.Model):
    """A sender whose mail comes back, is called spam or is far more than usual: a warning, or a stop."""

    class Kind(models.TextChoices):
        COMPLAINTS = "complaints", _("complaints")
        BOUNCES = "bounces", _("addresses that do not exist")
        BLOCKS = "blocks", _("blocked by receivers")
        VOLUME = "volume", _("far more mail than usual")

    class Level(models.TextChoices):
        WARNING = "warning", _("warning")
        STOP = "stop", _("stopped")

    domain = models.CharField(_("domain of the sender"), max_length=253)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    level = models.CharField(_("level"), max_length=10, choices=Level.choices)
    # Set where one send alone is that bad.
    send = models.ForeignKey(Send, models.SET_NULL, null=True, related_name="alarms")
    event_count = models.PositiveIntegerField()
    base_count = models.PositiveIntegerField()
    # What was too much: a share of the base in percent, of volume the usual number in a day.
    limit = models.FloatField()
    raised_at = models.DateTimeField(_("raised"))
    # Of a warning when it was over, of a stop when somebody let the sender go on.
    ended_at = models.DateTimeField(_("over"), null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("alarm about a sender")
        verbose_name_plural = _("alarms about senders")
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "kind", "level"], condition=models.Q(ended_at=None), name="wpm_alarm_once"
            )
        ]
        permissions = [("resume_alarm", _("Can let a stopped sender go on"))]

    def __str__(self) -> str:
        return f"{self.domain}: {self.kind} ({self.level})"


class Watch(models.Model):
    """Who waits for the next token: one worker of the house at most, so that the others stay free."""

    name = models.CharField(max_length=20, unique=True)
    until = models.DateTimeField()

    class Meta:
        verbose_name = _("watch")
        verbose_name_plural = _("watches")

    def __str__(self) -> str:
        return f"{self.name}: {self.until}"
