"""What a sign-up form asks and where it stands, as it travels with the form, signed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.utils import timezone

from wagtail_precise_mail.contacts.models import Topic
from wagtail_precise_mail.contacts.wordings import current_wording
from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.signing import sign, unsign

_PURPOSE = "sign-up-form"
_DAYS = 7


@dataclass(frozen=True)
class SpecField:
    """A field beside the address: its name among contacts' fields, and why it is asked ("" takes our reason)."""

    name: str
    is_required: bool = False
    reason: str = ""


@dataclass(frozen=True)
class SpecQuestion:
    """A question that the form asks, by its id."""

    pk: int
    is_required: bool = False

    @property
    def name(self) -> str:
        """The name of its field."""
        return f"question_{self.pk}"


@dataclass(frozen=True)
class FormSpec:
    """What a form asks, and where it stands.

    Attributes:
        topics: ids of the topics that it offers.
        wording: the name of the wording, with ``wording_id`` of the version shown, 0 for our default sentence.
        shown_at: when it was rendered, in seconds since the epoch.
    """

    topics: tuple[int, ...]
    language: str
    source: str = "site"
    fields: tuple[SpecField, ...] = ()
    questions: tuple[SpecQuestion, ...] = ()
    wording_id: int = 0
    page_id: int | None = None
    page_url: str = ""
    shown_at: int = 0

    def to_token(self) -> str:
        """Return what the form carries along."""
        return sign(_PURPOSE, json.dumps(asdict(self), separators=(",", ":")).encode())

    @classmethod
    def from_token(cls, token: str) -> FormSpec:
        """Return what a form was made of.

        Raises:
            InvalidToken: not ours, changed, or a week old: then it has to be shown anew.
        """
        try:
            values = json.loads(unsign(_PURPOSE, token))
            fields = tuple(SpecField(**one) for one in values.pop("fields"))
            questions = tuple(SpecQuestion(**one) for one in values.pop("questions"))
            spec = cls(**{**values, "topics": tuple(values["topics"]), "fields": fields, "questions": questions})
        except (ValueError, TypeError, KeyError):
            raise InvalidToken("This form is damaged.") from None
        if spec.age_seconds > _DAYS * 86400:
            raise InvalidToken("This form is too old.")
        return spec

    @property
    def age_seconds(self) -> float:
        return timezone.now().timestamp() - self.shown_at


def make_spec(
    topics: Sequence[Topic],
    *,
    language: str,
    source: str = "site",
    fields: Sequence[SpecField] = (),
    questions: Sequence[SpecQuestion] = (),
    wording: str = "",
    page_id: int | None = None,
    page_url: str = "",
) -> FormSpec:
    """Return the description of a form that is shown now.

    Args:
        wording: the name of a wording; "", or one that was never written, shows our own sentence.
    """
    row = current_wording(wording, language) if wording else None
    return FormSpec(
        tuple(topic.pk for topic in topics),
        language,
        source,
        tuple(fields),
        tuple(questions),
        row.pk if row else 0,
        page_id,
        page_url[:500],
        int(timezone.now().timestamp()),
    )
