"""Everything about a person, from every room: what each knows, and how it forgets.

A room registers a :class:`PersonalData` in its own ``personal_data.py``; so may any other app. A test fails when a
model with a foreign key to contacts belongs to none.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact, Suppression
from wagtail_precise_mail.contacts.subject_requests import SubjectRequestStep
from wagtail_precise_mail.registry import Registry

Rows = list[dict[str, Any]]


class PersonalData(ABC):
    """What one room knows about people.

    Attributes:
        label: what the contact calls it.
        models: labels of the models that it speaks for, such as "wagtail_precise_mail.Consent".
    """

    label: ClassVar[str | Promise]
    models: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        """Return everything about a contact as tables by their names; values as JSON knows them, or as dates."""

    def anonymize(self, contact: Contact) -> None:  # noqa: B027  the database does the rest
        """Forget who a contact was in what outlives them.

        Called in the transaction that then deletes the contact's row: what is deleted with it, and foreign keys that
        become empty with it, need nothing here.
        """


personal_data: Registry[type[PersonalData]] = Registry("source of personal data")


def collect_everything(contact: Contact) -> dict[str, Rows]:
    """Return every table of every room; of two with one name, the later is numbered."""
    tables: dict[str, Rows] = {}
    for _key, source in personal_data.items():
        for name, rows in source().collect(contact).items():
            unique, number = name, 2
            while unique in tables:
                unique, number = f"{name}_{number}", number + 1
            tables[unique] = rows
    return tables


def rows_of(queryset: QuerySet, *fields: str, **named: Any) -> Rows:
    """Return some columns of a queryset as rows."""
    return [dict(row) for row in queryset.values(*fields, **named)]


def known_models() -> set[str]:
    """Return the labels of all models that somebody speaks for."""
    return {label for _key, source in personal_data.items() for label in source.models}


def every_model() -> Iterable[str]:
    """Yield the labels of all models with a foreign key to contacts, of this package and of others."""
    for relation in Contact._meta.get_fields(include_hidden=True):
        if relation.is_relation and relation.auto_created and not relation.concrete and relation.related_model:
            yield relation.related_model._meta.label


_FIELDS = (
    "email",
    "first_name",
    "last_name",
    "locale",
    "time_zone",
    "country",
    "region",
    "city",
    "gender",
    "birthday_on",
    "job_title",
    "job_level",
    "organization",
    "is_tracking_allowed",
    "is_profiling_allowed",
    "cadence",
    "paused_until",
    "quarantined_at",
    "quarantine_reason",
    "source",
    "created_at",
    "updated_at",
)


@personal_data.register("contact")
class ContactData(PersonalData):
    """The contact itself, with lists, and whether the address is suppressed."""

    label = _("Your details")
    models = (
        "wagtail_precise_mail.Contact",
        "wagtail_precise_mail.ContactList",
        "wagtail_precise_mail.ContactList_contacts",
    )

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        row = {name: getattr(contact, name) for name in _FIELDS}
        further = contact.attributes if isinstance(contact.attributes, dict) else {}
        suppressions = Suppression.objects.filter(address_hash=contact.address_hash)
        return {
            "contact": [row],
            "further_fields": [{"field": key, "value": value} for key, value in further.items()],
            "lists": rows_of(contact.lists.all(), "name"),
            "suppressions": rows_of(suppressions, "reason", "scope", "detail", "created_at", "expires_at"),
        }


@personal_data.register("consent")
class ConsentData(PersonalData):
    """Consent and its ledger."""

    label = _("Your consent")
    models = ("wagtail_precise_mail.Consent", "wagtail_precise_mail.ConsentChange")

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        return {
            "consents": rows_of(contact.consents.all(), "topic__name", "status", "changed_at"),
            "consent_ledger": rows_of(
                contact.consent_changes.order_by("changed_at", "pk"),
                "topic__name",
                "status",
                "source",
                "evidence",
                "changed_at",
            ),
        }

    def anonymize(self, contact: Contact) -> None:
        contact.consent_changes.redact()


@personal_data.register("choices")
class ChoiceData(PersonalData):
    """Changes, departures and requests."""

    label = _("What you chose and asked for")
    models = (
        "wagtail_precise_mail.ContactChange",
        "wagtail_precise_mail.Departure",
        "wagtail_precise_mail.SubjectRequest",
    )

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        changes = contact.changes.order_by("changed_at", "pk")
        return {
            "changes": rows_of(changes, "field", "old_value", "new_value", "source", "detail", "changed_at"),
            "departures": rows_of(contact.departures.all(), "reason", "comment", "left_at", "returned_at"),
            "requests": rows_of(
                contact.subject_requests.all(), "kind", "state", "source", "received_at", "due_at", "closed_at"
            ),
        }

    def anonymize(self, contact: Contact) -> None:
        contact.departures.update(comment="")
        SubjectRequestStep.objects.filter(request__contact=contact).update(note="")


@personal_data.register("records")
class RecordData(PersonalData):
    """Tags with their history, sign-ups, and what merges, imports and looks at addresses remember of a contact.

    All of it goes with the contact, but for the hash of an address that an import met.
    """

    label = _("What we noted")
    models = (
        "wagtail_precise_mail.Tag",
        "wagtail_precise_mail.ContactTag",
        "wagtail_precise_mail.TagChange",
        "wagtail_precise_mail.SignUp",
        "wagtail_precise_mail.ContactMerge",
        "wagtail_precise_mail.FormerContact",
        "wagtail_precise_mail.DuplicatePair",
        "wagtail_precise_mail.ImportedRow",
        "wagtail_precise_mail.ImportedChange",
        "wagtail_precise_mail.CleanupFinding",
    )

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        sign_ups = contact.sign_ups.order_by("created_at", "pk")
        history, findings = contact.tag_changes.order_by("changed_at"), contact.cleanup_findings.order_by("pk")
        return {
            "tags": rows_of(contact.contact_tags.order_by("since"), "tag__name", "since"),
            "tag_history": rows_of(history, "name", "action", "source", "changed_at"),
            "sign_ups": rows_of(
                sign_ups, "source", "page_url", "ip_address", "answers", "language", "created_at", "confirmed_at"
            ),
            "sign_up_answers": rows_of(
                contact.sign_ups.filter(choices__isnull=False).order_by("pk"),
                "choices__question__text",
                "choices__label",
                "created_at",
            ),
            "imports": rows_of(contact.imported_rows.order_by("pk"), "batch__name", "said", "written_at"),
            "imported_values": rows_of(contact.imported_changes.order_by("pk"), "batch__name", "before", "after"),
            "merges": rows_of(contact.merges.order_by("merged_at"), "merged_at", "merged_count", "record"),
            "address_checks": rows_of(findings, "flaw", "detail", "suggestion", "outcome"),
        }

    def anonymize(self, contact: Contact) -> None:
        contact.imported_rows.update(said="", ledger=[])


@personal_data.register("service")
class ServiceData(PersonalData):
    """Tickets, calls and notes."""

    label = _("Customer service")
    models = ("wagtail_precise_mail.ServiceNote",)

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        fields = ("kind", "subject", "body", "source", "external_id", "noted_at")
        return {"service_notes": rows_of(contact.service_notes.order_by("noted_at"), *fields)}
