"""Surveys in mails: what a block asked, what a contact answers, and what all of them said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from wagtail_precise_mail.contacts.queries import ContactQuerySet
from wagtail_precise_mail.contacts.services import set_attribute
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.versions import version_of
from wagtail_precise_mail.emails.blocks.survey import SCORE, STARS, Answer
from wagtail_precise_mail.tracking.models import SurveyAnswer
from wagtail_precise_mail.tracking.signals import survey_answered

COMMENT_LENGTH = 2000
"""Characters that are kept of a comment."""

_DETRACTORS, _PROMOTERS = range(7), range(9, 11)


@dataclass(frozen=True)
class Survey:
    """One question as the mail asked it.

    Attributes:
        kind: a value of ``SurveyAnswer.Kind``.
        attribute: the further field of the contact that gets the answer, or "".
    """

    block_id: str
    question: str
    kind: str
    answers: list[Answer]
    asks_comment: bool = False
    attribute: str = ""


@dataclass(frozen=True)
class Option:
    """How often one answer was given."""

    answer: Answer
    count: int
    total: int

    @property
    def percent(self) -> float:
        """Of all answers."""
        return 100 * self.count / self.total if self.total else 0


@dataclass(frozen=True)
class SurveyResult:
    """What contacts answered to one question of a send.

    Attributes:
        options: every answer that could be given, in the order of the mail.
        comments: the newest, with the answer in words.
    """

    survey: Survey
    options: list[Option]
    comments: list[tuple[str, str]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many answered."""
        return sum(option.count for option in self.options)

    @property
    def average(self) -> float | None:
        """Of scores and stars; None for choices, and without answers."""
        if self.survey.kind not in (SCORE, STARS) or not self.count:
            return None
        return sum(int(option.answer.value) * option.count for option in self.options) / self.count

    @property
    def net_promoter_score(self) -> float | None:
        """Of scores: percent of 9 and 10 minus percent of 0 to 6, from -100 to 100.

        Source: Reichheld, "The One Number You Need to Grow", Harvard Business Review, December 2003.
        """
        if self.survey.kind != SCORE or not self.count:
            return None
        counts = {int(option.answer.value): option.count for option in self.options}
        for_it, against = (sum(counts.get(score, 0) for score in scores) for scores in (_PROMOTERS, _DETRACTORS))
        return 100 * (for_it - against) / self.count


def find_survey(message: OutboxMessage, block_id: str) -> Survey | None:
    """Return what a block of a message asked, or None when it asked nothing. Reads ``message.send``."""
    return _surveys(version_of(message).payload).get(block_id)


def find_answer(message: OutboxMessage, block_id: str) -> SurveyAnswer | None:
    """Return what was answered so far."""
    return SurveyAnswer.objects.filter(message=message, block_id=block_id).first()


@transaction.atomic
def record_answer(
    message: OutboxMessage, survey: Survey, answer: Answer, *, comment: str = "", at: datetime | None = None
) -> SurveyAnswer | None:
    """Keep an answer, in the place of an earlier one to the same question. Reads ``message.send``.

    Returns:
        None when nothing is kept: the message is a test, or its contact is gone.
    """
    contact = message.contact
    if message.send.is_test or contact is None:
        return None
    values = {
        "send_id": message.send_id,
        "contact": contact,
        "question": survey.question[:250],
        "kind": survey.kind,
        "value": answer.value[:100],
        "label": answer.label[:100],
        "comment": comment.replace("\x00", "").strip()[:COMMENT_LENGTH],
        "attribute": survey.attribute,
        "answered_at": at or timezone.now(),
    }
    kept, _created = SurveyAnswer.objects.update_or_create(message=message, block_id=survey.block_id, defaults=values)
    if survey.attribute:
        set_attribute(contact, survey.attribute, answer.value)
    transaction.on_commit(lambda: survey_answered.send_robust(sender=SurveyAnswer, answer=kept))
    return kept


def survey_results(send: Send, *, contacts: ContactQuerySet | None = None) -> list[SurveyResult]:
    """Return what was answered to each question of a send, in the order of the mail; four queries at the most.

    The same question in several languages is one; it is shown in the language of the original.

    Args:
        contacts: only the answers of these.
    """
    surveys = _surveys_of(send)
    if not surveys:
        return []
    answers: QuerySet[SurveyAnswer] = SurveyAnswer.objects.filter(send=send)
    if contacts is not None:
        answers = answers.filter(contact__in=contacts.values("pk"))
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for block_id, value, count in answers.order_by().values_list("block_id", "value").annotate(Count("pk")):
        counts[block_id][value] = count
    comments = _comments(answers)
    return [
        SurveyResult(survey, _options(survey, counts[block_id]), comments.get(block_id, []))
        for block_id, survey in surveys.items()
    ]


def _options(survey: Survey, counts: Mapping[str, int]) -> list[Option]:
    # A translation may store what the original does not know.
    known = {answer.value for answer in survey.answers}
    answers = [*survey.answers, *(Answer(value, value) for value in counts if value not in known)]
    total = sum(counts.values())
    return [Option(answer, counts.get(answer.value, 0), total) for answer in answers]


def _comments(answers: QuerySet[SurveyAnswer], limit: int = 50) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    written = answers.exclude(comment="").order_by("-answered_at", "-pk")[:limit]
    for block_id, label, comment in written.values_list("block_id", "label", "comment"):
        found[block_id].append((label, comment))
    return found


def _surveys_of(send: Send) -> dict[str, Survey]:
    payloads = [send.compiled.payload]
    payloads += [
        one.compiled.payload for one in send.versions.select_related("compiled") if one.compiled_id != send.compiled_id
    ]
    found: dict[str, Survey] = {}
    for payload in payloads:
        found = {**_surveys(payload), **found}
    order: Iterable[str] = dict.fromkeys(block_id for payload in payloads for block_id in _surveys(payload))
    return {block_id: found[block_id] for block_id in order}


def _surveys(payload: Mapping[str, Any]) -> dict[str, Survey]:
    kept = {block_id: facts for block_id, facts in payload.get("kept", {}).items() if "survey" in facts}
    return {
        block_id: Survey(
            block_id,
            facts["question"],
            facts["survey"],
            [Answer(one["value"], one["label"]) for one in facts["answers"]],
            facts.get("asks_comment", False),
            facts.get("attribute", ""),
        )
        for block_id, facts in kept.items()
    }
