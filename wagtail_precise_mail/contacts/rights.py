"""Answering what people ask about their data: receive, package, erase, object, refuse; each step is kept."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.changes import change_fields
from wagtail_precise_mail.contacts.erasing import erase
from wagtail_precise_mail.contacts.jurisdictions import jurisdictions
from wagtail_precise_mail.contacts.legal_settings import LegalSettings
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.package import make_package
from wagtail_precise_mail.contacts.personal_data import personal_data
from wagtail_precise_mail.contacts.subject_requests import SubjectRequest, SubjectRequestStep
from wagtail_precise_mail.exceptions import InvalidTransition

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from wagtail.models import Site

Kind, State, Verb = SubjectRequest.Kind, SubjectRequest.State, SubjectRequestStep.Verb


@transaction.atomic
def receive(
    contact: Contact,
    kind: str,
    *,
    source: str,
    site: Site,
    note: str = "",
    by: User | None = None,
    at: datetime | None = None,
) -> SubjectRequest:
    """Keep a request, with the day by which the law of the contact's country wants an answer.

    The same request again, while the first is open, changes nothing: its clock runs already.

    Args:
        kind: a value of ``SubjectRequest.Kind``.
        source: how it came: "self", or such as "telephone".
        site: whose law holds where the contact's country is not known.
    """
    at = at or timezone.now()
    Contact.objects.select_for_update().filter(pk=contact.pk).values_list("pk").first()
    known = SubjectRequest.objects.open().filter(contact=contact, kind=kind).first()
    if known:
        return known
    key = LegalSettings.of(site).key_for(contact.country)
    request = SubjectRequest.objects.create(
        contact=contact,
        address_hash=contact.address_hash,
        kind=Kind(kind),
        jurisdiction=key,
        source=source[:100],
        received_at=at,
        due_at=jurisdictions.get(key).deadline.after(at),
    )
    _step(request, Verb.RECEIVED, note=note, by=by, at=at)
    return request


@transaction.atomic
def record_self_service(contact: Contact, kind: str, *, site: Site, at: datetime | None = None) -> SubjectRequest:
    """Keep that a contact helped themselves, such as by downloading their data: asked and answered at once."""
    at = at or timezone.now()
    request = receive(contact, kind, source="self", site=site, at=at)
    _step(request, Verb.PACKAGED, at=at)
    return _close(request, State.DONE, Verb.DONE, at=at)


def package(request: SubjectRequest, *, by: User, at: datetime | None = None) -> bytes:
    """Return everything about the contact of a request as a ZIP, and keep that it was made.

    Raises:
        InvalidTransition: the contact is gone.
    """
    at = at or timezone.now()
    contact = _contact_of(request)
    _step(request, Verb.PACKAGED, by=by, at=at)
    return make_package(contact, at=at)


@transaction.atomic
def carry_out_erasure(request: SubjectRequest, *, by: User, at: datetime | None = None) -> SubjectRequest:
    """Erase the contact of a request for good, and close it.

    Raises:
        InvalidTransition: it is closed, or the contact is gone already.
    """
    at = at or timezone.now()
    request = _locked(request)
    if request.kind != Kind.ERASURE:
        raise InvalidTransition(_("This request is not about erasure."))
    if not request.may_become(State.DONE):
        raise InvalidTransition(_("This request is answered already."))
    erase(_contact_of(request), by=by, at=at)
    request.refresh_from_db()
    _step(request, Verb.ERASED, by=by, at=at)
    return _close(request, State.DONE, Verb.DONE, by=by, at=at)


@transaction.atomic
def carry_out_objection(request: SubjectRequest, *, by: User, at: datetime | None = None) -> SubjectRequest:
    """Turn profiling and tracking of a contact off, and close the request.

    Raises:
        InvalidTransition: it is closed, or the contact is gone.
    """
    at = at or timezone.now()
    request = _locked(request)
    if request.kind != Kind.OBJECTION or not request.may_become(State.DONE):
        raise InvalidTransition(_("There is no objection that waits for an answer."))
    off = {"is_profiling_allowed": False, "is_tracking_allowed": False}
    change_fields(_contact_of(request), off, source="objection", at=at, by=by)
    _step(request, Verb.OBJECTED, by=by, at=at)
    return _close(request, State.DONE, Verb.DONE, by=by, at=at)


@transaction.atomic
def finish(request: SubjectRequest, *, note: str, by: User, at: datetime | None = None) -> SubjectRequest:
    """Close a request that was answered.

    Raises:
        InvalidTransition: it is closed already, or it asks for an erasure that was not carried out.
    """
    request = _locked(request)
    if request.kind == Kind.ERASURE and request.contact_id:
        raise InvalidTransition(_("Nothing was erased yet: erase the contact, or refuse with a reason."))
    return _close(request, State.DONE, Verb.DONE, note=note, by=by, at=at or timezone.now())


@transaction.atomic
def refuse(request: SubjectRequest, *, note: str, by: User, at: datetime | None = None) -> SubjectRequest:
    """Close a request without doing what it asks, for a reason that is kept.

    Raises:
        InvalidTransition: it is closed already.
        ValueError: no reason was given.
    """
    if not note.strip():
        raise ValueError("A refusal needs its reason.")
    return _close(_locked(request), State.REFUSED, Verb.REFUSED, note=note, by=by, at=at or timezone.now())


@transaction.atomic
def reopen(request: SubjectRequest, *, note: str = "", by: User, at: datetime | None = None) -> SubjectRequest:
    """Open a refused request again; its day stays what it was.

    Raises:
        InvalidTransition: it was not refused.
    """
    request = _locked(request)
    if not request.may_become(State.OPEN):
        raise InvalidTransition(_("Only a refused request can be opened again."))
    request.state, request.closed_at = State.OPEN, None
    request.save(update_fields=["state", "closed_at"])
    _step(request, Verb.REOPENED, note=note, by=by, at=at or timezone.now())
    return request


def overview(contact: Contact) -> list[tuple[str, int]]:
    """Return how many rows each room has about a contact, for the contact's own eyes."""
    return [
        (str(source.label), sum(len(rows) for rows in source().collect(contact).values()))
        for _key, source in personal_data.items()
    ]


def _close(
    request: SubjectRequest, state: str, verb: str, *, at: datetime, note: str = "", by: User | None = None
) -> SubjectRequest:
    if not request.may_become(state):
        raise InvalidTransition(_("This request is answered already."))
    request.state, request.closed_at = state, at
    request.save(update_fields=["state", "closed_at"])
    _step(request, verb, note=note, by=by, at=at)
    return request


def _step(request: SubjectRequest, verb: str, *, at: datetime, note: str = "", by: User | None = None) -> None:
    request.steps.create(verb=verb, note=note, done_at=at, done_by=by)


def _locked(request: SubjectRequest) -> SubjectRequest:
    return SubjectRequest.objects.select_for_update().get(pk=request.pk)


def _contact_of(request: SubjectRequest) -> Contact:
    contact = Contact.objects.filter(pk=request.contact_id).first() if request.contact_id else None
    if contact is None:
        raise InvalidTransition(_("The contact no longer exists: there is nothing to give, change or erase."))
    return contact
