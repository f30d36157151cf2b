"""Requests of people about their own data: what they asked for, by when it must be answered, and what was done."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.encryption import EncryptedTextField


class SubjectRequestQuerySet(models.QuerySet["SubjectRequest"]):
    """Sets of requests."""

    def open(self) -> Self:
        """Those that wait for an answer."""
        return self.filter(state=SubjectRequest.State.OPEN)


class SubjectRequest(models.Model):
    """One request. It outlives its contact, by the hash of the address, as the proof that it was answered."""

    class Kind(models.TextChoices):
        ACCESS = "access", _("wants a copy of their data")
        CORRECTION = "correction", _("wants their data corrected")
        ERASURE = "erasure", _("wants to be erased")
        OBJECTION = "objection", _("objects to how their data are used")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")

    # From each state, where a request may go.
    MOVES: ClassVar[dict[str, frozenset[str]]] = {
        State.OPEN: frozenset({State.DONE, State.REFUSED}),
        State.DONE: frozenset(),
        State.REFUSED: frozenset({State.OPEN}),
    }

    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, related_name="subject_requests", verbose_name=_("contact")
    )
    address_hash = models.CharField(max_length=64, editable=False)
    kind = models.CharField(_("request"), max_length=12, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    jurisdiction = models.CharField(_("law"), max_length=30)
    source = models.CharField(_("how it came"), max_length=100)
    received_at = models.DateTimeField(_("received"))
    due_at = models.DateTimeField(_("due"))
    closed_at = models.DateTimeField(_("answered"), null=True, blank=True)

    objects = SubjectRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request about data")
        verbose_name_plural = _("requests about data")
        ordering = ["-received_at", "-pk"]
        permissions = [
            ("answer_subjectrequest", _("Can answer requests about data: packages, objections, erasure")),
            ("run_retention", _("Can see what retention rules would delete, and run them")),
        ]
        indexes = [models.Index(fields=["due_at"], name="wpm_request_due", condition=models.Q(state="open"))]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.received_at:%Y-%m-%d}"

    def may_become(self, state: str) -> bool:
        """Whether the table of moves allows it."""
        return state in self.MOVES[self.state]

    def days_left(self, at: datetime) -> int:
        """How many whole days are left until it is due; below 0 it is late."""
        return (self.due_at - at).days


class SubjectRequestStep(models.Model):
    """One thing that was done about a request."""

    class Verb(models.TextChoices):
        RECEIVED = "received", _("received")
        PACKAGED = "packaged", _("package made")
        ERASED = "erased", _("erased")
        OBJECTED = "objected", _("profiling and tracking turned off")
        DONE = "done", _("answered")
        REFUSED = "refused", _("refused")
        REOPENED = "reopened", _("opened again")
        NOTE = "note", _("note")

    request = models.ForeignKey(SubjectRequest, models.CASCADE, related_name="steps")
    verb = models.CharField(_("what was done"), max_length=12, choices=Verb.choices)
    note = EncryptedTextField(_("note"), blank=True)
    done_at = models.DateTimeField(_("when"))
    # None: by the contact, or by the machine.
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("step of a request")
        verbose_name_plural = _("steps of requests")
        ordering = ["done_at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_verb_display()}, {self.done_at:%Y-%m-%d}"
