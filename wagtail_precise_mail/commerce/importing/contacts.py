"""The contacts of an import: found or made, thousands at a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, Subquery

from wagtail_precise_mail.commerce.importing.mapping import OrderMapping
from wagtail_precise_mail.commerce.importing.report import ImportReport
from wagtail_precise_mail.commerce.importing.rows import OrderRow
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.former import by_former_hash
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.contacts.services import grant_in_bulk
from wagtail_precise_mail.exceptions import ConfigurationError

_KEPT = 200_000
"""Contacts remembered between batches; more are looked up again, so that memory stays bounded."""


class ContactBook:
    """Finds the contacts of rows by the hash of their address, and makes those that are missing."""

    def __init__(self, mapping: OrderMapping, report: ImportReport, *, at: datetime) -> None:
        self._mapping = mapping
        self._report = report
        self._at = at
        self._pks: dict[str, int] = {}
        self._topic = _topic(mapping.contacts.topic)

    def resolve(self, rows: list[OrderRow]) -> dict[str, int]:
        """Return the primary keys of the rows' contacts by the hash of their address."""
        wanted: dict[str, OrderRow] = {}
        for row in rows:
            if row.address:
                wanted.setdefault(row.address.hash, row)
        if len(self._pks) > _KEPT:
            self._pks.clear()
        unmet = {key: row for key, row in wanted.items() if key not in self._pks}
        if unmet:
            self._meet(unmet)
        return self._pks

    def refresh_countries(self, contact_ids: Iterable[int]) -> None:
        """Give contacts the country of their latest order, unless it is known from elsewhere."""
        latest = Order.objects.filter(contact=OuterRef("pk")).exclude(country="").order_by("-placed_at", "-pk")
        Contact.objects.filter(
            Q(source=self._mapping.source) | Q(country=""), Exists(latest), pk__in=contact_ids
        ).update(country=Subquery(latest.values("country")[:1]))

    def _meet(self, unmet: dict[str, OrderRow]) -> None:
        # An address that was merged away belongs to whom it went to.
        former = by_former_hash(unmet)
        known = former | {one.address_hash: one for one in Contact.objects.filter(address_hash__in=unmet)}
        self._create([row for key, row in unmet.items() if key not in known])
        self._fill_names([(contact, unmet[key]) for key, contact in known.items()])
        met = dict(Contact.objects.filter(address_hash__in=unmet).values_list("address_hash", "pk"))
        met |= {key: contact.pk for key, contact in former.items()}
        self._pks.update(met)
        if self._topic:
            self._report.granted_consents += grant_in_bulk(
                met.values(),
                self._topic,
                source=f"import {self._mapping.source}",
                evidence=self._mapping.contacts.evidence,
                at=self._at,
            )

    def _create(self, rows: list[OrderRow]) -> None:
        contacts = [
            Contact(
                email=row.address.email,
                address_hash=row.address.hash,
                first_name=row.first_name,
                last_name=row.last_name,
                source=self._mapping.source,
            )
            for row in rows
            if row.address
        ]
        # A contact may sign up while the import runs: then theirs is taken.
        Contact.objects.bulk_create(contacts, ignore_conflicts=True)
        self._report.new_contacts += len(contacts)

    def _fill_names(self, pairs: list[tuple[Contact, OrderRow]]) -> None:
        """Fill in names that are missing; a known name is never replaced by that of an old file."""
        changed = []
        for contact, row in pairs:
            if (row.first_name or row.last_name) and not contact.first_name and not contact.last_name:
                contact.first_name, contact.last_name = row.first_name, row.last_name
                changed.append(contact)
        if changed:
            Contact.objects.bulk_update(changed, ["first_name", "last_name"], batch_size=500)


def _topic(slug: str) -> Topic | None:
    if not slug:
        return None
    try:
        return Topic.objects.get(slug=slug)
    except Topic.DoesNotExist:
        raise ConfigurationError(
            f"There is no topic {slug!r} (contacts.topic in the mapping). Make it in the admin, under Topics."
        ) from None
