"""Places in rules, for people who see blocks and not JSON."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from wagtail_precise_mail.segments.conditions import conditions
from wagtail_precise_mail.segments.rules import EXCEPT, MATCH_LABELS, Match

_STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")


def describe_place(place: str) -> str:
    """Return "Rule 2 › None of these › rule 1 › Bought a product › Products 2" for the path of an error."""
    words: list[str] = []
    condition = None
    for name, index in _STEP.findall(place):
        number = int(index) + 1 if index else None
        if condition:
            words.append(_with_number(str(condition.parameters()[name].label), number))
        elif name == EXCEPT:
            words += [_("Except"), *([_("rule %(number)s") % {"number": number}] if number else [])]
        elif name in list(Match):
            words.append(str(MATCH_LABELS[Match(name)]))
            words.extend([_("rule %(number)s") % {"number": number}] if number else [])
        elif name in conditions:
            condition = conditions.get(name)
            words.append(str(condition.label))
        elif number:
            words.append(_("Rule %(number)s") % {"number": number})
    return " › ".join(words)


def _with_number(label: str, number: int | None) -> str:
    return label if number is None else _("%(label)s, number %(number)s") % {"label": label, "number": number}
