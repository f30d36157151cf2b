"""Whom a preview shows: a chosen contact, a member of a segment, or somebody made up."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from django.db.models import Model
from wagtail.permission_policies import ModelPermissionPolicy

from wagtail_precise_mail.contacts.addresses import mask_address
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.merge_fields import made_up_values, values_of_nobody
from wagtail_precise_mail.emails.readers import Reader, ReaderLoader
from wagtail_precise_mail.exceptions import RenderError
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import members

if TYPE_CHECKING:
    from wagtail_precise_mail.emails.context import RenderContext

SAME_MEMBER_SECONDS = 600
"""How long previews show the same member of a segment: another one with each key would be hard to look at."""

SEGMENT_MODE = "segment-"
"""What the modes of :func:`segment_modes` begin with; the id of the segment follows."""


class Samples(Protocol):
    """Whom an email wants to be previewed as."""

    sample_contact: Contact | None
    sample_segment: Segment | None


def may_see(user: Any, model: type[Model]) -> bool:
    """Whether a user has any permission for a model, such as contacts."""
    actions = ["view", "add", "change", "delete"]
    return bool(ModelPermissionPolicy(model).user_has_any_permission(user, actions))


def made_up_contact() -> Contact:
    """Return somebody who does not exist, for previews that name nobody."""
    return Contact(
        first_name="Alex", last_name="Sample", email="alex@example.com", city="London", country="GB", locale="en"
    )


def preview_reader(
    payload: dict[str, Any],
    samples: Samples,
    mode: str,
    context: RenderContext,
    *,
    may_see_contacts: bool,
    may_see_addresses: bool = True,
) -> Reader:
    """Return the reader of a preview.

    Args:
        may_see_contacts: False shows nobody's values and nobody's purchases, but the parts for a segment all the same.
        may_see_addresses: False masks the address of whoever is shown.

    Raises:
        RenderError: the segment is gone.
        InvalidRules: its rules cannot be evaluated.
    """
    loader = ReaderLoader(payload)
    segment = _segment(samples, mode)
    contact = samples.sample_contact if may_see_contacts and not segment else None
    if segment and may_see_contacts:
        contact = some_member(segment, at=context.at)
    if mode == "fallbacks":
        contact = Contact(email="alex@example.com")
    contact = contact or made_up_contact()
    reader = loader.load([contact], at=context.at, base_url=context.base_url)[contact.pk or 0]
    if contact.pk and not may_see_addresses:
        reader = replace(reader, values={**reader.values, "contact.email": mask_address(contact.email)})
    if contact.pk is None:
        reader = replace(reader, values=values_of_nobody() if mode == "fallbacks" else made_up_values())
    if segment and contact.pk is None:
        return replace(reader, segments=reader.segments | {segment.pk})
    return reader


def some_member(segment: Segment, *, at: datetime) -> Contact | None:
    """Return a member of a segment, the same one for some minutes; None when it is empty.

    Two look-ups by primary key, however many members there are.
    """
    found = members(segment, at=at).order_by("pk")
    last = found.reverse().values_list("pk", flat=True).first()
    if last is None:
        return None
    chosen = random.Random(f"{segment.pk} {int(at.timestamp()) // SAME_MEMBER_SECONDS}").randint(1, last)  # noqa: S311
    return found.filter(pk__gte=chosen).first()


def _segment(samples: Samples, mode: str) -> Segment | None:
    if mode == "fallbacks":
        return None
    if not mode.startswith(SEGMENT_MODE):
        return None if samples.sample_contact else samples.sample_segment
    segment = Segment.objects.filter(pk=mode.removeprefix(SEGMENT_MODE)).first()
    if segment is None:
        raise RenderError("This segment no longer exists.")
    return segment
