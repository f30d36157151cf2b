"""The live preview of a segment: its rules in words, how many belong, and some of them."""

from __future__ import annotations

from dataclasses import dataclass
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
from wagtail_precise_mail.segments.places import describe_place
from wagtail_precise_mail.segments.queries import members, read_rules
from wagtail_precise_mail.segments.rules import MATCH_LABELS, Group

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.queries import ContactQuerySet
    from wagtail_precise_mail.segments.models import Segment

SAMPLE_SIZE = 8


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
    """Return the page that the preview panel shows. Unfinished rules are a message there, not an error."""
    response = TemplateResponse(request, "wagtail_precise_mail/segments/preview.html", _context(segment, request))
    # The panel's frame shares its origin with the admin: nothing in it may run.
    response["Content-Security-Policy"] = "sandbox allow-same-origin"
    return response


def _context(segment: Segment, request: HttpRequest) -> dict[str, Any]:
    context: dict[str, Any] = {"segment": segment, "request": request, "at": timezone.now()}
    if not segment.rules:
        return {**context, "is_empty": True}
    try:
        rules = read_rules(segment)
    except InvalidRules as error:
        return {**context, "problem": error.message, "place": describe_place(error.place)}
    context["outline"] = outline(rules.root)
    found = members(rules, at=context["at"])
    try:
        with transaction.atomic():  # so that a query that fails does not take the admin's own down
            return {**context, **_figures(found, request)}
    except DatabaseError:
        return {**context, "problem": _("The database could not answer these rules."), "place": ""}


def _figures(found: Any, request: HttpRequest) -> dict[str, Any]:
    count, total = found.count(), Contact.objects.count()
    may_see = _may_see_contacts(request)
    return {
        "count": count,
        "total": total,
        "percent": 100 * count / total if total else 0,
        "may_see": may_see,
        "sample": _sample(found, request) if may_see else [],
        "rest": max(count - SAMPLE_SIZE, 0),
    }


def _sample(found: ContactQuerySet, request: HttpRequest) -> list[dict[str, str]]:
    user = getattr(request, "user", None)
    return [
        {"full_name": one.full_name, "address": shown_address(one.email, user), "country": one.country}
        for one in found.order_by("-pk")[:SAMPLE_SIZE]
    ]


def _may_see_contacts(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    policy = ModelPermissionPolicy(Contact)
    return bool(user and user.is_active and policy.user_has_any_permission(user, ["view", "change"]))
