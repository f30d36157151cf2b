"""Rules as text: a JSON file, written for people and read without a guess."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.blocks import stream_to_json
from wagtail_precise_mail.segments.models import Segment

MAX_BYTES = 1_000_000
"""A file of rules that is larger is none."""


def parse(text: str) -> Any:
    """Return what a text of JSON says, to be given to ``Rules.from_json``.

    Raises:
        InvalidRules: it is no JSON, or says something that could be understood in two ways.
    """
    try:
        # Decimal, so that 0.1 stays 0.1; a name twice in one object would silently lose the first.
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        words = {"line": error.lineno, "column": error.colno, "problem": error.msg}
        message = _("this is not JSON: line %(line)s, column %(column)s: %(problem)s") % words
        raise InvalidRules(message) from error
    except (RecursionError, ValueError) as error:  # too deep, or a number of thousands of digits
        raise InvalidRules(_("this is nested too deeply, or has a number that is too long")) from error


def write(segment: Segment) -> str:
    """Return the rules of a segment with its name, as a file that :func:`parse` reads.

    Raises:
        InvalidRules: something in them has no JSON any more.
    """
    named = {"name": segment.name, "description": segment.description}
    data = {key: value for key, value in named.items() if value}
    return json.dumps(data | stream_to_json(segment.rules, segment.exclusions), indent=2, ensure_ascii=False) + "\n"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for index, (key, _value) in enumerate(pairs):
        if key in [earlier for earlier, _earlier in pairs[:index]]:
            raise InvalidRules(_('the key "%(key)s" is there twice in one object') % {"key": key})
    return dict(pairs)


def _refuse_constant(name: str) -> None:
    raise InvalidRules(_("%(name)s is not a number") % {"name": name})
