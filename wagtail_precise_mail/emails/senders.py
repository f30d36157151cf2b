"""Who mail comes from: a name with an address that somebody has proved to be theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.addresses import normalize_address
from wagtail_precise_mail.exceptions import InvalidAddress

LINK_LIFETIME = timedelta(days=3)
"""How long the link of a confirmation can be followed."""

SENDER_PROBLEMS = ("sender_missing", "sender_unverified")
"""The keys of :class:`SenderProblem`, which are keys of checks of emails, too."""

_NO_REPLY = re.compile(r"^(?:do[-_.]?)?(?:not?|kein)[-_.]?(?:reply|answer|antwort|response)", re.IGNORECASE)
_VERIFICATION = ("verified_at", "verified_address", "verified_by")


class SenderIdentity(models.Model):
    """A name and an address that mail comes from, once the address is verified."""

    class Means(models.TextChoices):
        """How an address was verified."""

        LINK = "link", gettext_lazy("by the link in its confirmation")
        SERVER = "server", gettext_lazy("by whoever runs the server")

    class State(models.TextChoices):
        """How far the verification has come."""

        VERIFIED = "verified", gettext_lazy("verified")
        VOUCHED = "vouched", gettext_lazy("verified by its domain")
        ASKED = "asked", gettext_lazy("confirmation sent")
        EXPIRED = "expired", gettext_lazy("confirmation expired")
        UNVERIFIED = "unverified", gettext_lazy("not verified")

    name = models.CharField(
        gettext_lazy("name"),
        max_length=100,
        help_text=gettext_lazy("What inboxes show: your brand, or a person such as “Ada from Fern & Kettle”."),
    )
    address = models.EmailField(
        gettext_lazy("address"),
        help_text=gettext_lazy("A mailbox that somebody reads. Another address is verified anew."),
    )
    reply_to = models.EmailField(
        gettext_lazy("replies go to"), blank=True, help_text=gettext_lazy("Empty: to the address itself.")
    )
    # The address stands beside each moment: whatever changes it, and however, leaves no verification behind.
    verified_at = models.DateTimeField(null=True, editable=False)
    verified_address = models.EmailField(blank=True, editable=False)
    verified_by = models.CharField(max_length=10, choices=Means.choices, blank=True, editable=False)
    requested_at = models.DateTimeField(null=True, editable=False)
    requested_address = models.EmailField(blank=True, editable=False)
    # Confirmations sent on the day (UTC) of ``requested_at``.
    request_count = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = gettext_lazy("sender")
        verbose_name_plural = gettext_lazy("senders")
        ordering = ["name", "address"]
        constraints = [
            models.UniqueConstraint(
                Lower("address"),
                name="wpm_sender_address_once",
                violation_error_message=gettext_lazy("There is a sender with this address already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"

    def clean(self) -> None:
        """Write addresses as they are compared, and the name in one line.

        Raises:
            ValidationError: no mail could come from the address, or answers go nowhere.
        """
        self.name = " ".join(self.name.split())
        for field in ("address", "reply_to"):
            if given := getattr(self, field):
                try:
                    setattr(self, field, normalize_address(given))
                except InvalidAddress as error:
                    raise ValidationError({field: str(error)}) from error

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and forget the verification of another address than this one."""
        if self.verified_address and self.verified_address != self.address:
            self.verified_at, self.verified_address, self.verified_by = None, "", ""
            if (names := kwargs.get("update_fields")) is not None:
                kwargs["update_fields"] = {*names, *_VERIFICATION}
        super().save(*args, **kwargs)

    @property
    def is_usable(self) -> bool:
        """Whether mail may come from it: its address is verified, or the settings vouch for the domain."""
        return self._is_verified or is_vouched_for(self.address)

    @property
    def state(self) -> State:
        """How far the verification of its address has come."""
        return self.state_at(timezone.now())

    def state_at(self, at: datetime) -> State:
        """Return how far the verification had come at a moment."""
        if self._is_verified:
            return self.State.VERIFIED
        if is_vouched_for(self.address):
            return self.State.VOUCHED
        if self.requested_at is None or self.requested_address != self.address:
            return self.State.UNVERIFIED
        return self.State.ASKED if at < self.requested_at + LINK_LIFETIME else self.State.EXPIRED

    @property
    def no_reply_addresses(self) -> list[str]:
        """Those of its addresses that tell people not to answer."""
        return [address for address in dict.fromkeys([self.address, self.reply_to]) if _NO_REPLY.match(address)]

    @property
    def _is_verified(self) -> bool:
        return self.verified_at is not None and self.verified_address == self.address


@dataclass(frozen=True)
class SenderProblem:
    """Why mail cannot come from a sender.

    Attributes:
        key: of the check of emails that says the same.
        remedy: what to do about it.
    """

    key: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


def sender_problem(sender: SenderIdentity | None) -> SenderProblem | None:
    """Return why no mail can come from a sender, or None; the one question that every gate asks."""
    if sender is None:
        return SenderProblem(
            "sender_missing",
            _("The site has no sender."),
            _("Choose one in Settings, Email brand, under “Company and sender”."),
        )
    if not sender.is_usable:
        return SenderProblem(
            "sender_unverified",
            _("The sender %(sender)s is not verified.") % {"sender": sender},
            _("Open it under Mail, Senders, send the confirmation, and follow the link in it."),
        )
    return None


def is_vouched_for(address: str) -> bool:
    """Whether whoever runs the server vouches for the domain of an address, or for one above it."""
    domains = options().verified_sender_domains
    if not domains or not (domain := _domain(address)):
        return False
    known = {_domain(f"postmaster@{one}") for one in domains}
    labels = domain.split(".")
    return any(".".join(labels[place:]) in known for place in range(len(labels)))


def _domain(address: str) -> str:
    try:
        # In Unicode, whichever way it was written.
        return normalize_address(address).rpartition("@")[2]
    except InvalidAddress:
        return ""
