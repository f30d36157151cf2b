"""Tables of the outbox: sends, and one message per contact and send."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.addresses import mask_address
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.delivery.replies import ReplyClass
from wagtail_precise_mail.emails.models import CompiledEmail
from wagtail_precise_mail.encryption import EncryptedCharField, EncryptedEmailField, EncryptedJSONField


class Send(models.Model):
    """One email on its way to a frozen audience."""

    class State(models.TextChoices):
        FREEZING = "freezing", _("gathering the audience")
        RUNNING = "running", _("sending")
        PAUSED = "paused", _("paused")
        FINISHED = "finished", _("finished")
        CANCELLED = "cancelled", _("cancelled")

    class HeldBy(models.TextChoices):
        LIMIT = "limit", _("a limit of its sender or channel")
        PROVIDER = "provider", _("a limit of the mailbox providers that are left")
        WARM_UP = "warm_up", _("the warm-up plan of its sender: the rest leaves from tomorrow on")

    # Who asked, as a plain kind and id: foreign keys point down the house only. Campaigns use "campaign".
    origin_kind = models.CharField(max_length=30)
    origin_id = models.BigIntegerField(null=True)
    # Who wrote to one person, whose permission is asked for again before it leaves; None for everything else.
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.FREEZING)
    # What to go back to when a pause ends.
    state_before_pause = models.CharField(max_length=10, choices=State.choices, blank=True)
    pause_reason = models.TextField(_("why it is paused"), blank=True)
    # Tries in a row that found the channel unusable; the last allowed one pauses the send.
    failure_count = models.PositiveSmallIntegerField(default=0)
    compiled = models.ForeignKey(CompiledEmail, models.PROTECT, related_name="sends")
    # None only for digests, which are about several; and for tests and transactional mail, which need no consent.
    topic = models.ForeignKey(Topic, models.PROTECT, null=True, related_name="sends")
    is_test = models.BooleanField(default=False)
    # The site's choice when the send began: who heard nothing for so many months is skipped; 0 skips nobody.
    permission_months = models.PositiveSmallIntegerField(default=0)
    # The send asks those people, and goes to nobody else.
    asks_permission = models.BooleanField(default=False)
    priority = models.PositiveSmallIntegerField(default=10)
    from_name = models.CharField(max_length=100, blank=True)
    from_address = models.EmailField()
    reply_to = models.EmailField(blank=True)
    base_url = models.CharField(max_length=250, help_text="Scheme and host of the links in this send.")
    # Who it was meant for, in words and as rules, as they were when the audience was frozen; {} for what has no rules.
    audience = models.JSONField(default=dict)
    # Last contact id that was frozen; an interrupted freeze goes on from here.
    freeze_cursor = models.BigIntegerField(default=0)
    send_before = models.DateTimeField(null=True, blank=True)
    # Whose digests collect this issue for contacts who want mail less often; without one, they may miss it.
    digest_site = models.ForeignKey("wagtailcore.Site", models.SET_NULL, null=True, related_name="+")
    # Why nothing of it may leave for now, and until when nobody need look; None looks every minute.
    held_by = models.CharField(_("what it waits for"), max_length=10, choices=HeldBy.choices, blank=True)
    held_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    frozen_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("send")
        verbose_name_plural = _("sends")
        indexes = [
            models.Index(fields=["origin_kind", "origin_id"], name="wpm_send_origin"),
            models.Index(
                fields=["state"],
                name="wpm_send_open",
                condition=models.Q(state__in=["freezing", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.origin_kind} {self.origin_id}: {self.state}"

    # Origin of the mail that asks somebody to confirm their sign-up; the id is that of the sign-up.
    SIGN_UP: ClassVar[str] = "sign_up"
    # Origin of digests; the id is that of the site. Each asks for consent to the topics of what is in it.
    DIGEST: ClassVar[str] = "digest"

    # Origin of a mail to one person, written by a colleague; the id is that of the contact.
    TO_ONE: ClassVar[str] = "contact"

    # Origin of copies to our own seed addresses; the id is that of the send. They are tests, but look like real mail.
    SEED: ClassVar[str] = "seed"

    # From each state, where a send may go.
    MOVES: ClassVar[dict[str, frozenset[str]]] = {
        State.FREEZING: frozenset({State.RUNNING, State.PAUSED, State.CANCELLED}),
        State.RUNNING: frozenset({State.PAUSED, State.FINISHED, State.CANCELLED}),
        State.PAUSED: frozenset({State.FREEZING, State.RUNNING, State.CANCELLED}),
        State.FINISHED: frozenset({State.RUNNING}),  # somebody sends the messages of unknown outcome again
        State.CANCELLED: frozenset(),
    }

    @property
    def is_marketing(self) -> bool:
        """Whether it is about topics, which people can leave, and not about an order or a letter they asked for."""
        return self.topic_id is not None or self.origin_kind == self.DIGEST


class OutboxMessage(models.Model):
    """One email to one contact, from pending to accepted, or to the reason why not."""

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        CLAIMED = "claimed", _("with a worker")
        HANDOFF = "handoff", _("being handed over")
        ACCEPTED = "accepted", _("accepted")
        DEFERRED = "deferred", _("to be tried again")
        REJECTED = "rejected", _("rejected")
        UNKNOWN = "unknown", _("unknown")
        SKIPPED = "skipped", _("skipped")
        CANCELLED = "cancelled", _("cancelled")

    class SkipReason(models.TextChoices):
        NO_CONSENT = "no_consent", _("no consent to the topic")
        ASK_FIRST = "ask_first", _("must be asked again first")
        NO_NEED = "no_need", _("need not be asked again")
        ASKED = "asked", _("was asked again, without an answer")
        SUPPRESSED = "suppressed", _("suppressed address")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed")
        QUARANTINED = "quarantined", _("in quarantine")
        PAUSED = "paused", _("asked for a pause")
        CADENCE = "cadence", _("wants mail less often")
        WRITER = "writer", _("its writer may no longer write to contacts")
        KEPT = "kept", _("kept for a digest")
        EXCLUDED = "excluded", _("in an excluded segment")
        EXPIRED = "expired", _("too late to be sent")
        EMPTY = "empty", _("nothing left to tell")
        ERASED = "erased", _("contact no longer exists")
        RENDER_ERROR = "render_error", _("could not be rendered")

    # Neither has an index of its own: others below begin with it, and each state of a message is written to all.
    send = models.ForeignKey(Send, models.CASCADE, related_name="messages", db_index=False)
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="outbox_messages", db_index=False)
    address = EncryptedEmailField(max_length=254)
    # The hash of the address: one person gets one message per send, whatever the rows say.
    recipient_key = models.CharField(max_length=64)
    # Which version of the email left, by its language; "" before that, and in sends of one language.
    language = models.CharField(_("language"), max_length=20, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING)
    skip_reason = models.CharField(_("why skipped"), max_length=20, choices=SkipReason.choices, blank=True)
    priority = models.PositiveSmallIntegerField(default=10)
    # The mailbox provider for whose limit it waits, or waited; "" until one holds it back.
    mx_group = models.CharField(max_length=40, blank=True)
    # Counted with the commit to handoff, so before the attempt: a worker that dies in it has used one up.
    attempt_count = models.PositiveSmallIntegerField(default=0)
    # The fencing token of the claim: a worker whose lease was taken cannot write.
    claim_token = models.UUIDField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)
    # From this moment on the window counts in which it is tried again.
    first_failed_at = models.DateTimeField(null=True)
    reply = EncryptedCharField(_("answer of the server"), max_length=500, blank=True)
    # What the reply of the last attempt means; "" before there was one.
    reply_class = models.CharField(_("class of the answer"), max_length=12, choices=ReplyClass.choices, blank=True)
    provider_id = models.CharField(max_length=250, blank=True)
    created_at = models.DateTimeField()
    handed_off_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox messages")
        constraints = [
            models.UniqueConstraint(fields=["send", "recipient_key"], name="wpm_message_once"),
            models.CheckConstraint(
                condition=models.Q(state="skipped") ^ models.Q(skip_reason=""), name="wpm_message_skip_reason"
            ),
        ]
        indexes = [
            # Claims walk this one only: finished rows must not slow the next claim down.
            models.Index(
                fields=["send", "mx_group", "priority", "id"],
                name="wpm_message_pending",
                condition=models.Q(state="pending"),
            ),
            models.Index(
                fields=["lease_expires_at"],
                name="wpm_message_leased",
                condition=models.Q(state__in=["claimed", "handoff"]),
            ),
            models.Index(fields=["next_attempt_at"], name="wpm_message_deferred", condition=models.Q(state="deferred")),
            # What counts of the last days and minutes read: of each send and end, without a look at the rows. SQLite
            # takes a partial index for a comparison with this condition, not for one on states, which are parameters.
            models.Index(
                fields=["finished_at", "send", "state"],
                name="wpm_message_settled",
                condition=models.Q(finished_at__isnull=False),
            ),
            models.Index(fields=["contact", "created_at"], name="wpm_message_timeline"),
            models.Index(fields=["send", "state", "skip_reason"], name="wpm_message_figures"),
        ]

    def __str__(self) -> str:
        return f"{mask_address(self.address)}: {self.state}"

    # States from which a message still moves by itself; a send is finished once none of its messages is in one.
    OPEN_STATES: ClassVar[tuple[str, ...]] = (State.PENDING, State.CLAIMED, State.HANDOFF, State.DEFERRED)


class SendVersion(models.Model):
    """The email of one send in one of its languages, frozen with the send."""

    send = models.ForeignKey(Send, models.CASCADE, related_name="versions")
    language = models.CharField(_("language"), max_length=20)
    compiled = models.ForeignKey(CompiledEmail, models.PROTECT, related_name="+")
    # What its lists show to nobody in particular, for the public page: prices of that day, not of today.
    public_data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("version of a send")
        verbose_name_plural = _("versions of sends")
        constraints = [models.UniqueConstraint(fields=["send", "language"], name="wpm_send_version_once")]

    def __str__(self) -> str:
        return f"{self.send_id}: {self.language}"


class MessageContent(models.Model):
    """What one message said beside the compiled email, so that it can be shown again exactly as it left."""

    message = models.OneToOneField(OutboxMessage, models.CASCADE, primary_key=True, related_name="content")
    # It is about this person: erasing the contact erases it.
    contact = models.ForeignKey(Contact, models.CASCADE, null=True, related_name="+")
    data = EncryptedJSONField()

    class Meta:
        verbose_name = _("content of a message")
        verbose_name_plural = _("contents of messages")

    def __str__(self) -> str:
        return f"Content of message {self.pk}"


class SentItem(models.Model):
    """An item of a list that one message showed, such as a page, so that the next mail can show another."""

    message = models.ForeignKey(OutboxMessage, models.CASCADE, related_name="sent_items")
    # An erasure leaves what the report of content counts.
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="+")
    key = models.CharField(max_length=60)
    sent_at = models.DateTimeField()

    class Meta:
        verbose_name = _("sent item")
        verbose_name_plural = _("sent items")
        constraints = [models.UniqueConstraint(fields=["message", "key"], name="wpm_sent_item_once")]
        indexes = [models.Index(fields=["contact", "sent_at"], name="wpm_sent_item_recent")]

    def __str__(self) -> str:
        return f"{self.key} in message {self.message_id}"
