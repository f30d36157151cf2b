"""Tables of imports of contacts: the file, where it stands, what it touched, what it refused."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact, ContactList, Topic
from wagtail_precise_mail.encryption import EncryptedBinaryField, EncryptedJSONField, EncryptedTextField


class ImportBasis(models.TextChoices):
    """Why these people may be written to."""

    OPT_IN = "opt_in", _("They agreed (single opt-in)")
    DOUBLE_OPT_IN = "double_opt_in", _("They agreed and confirmed it by mail (double opt-in)")
    CUSTOMERS = "customers", _("They are customers, told about similar goods, and could object")
    CONTRACT = "contract", _("They asked for this mail in a contract")


class Filling(models.TextChoices):
    """What a file may change of contacts that are here already."""

    FILL = "fill", _("Fill in what is empty")
    OVERWRITE = "overwrite", _("Replace what differs")
    SKIP = "skip", _("Change nothing of them")


class ImportBatch(models.Model):
    """One file of contacts on its way in."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("uploaded")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked")
        RUNNING = "running", _("running")
        STOPPED = "stopped", _("stopped")
        FAILED = "failed", _("failed")
        FINISHED = "finished", _("finished")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")

    name = models.CharField(_("file"), max_length=200)
    size = models.BigIntegerField(_("size"), default=0)
    digest = models.CharField(max_length=64, db_index=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.UPLOADED)
    problem = models.TextField(_("problem"), blank=True)
    damage = models.CharField(_("damage of the file"), max_length=250, blank=True)

    encoding = models.CharField(_("encoding"), max_length=20, default="utf-8")
    delimiter = models.CharField(_("between values"), max_length=1, default=",")
    decimal = models.CharField(_("before decimals"), max_length=1, default=".")
    day_order = models.CharField(_("dates such as 03/04/2024"), max_length=3, default="dmy")
    guesses = models.JSONField(default=dict)
    header = models.JSONField(default=list)
    preset = models.CharField(max_length=30, blank=True)

    columns = models.JSONField(default=list)
    """What each column of the file becomes: a target, or ""."""
    default_state = models.CharField(max_length=12, default="granted")
    basis = models.CharField(_("basis"), max_length=20, choices=ImportBasis.choices, blank=True)
    evidence = models.TextField(_("evidence"), blank=True)
    topics = models.ManyToManyField(Topic, verbose_name=_("topics"), blank=True, related_name="+")
    contact_list = models.ForeignKey(
        ContactList, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("list")
    )
    source_name = models.CharField(_("where they come from"), max_length=100, blank=True)
    filling = models.CharField(
        _("contacts that are here"), max_length=10, choices=Filling.choices, default=Filling.FILL
    )
    is_cleaning = models.BooleanField(_("clean names and countries"), default=True)

    position = models.PositiveBigIntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    check_figures = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    claimed_until = models.DateTimeField(null=True, blank=True)

    quarantined_at = models.DateTimeField(_("in quarantine since"), null=True, blank=True)
    released_at = models.DateTimeField(_("released"), null=True, blank=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    release_reason = models.TextField(_("why released"), blank=True)

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("uploaded"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("import of contacts")
        verbose_name_plural = _("imports of contacts")
        ordering = ["-pk"]
        permissions = [
            ("release_importbatch", _("Can release imports from quarantine")),
            ("undo_importbatch", _("Can undo imports of contacts")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ledger_source(self) -> str:
        """How this import signs its entries in the consent ledger."""
        return f"import {self.pk}"

    @property
    def is_working(self) -> bool:
        """Whether a worker has something to do for it."""
        return self.state in WORKING

    @property
    def is_held(self) -> bool:
        """Whether what it brought is in quarantine."""
        return self.quarantined_at is not None and self.released_at is None

    @property
    def percent(self) -> int:
        """How far the worker is, by bytes of the file."""
        return min(100, round(100 * self.bytes_read / self.size)) if self.size else 0


WORKING = (ImportBatch.State.CHECKING, ImportBatch.State.RUNNING, ImportBatch.State.UNDOING)


class ImportPiece(models.Model):
    """A megabyte of an uploaded file. In the database, because media folders are public, and workers elsewhere."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    data = EncryptedBinaryField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="wpm_import_piece_once")]

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.number}"


class ImportMapping(models.Model):
    """What the columns of files with one header became the last time."""

    shape = models.CharField(max_length=64, unique=True)
    columns = models.JSONField(default=list)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.shape[:12]


class ImportedRow(models.Model):
    """An address that an import met, by its hash; it knows its contact as long as there is one."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="rows")
    address_hash = models.CharField(max_length=64)
    # Set to nothing by erasure and merge: the hash stays, so that a later row does not bring the person back.
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="imported_rows")
    is_new = models.BooleanField(default=False)
    is_held = models.BooleanField(default=False)
    said = EncryptedTextField(blank=True)
    """What the file says about consent, the strictest of all rows of the address."""
    written_at = models.DateTimeField(null=True)
    """``Contact.updated_at`` after the import wrote it."""
    ledger = EncryptedJSONField(default=list)
    """The consent ledger of a contact that undoing removed: entries are never erased."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "address_hash"], name="wpm_imported_row_once")]

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.address_hash[:12]}"


class ImportedChange(models.Model):
    """Values of a contact before and after an import. Personal data, so it goes with the contact."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="changes")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="imported_changes")
    before = EncryptedJSONField(default=dict)
    after = EncryptedJSONField(default=dict)
    lists = models.JSONField(default=list)
    """Lists that the import put the contact on."""
    tags: Any = models.JSONField(default=list)
    """Tags that it put on the contact."""

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.contact_id}"


class ImportRefusal(models.Model):
    """A row that could not be taken, with the reason: the error file."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="refusals")
    line = models.PositiveIntegerField()
    reason = models.CharField(max_length=500)
    fields: Any = EncryptedJSONField(default=list)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.line}"
