"""The condition on other segments: their rules compile in its place, into the same one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from django.apps import apps
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import blocks

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.conditions.base import Condition, conditions
from wagtail_precise_mail.segments.conditions.references import Key, References
from wagtail_precise_mail.segments.conditions.several import Keys
from wagtail_precise_mail.segments.conditions.words import listed, named

MAX_NESTING = 5
"""Segments in segments: so many, one inside the other."""

_MODEL = "wagtail_precise_mail.Segment"


def _segments() -> list[tuple[str, str | Promise]]:
    return list(apps.get_model(_MODEL)._default_manager.values_list("slug", "name"))


def _segment_block(**kwargs: object) -> blocks.ChoiceBlock:
    return blocks.ChoiceBlock(choices=_segments, **kwargs)


def _read_nested(key: Key, place: str, references: References) -> Any:
    """Return the rules of the segment that a key names.

    Raises:
        InvalidRules: it is not published, leads back to a segment that is being read, or has rules that cannot be.
    """
    if key in references.path:
        circle = " → ".join([*references.path[references.path.index(key) :], key])
        raise InvalidRules(_("segments go round in a circle: %(circle)s") % {"circle": circle}, place=place)
    # Without a segment to begin with, the first one read is the first level.
    if len(references.path) > MAX_NESTING:
        message = _("segments are nested more than %(levels)s deep")
        raise InvalidRules(message % {"levels": MAX_NESTING}, place=place)
    segment: Any = apps.get_model(_MODEL)._default_manager.get(pk=key.pk)
    if not segment.live:
        raise InvalidRules(_('the segment "%(name)s" is not published') % {"name": segment.name}, place=place)
    try:
        return segment.read_rules(references)
    except InvalidRules as error:
        message = _('the segment "%(name)s" cannot be evaluated: %(error)s')
        raise InvalidRules(message % {"name": segment.name, "error": error}, place=place) from error


@conditions.register("in_segment")
@dataclass(frozen=True)
class InSegment(Condition):
    """Members of other segments, by the rules these have now."""

    label = gettext_lazy("In a segment")
    description = gettext_lazy("Members of another segment, as it is published. Several segments: of any of them.")
    icon = "group"

    segments: Annotated[
        tuple[str, ...],
        Keys(
            label=gettext_lazy("Segments"),
            item_label=gettext_lazy("Segment"),
            model=_MODEL,
            attribute="slug",
            chooser=_segment_block,
            meaning=_read_nested,
        ),
    ]

    @property
    def is_profiling(self) -> bool:  # type: ignore[override]  # what holds of the segments holds of their members
        """Whether any of the segments concludes from what people did."""
        return any(rules.is_profiling for rules in self._rules())

    def _rules(self) -> list[Any]:
        found = [getattr(key, "meaning", None) for key in self.segments]
        if None in found:
            raise InvalidRules(_("read it with from_json: the rules of the segment are not known"))
        return found

    def nested(self) -> Any:
        wholes = [rules.whole for rules in self._rules()]
        return wholes[0] if len(wholes) == 1 else wholes[0].any_of(wholes)

    def as_q(self, at: datetime) -> Q:
        return self.nested().as_q(at)

    def as_negated_q(self, at: datetime) -> Q:
        return self.nested().as_q(at, negated=True)

    def sentence(self) -> str:
        return _("belong to the segment %(segments)s") % {"segments": listed(map(_title, self.segments))}

    def explain(self, contact: Contact, at: datetime) -> str:
        mine = Contact.objects.filter(pk=contact.pk)
        rules = zip(self.segments, self._rules(), strict=True)
        names = [_title(key) for key, one in rules if mine.filter(one.as_q(at)).exists()]
        return _("in %(segments)s") % {"segments": ", ".join(names)} if names else _("in none of them")


def _title(key: str) -> str:
    return f"“{key.name}”" if isinstance(key, Key) and key.name else named(key)
