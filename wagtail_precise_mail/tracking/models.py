"""Tables of events and of answers to surveys: what became of outbox messages after they left."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.encryption import EncryptedTextField


class MessageEvent(models.Model):
    """One open, click, unsubscribe, complaint, conversion or goal of one outbox message."""

    class Kind(models.TextChoices):
        OPEN = "open", _("open")
        CLICK = "click", _("click")
        UNSUBSCRIBE = "unsubscribe", _("unsubscribe")
        CONVERSION = "conversion", _("conversion")
        FORWARD = "forward", _("forward to a friend")
        SHARE = "share", _("share in a network")
        GOAL = "goal", _("goal of a landing page")
        SCAN = "scan", _("hidden link followed by a scanner")

    message = models.ForeignKey(OutboxMessage, models.CASCADE, related_name="events")
    # The send of the message, kept here because figures group by it.
    send = models.ForeignKey("wagtail_precise_mail.Send", models.CASCADE, related_name="events")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="message_events")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    happened_at = models.DateTimeField(_("when"))
    # Mail proxies and security scanners open and click, too; they are kept, and kept apart.
    is_machine = models.BooleanField(_("by a machine"), default=False)
    url = models.CharField(_("link"), max_length=2000, blank=True)
    link_index = models.PositiveSmallIntegerField(null=True, help_text="Which link of the compiled email.")
    block_id = models.CharField(max_length=40, blank=True)
    detail = models.CharField(_("detail"), max_length=250, blank=True)
    user_agent = models.CharField(max_length=250, blank=True)
    # Conversions: the order and what it brought.
    order = models.ForeignKey(
        "wagtail_precise_mail.Order", models.CASCADE, null=True, related_name="conversions", verbose_name=_("order")
    )
    value = models.DecimalField(_("value"), max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)

    class Meta:
        verbose_name = _("message event")
        verbose_name_plural = _("message events")
        constraints = [
            models.UniqueConstraint(
                fields=["order"], name="wpm_event_order_once", condition=models.Q(kind="conversion")
            ),
            models.UniqueConstraint(
                fields=["message"], name="wpm_event_unsubscribe_once", condition=models.Q(kind="unsubscribe")
            ),
            models.UniqueConstraint(fields=["message"], name="wpm_event_goal_once", condition=models.Q(kind="goal")),
            # A message belongs to one person, and the rates are of persons.
            models.UniqueConstraint(
                fields=["message", "kind"],
                name="wpm_event_passed_on_once",
                condition=models.Q(kind__in=["forward", "share"]),
            ),
        ]
        indexes = [
            models.Index(fields=["send", "kind", "is_machine"], name="wpm_event_figures"),
            models.Index(fields=["message", "kind", "happened_at"], name="wpm_event_message"),
            models.Index(fields=["contact", "kind", "happened_at"], name="wpm_event_contact"),
            # What conditions ask: who clicked within 30 days, nearly always without machines.
            models.Index(
                fields=["kind", "is_machine", "happened_at", "contact"],
                name="wpm_event_recent",
                condition=models.Q(contact__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.happened_at:%Y-%m-%d %H:%M}"


class SurveyAnswer(models.Model):
    """What one contact answered to the question of a survey block; changing one's mind changes the row."""

    class Kind(models.TextChoices):
        SCORE = "score", _("score from 0 to 10")
        STARS = "stars", _("stars from 1 to 5")
        CHOICE = "choice", _("choice")

    message = models.ForeignKey(OutboxMessage, models.CASCADE, related_name="survey_answers")
    send = models.ForeignKey("wagtail_precise_mail.Send", models.CASCADE, related_name="survey_answers")
    # An erasure takes the name and the comment, and leaves what the results count.
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="survey_answers")
    block_id = models.CharField(max_length=40)
    # As the mail asked it, in the language of the mail.
    question = models.CharField(_("question"), max_length=250)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    # Of scores and stars the number, of choices what the editor wants to be stored, whatever the language.
    value = models.CharField(_("answer"), max_length=100)
    label = models.CharField(_("answer in words"), max_length=100)
    comment = EncryptedTextField(_("comment"), blank=True)
    # The further field of the contact that got the value, or "".
    attribute = models.CharField(_("kept as"), max_length=60, blank=True)
    answered_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("answer to a survey")
        verbose_name_plural = _("answers to surveys")
        constraints = [models.UniqueConstraint(fields=["message", "block_id"], name="wpm_survey_answer_once")]
        indexes = [
            models.Index(fields=["send", "block_id", "value"], name="wpm_survey_results"),
            models.Index(fields=["contact", "answered_at"], name="wpm_survey_timeline"),
        ]

    def __str__(self) -> str:
        return f"{self.question}: {self.label}"
