"""Tables of contacts, their consent with its ledger, and suppressed addresses."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.models import ClusterableModel

from wagtail_precise_mail.contacts.addresses import address_hash, mask_address, normalize_address
from wagtail_precise_mail.contacts.grades import Actor, ConsentBasis, OptIn
from wagtail_precise_mail.contacts.ledger import ConsentChangeQuerySet
from wagtail_precise_mail.contacts.queries import ContactQuerySet, SuppressionQuerySet
from wagtail_precise_mail.contacts.zones import find_zone
from wagtail_precise_mail.encryption import EncryptedCharField, EncryptedEmailField, EncryptedTextField
from wagtail_precise_mail.exceptions import InvalidAddress, LedgerIsClosed
from wagtail_precise_mail.fields import PageForeignKey


class Cadence(models.TextChoices):
    """How often a contact wants mail of a topic."""

    EVERY = "every", _("every issue")
    DAILY = "daily", _("at most once a day")
    WEEKLY = "weekly", _("at most once a week")
    MONTHLY = "monthly", _("at most once a month")
    QUARTERLY = "quarterly", _("at most once a quarter")


class JobLevel(models.TextChoices):
    """Who decides in an organization (C036)."""

    STAFF = "staff", _("staff")
    LEAD = "lead", _("team lead")
    HEAD = "head", _("head of department")
    DIRECTOR = "director", _("director")
    EXECUTIVE = "executive", _("executive board")
    OWNER = "owner", _("owner")


class Contact(models.Model):
    """A person we may write to.

    Not in Wagtail's search index: its entries would be copies of addresses, which masks and encryption do not reach.
    """

    email = EncryptedEmailField(_("email address"), max_length=254)
    address_hash = models.CharField(max_length=64, unique=True, editable=False)
    first_name = EncryptedCharField(_("first name"), max_length=150, blank=True)
    last_name = EncryptedCharField(_("last name"), max_length=150, blank=True)
    locale = models.CharField(_("language"), max_length=20, blank=True, help_text=_("Such as en or zh-hans."))
    time_zone = models.CharField(_("time zone"), max_length=63, blank=True, help_text=_("Such as Europe/Berlin."))
    country = models.CharField(_("country"), max_length=2, blank=True, help_text=_("ISO 3166 code, such as GB."))
    region = models.CharField(_("region"), max_length=100, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    gender = models.CharField(_("gender"), max_length=30, blank=True)
    birthday_on = models.DateField(_("birthday"), null=True, blank=True)
    job_title = models.CharField(_("job"), max_length=150, blank=True)
    job_level = models.CharField(_("level"), max_length=10, choices=JobLevel.choices, blank=True)
    organization = models.CharField(_("organization"), max_length=150, blank=True)
    attributes = models.JSONField(_("further fields"), default=dict, blank=True)
    is_tracking_allowed = models.BooleanField(_("opens and clicks may be tracked"), default=True)
    is_profiling_allowed = models.BooleanField(_("content may be chosen by what they did"), default=True)
    cadence = models.CharField(_("how often"), max_length=10, choices=Cadence.choices, default=Cadence.EVERY)
    paused_until = models.DateTimeField(_("no mail until"), null=True, blank=True)
    # Somebody has to look before this address is written to: a suspicious import, say.
    quarantined_at = models.DateTimeField(_("in quarantine since"), null=True, blank=True)
    quarantine_reason = models.CharField(_("why in quarantine"), max_length=250, blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="precise_mail_contact",
        verbose_name=_("account on the site"),
    )
    source = models.CharField(_("where the contact came from"), max_length=100, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["-pk"]
        # What the listing is ordered by and filtered by. Its search has a trigram index of its own on PostgreSQL.
        indexes = [
            models.Index(fields=["country"], name="wpm_contact_country"),
            models.Index(fields=["email"], name="wpm_contact_email"),
            models.Index(fields=["last_name"], name="wpm_contact_last_name"),
            models.Index(fields=["created_at"], name="wpm_contact_created"),
            models.Index(fields=["source"], name="wpm_contact_source"),
            models.Index(
                fields=["quarantined_at"],
                name="wpm_contact_quarantine",
                condition=models.Q(quarantined_at__isnull=False),
            ),
            models.Index(
                fields=["paused_until"], name="wpm_contact_paused", condition=models.Q(paused_until__isnull=False)
            ),
        ]
        permissions = [
            ("export_contact", _("Can export contacts")),
            ("view_contact_address", _("Can see whole addresses")),
            ("merge_contact", _("Can merge contacts, and undo it")),
            ("quarantine_contact", _("Can put contacts into quarantine and release them")),
            ("write_to_contact", _("Can write to one person")),
        ]

    def __str__(self) -> str:
        # Choosers, logs and messages show it to people who may not see whole addresses.
        return self.full_name or mask_address(self.email)

    @property
    def full_name(self) -> str:
        """First and last name, as far as they are known."""
        return f"{self.first_name} {self.last_name}".strip()

    def clean(self) -> None:
        super().clean()
        try:
            self.address_hash = address_hash(normalize_address(self.email))
        except InvalidAddress as error:
            raise ValidationError({"email": str(error)}) from error
        twin = type(self).objects.filter(address_hash=self.address_hash).exclude(pk=self.pk).first()
        if twin:
            raise ValidationError({"email": _("There is already a contact with this address.")})
        if self.time_zone and find_zone(self.time_zone) is None:
            raise ValidationError({"time_zone": _("There is no such time zone. Write one such as Europe/Berlin.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.address_hash = address_hash(normalize_address(self.email))
        if fields := kwargs.get("update_fields"):
            kwargs["update_fields"] = {*fields, "address_hash"} if "email" in fields else fields
        super().save(*args, **kwargs)


class ContactList(models.Model):
    """A static list: contacts put together by hand or by an import."""

    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("slug"), max_length=100, unique=True)
    contacts = models.ManyToManyField(Contact, verbose_name=_("contacts"), related_name="lists", blank=True)

    class Meta:
        verbose_name = _("contact list")
        verbose_name_plural = _("contact lists")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Topic(ClusterableModel):
    """What people agree to hear about, such as "Newsletter"."""

    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("slug"), max_length=100, unique=True)
    description = models.CharField(_("description"), max_length=250, blank=True, help_text=_("Read by contacts."))
    is_public = models.BooleanField(
        _("people can choose it themselves"), default=True, help_text=_("When they sign up and in their preferences.")
    )
    sort_order = models.PositiveSmallIntegerField(_("place"), default=100, help_text=_("Lower numbers come first."))
    opt_in = models.CharField(
        _("who signs up"),
        max_length=10,
        choices=OptIn.choices,
        default=OptIn.DOUBLE,
        help_text=_("Without a mail that asks, anybody can sign up somebody else."),
    )
    minimum_basis = models.CharField(
        _("least proof"),
        max_length=10,
        choices=[("", _("any yes will do")), *ConsentBasis.choices],
        blank=True,
        help_text=_("A weaker yes stays unconfirmed: nothing is sent to it."),
    )
    has_digests = models.BooleanField(
        _("collect into digests"),
        default=True,
        help_text=_("Who wants mail less often gets all issues in one mail. Off: what comes too soon is left out."),
    )
    thanks_page = PageForeignKey(
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("page after the confirmation"),
        help_text=_("Empty: our own page says thank you."),
    )

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["sort_order", "name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if self.minimum_basis == ConsentBasis.DOUBLE and self.opt_in == OptIn.SINGLE:
            raise ValidationError({"opt_in": _("Where double opt-in is the least proof, a mail has to ask.")})


class ConsentStatus(models.TextChoices):
    """Where a contact stands with a topic."""

    PENDING = "pending", _("asked, not confirmed")
    GRANTED = "granted", _("granted")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Consent(models.Model):
    """The current yes or no of a contact to a topic; how it came about is in the ledger."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="consents")
    topic = models.ForeignKey(Topic, models.PROTECT, related_name="consents")
    status = models.CharField(_("status"), max_length=10, choices=ConsentStatus.choices)
    # What the yes rests on. A pending consent with a basis has one that is not enough for its topic.
    basis = models.CharField(_("proof"), max_length=10, choices=ConsentBasis.choices, blank=True)
    # A new policy asks again: then no import brings the old yes back.
    is_asked_again = models.BooleanField(_("has to agree again"), default=False)
    changed_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [models.UniqueConstraint(fields=["contact", "topic"], name="wpm_consent_once")]
        indexes = [models.Index(fields=["topic", "status", "contact"], name="wpm_consent_gate")]

    def __str__(self) -> str:
        return f"{self.contact}: {self.topic} {self.status}"


class ConsentChange(models.Model):
    """One entry of the append-only consent ledger."""

    # An erasure takes the name out of the ledger, and leaves what the figures count.
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="consent_changes")
    topic = models.ForeignKey(Topic, models.PROTECT, related_name="+")
    status = models.CharField(_("status"), max_length=10, choices=ConsentStatus.choices)
    basis = models.CharField(_("proof"), max_length=10, choices=ConsentBasis.choices, blank=True)
    source = models.CharField(_("source"), max_length=100)
    actor = models.CharField(_("who"), max_length=10, choices=Actor.choices, default=Actor.CONTACT)
    evidence = models.TextField(_("evidence"), blank=True)
    wording = models.ForeignKey(
        "wagtail_precise_mail.ConsentWording", models.PROTECT, null=True, related_name="+", verbose_name=_("wording")
    )
    policy = models.ForeignKey(
        "wagtail_precise_mail.PrivacyPolicy", models.PROTECT, null=True, related_name="+", verbose_name=_("policy")
    )
    ip_address = models.GenericIPAddressField(_("IP address"), null=True)
    page_url = models.CharField(_("page"), max_length=500, blank=True)
    # A plain id: the entry outlives the page.
    source_page_id = models.BigIntegerField(null=True)
    changed_at = models.DateTimeField(_("changed"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )

    objects = ConsentChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent change")
        verbose_name_plural = _("consent changes")
        indexes = [models.Index(fields=["contact", "changed_at"], name="wpm_consent_ledger")]

    def __str__(self) -> str:
        return f"{self.changed_at:%Y-%m-%d} {self.contact}: {self.topic} {self.status}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None and not self._state.adding:
            raise LedgerIsClosed("Entries of the consent ledger are never changed: add another one.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise LedgerIsClosed("Entries of the consent ledger are never deleted: erase the contact.")


class SuppressionReason(models.TextChoices):
    """Why an address must not be written to."""

    UNSUBSCRIBED = "unsubscribed", _("unsubscribed")
    HARD_BOUNCE = "hard_bounce", _("does not exist")
    COMPLAINT = "complaint", _("called our mail spam")
    MANUAL = "manual", _("by hand")
    INVALID = "invalid", _("invalid address")
    SUNSET = "sunset", _("no reaction for a long time")
    ERASED = "erased", _("asked to be erased")


class SuppressionScope(models.TextChoices):
    """Which mail a suppression holds back."""

    EVERYTHING = "everything", _("every mail")
    MARKETING = "marketing", _("mail about topics, not about orders")


class UnsubscribeReason(models.TextChoices):
    """Why a contact left, when they care to say."""

    TOO_MANY = "too_many", _("I get too many emails")
    NOT_RELEVANT = "not_relevant", _("They are not interesting to me")
    NEVER_ASKED = "never_asked", _("I never asked for them")
    NOT_CUSTOMER = "not_customer", _("I no longer shop here")
    OTHER = "other", _("Another reason")


class Suppression(models.Model):
    """An address that must not be written to. It outlives the contact: only the hash is kept."""

    address_hash = models.CharField(max_length=64, unique=True, editable=False)
    reason = models.CharField(_("reason"), max_length=20, choices=SuppressionReason.choices)
    scope = models.CharField(
        _("holds back"), max_length=10, choices=SuppressionScope.choices, default=SuppressionScope.EVERYTHING
    )
    detail = EncryptedCharField(_("detail"), max_length=250, blank=True)
    # Who asked, as a plain kind and id: foreign keys point down the house only.
    origin_kind = models.CharField(max_length=30, blank=True)
    origin_id = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(_("since"))
    expires_at = models.DateTimeField(_("until"), null=True, blank=True, help_text=_("Empty: for good."))

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.address_hash[:12]}: {self.get_reason_display()}"


class ServiceNote(models.Model):
    """Something from customer service: a ticket, a call, a note, from here or from another system."""

    class Kind(models.TextChoices):
        NOTE = "note", _("note")
        TICKET = "ticket", _("ticket")
        CALL = "call", _("call")

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="service_notes")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.NOTE)
    subject = EncryptedCharField(_("subject"), max_length=250)
    body = EncryptedTextField(_("text"), blank=True)
    source = models.CharField(_("source"), max_length=100, default="admin")
    external_id = models.CharField(_("number there"), max_length=100, blank=True)
    noted_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("service note")
        verbose_name_plural = _("service notes")
        ordering = ["-noted_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~models.Q(external_id=""),
                name="wpm_note_once",
            )
        ]
        indexes = [models.Index(fields=["contact", "noted_at"], name="wpm_note_timeline")]

    def __str__(self) -> str:
        return self.subject
