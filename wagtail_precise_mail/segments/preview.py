"""The live preview of a segment: its rules in words, how many belong, and some of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, transaction
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.permission_policies import ModelPermissionPolicy

from wagtail_precise_mail.contacts.masking import shown_address
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.conditions import Condition
from wagtail_precise_mail.segments.counting import PATIENT_SECONDS, QUICK_SECONDS, Figures, figures
from wagtail_precise_mail.segments.places import describe_place
from wagtail_precise_mail.segments.queries import read_rules
from wagtail_precise_mail.segments.rules import MATCH_LABELS, Group, Rules

if TYPE_CHECKING:
    from wagtail_precise_mail.segments.models import Segment


@dataclass(frozen=True)
class Outline:
    """One line of the rules in words, with the lines inside a group."""

    text: str
    icon: str = ""
    match: str = ""
    parts: tuple[Outline, ...] = ()


def outline(rule: Condition | Group) -> Outline:
    """Return the rules in words, as nested lines."""
    if isinstance(rule, Condition):
        return Outline(rule.sentence(), icon=rule.icon)
    return Outline(str(MATCH_LABELS[rule.match]), match=rule.match.value, parts=tuple(map(outline, rule.rules)))


def preview_response(segment: Segment, request: HttpRequest) -> TemplateResponse:
    """Return the page that the preview panel shows. Unfinished rules are a message there, not an error.

    The panel gets what can be counted within a second. Where that is not all, a script of the editor asks for the same
    page again with ``patient``, and puts it in place when it comes: nothing is stored for that, and nothing queued.
    """
    response = TemplateResponse(request, "wagtail_precise_mail/segments/preview.html", _context(segment, request))
    # The panel's frame shares its origin with the admin: nothing in it may run.
    response["Content-Security-Policy"] = "sandbox allow-same-origin"
    return response


def _context(segment: Segment, request: HttpRequest) -> dict[str, Any]:
    context: dict[str, Any] = {"segment": segment, "request": request, "at": timezone.now()}
    if not segment.rules and not getattr(segment.rules, "raw_text", None):
        return {**context, "is_empty": True}
    try:
        rules = read_rules(segment)
        context["outline"] = outline(rules.root)
        context["exclusions"] = outline(rules.exclusions) if rules.exclusions else None
        with transaction.atomic():  # so that a query that fails does not take the admin's own down
            return {**context, **_figures(rules, request, context["at"])}
    except InvalidRules as error:
        return {**context, "problem": error.message, "place": describe_place(error.place)}
    except (DatabaseError, RecursionError):
        return {**context, "problem": _("The database could not answer these rules."), "place": ""}


def _figures(rules: Rules, request: HttpRequest, at: datetime) -> dict[str, Any]:
    is_panel = getattr(request, "in_preview_panel", False)
    is_patient = "patient" in request.GET or not is_panel
    may_see = may_see_contacts(request)
    found = figures(rules, at=at, seconds=PATIENT_SECONDS if is_patient else QUICK_SECONDS, with_sample=may_see)
    return {
        "figures": found,
        "is_counting": not found.is_complete and not is_patient,
        "may_see": may_see,
        "sample": shown_sample(found, request),
    }


def shown_sample(found: Figures, request: HttpRequest) -> list[dict[str, Any]] | None:
    """Return some members as whoever asks may see them; None where that took too long."""
    user = getattr(request, "user", None)
    if found.sample is None:
        return None
    return [
        {
            "pk": one.contact.pk,
            "full_name": one.contact.full_name,
            "address": shown_address(one.contact.email, user),
            "country": one.contact.country,
            "facts": one.facts,
        }
        for one in found.sample
    ]


def may_see_contacts(request: HttpRequest) -> bool:
    """Whether whoever asks may see single contacts."""
    user = getattr(request, "user", None)
    policy = ModelPermissionPolicy(Contact)
    return bool(user and user.is_active and policy.user_has_any_permission(user, ["view", "change"]))
