"""Merge fields about what is in a digest: of nobody's row, so that delivery fills them in from the list itself."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Cadence
from wagtail_precise_mail.emails.merge_fields import MergeField, digest_fields
from wagtail_precise_mail.emails.merge_filters import Kind
from wagtail_precise_mail.emails.readers import Item

_SUBJECTS = 3
"""As many stand in a line; the others are counted."""


def digest_values(items: Sequence[Item], cadence: str) -> dict[str, str]:
    """Return what the fields say of a digest, in the language that is active.

    Args:
        items: its issues, each with the facts "name" and "topic".
        cadence: how often the reader wants mail.
    """
    count = len(items)
    subjects = [item["name"] for item in items]
    more = [f"+ {count - _SUBJECTS}"] if count > _SUBJECTS else []
    return {
        "digest.period": _period(cadence),
        "digest.count": str(count),
        "digest.issues": ngettext("%(count)s issue", "%(count)s issues", count) % {"count": count},
        "digest.topics": ", ".join(dict.fromkeys(item["topic"] for item in items)),
        "digest.subjects": " · ".join([*subjects[:_SUBJECTS], *more]),
    }


def _period(cadence: str) -> str:
    return {
        Cadence.DAILY.value: gettext("Your day"),
        Cadence.WEEKLY.value: gettext("Your week"),
        Cadence.MONTHLY.value: gettext("Your month"),
        Cadence.QUARTERLY.value: gettext("Your quarter"),
    }.get(cadence, gettext("What was waiting"))


def _field(label: Promise, example: str, kind: Kind = Kind.TEXT) -> MergeField:
    return MergeField(
        label,
        lambda contact: "",
        kind=kind,
        is_always_filled=True,
        group=_("Digest"),
        example=example,
    )


for _key, _one in {
    "period": _field(_("Whose time it is, such as “Your month”"), "Your month"),
    "issues": _field(_("Number of issues, in words"), "2 issues"),
    "topics": _field(_("Topics of the issues"), "Newsletter"),
    "subjects": _field(_("Subjects of the first issues"), "The fern issue · The tea issue"),
    "count": _field(_("Number of issues"), "2", Kind.NUMBER),
}.items():
    digest_fields.register(_key)(_one)
