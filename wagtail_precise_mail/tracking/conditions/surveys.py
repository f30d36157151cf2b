"""The condition on answers to surveys: what contacts said themselves, with its source and day (C028)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Count, Several, Tally, Text, Windowed, conditions
from wagtail_precise_mail.segments.conditions.words import between, listed
from wagtail_precise_mail.tracking.conditions.sharing import (
    REACTIONS,
    SHOWN,
    count_rows,
    dated,
    evidence,
    figure_name,
)
from wagtail_precise_mail.tracking.models import SurveyAnswer

_NUMBERS = [SurveyAnswer.Kind.SCORE, SurveyAnswer.Kind.STARS]


@conditions.register("survey_answer")
@dataclass(frozen=True)
class AnsweredSurvey(Windowed):
    """Contacts who answered a survey in a mail, or said something particular in it."""

    label = gettext_lazy("Answer to a survey")
    description = gettext_lazy("A need, an interest or a score that contacts stated. Empty fields: any answer.")
    group = REACTIONS
    icon = "radio-full"

    question: Annotated[
        str,
        Text(
            label=gettext_lazy("Question"),
            help_text=gettext_lazy("A part of its words, in any case. Empty: any question."),
        ),
    ] = ""
    block: Annotated[
        str, Text(label=gettext_lazy("Block"), help_text=gettext_lazy("Id of the survey's block."), max_length=40)
    ] = ""
    attribute: Annotated[
        str,
        Text(
            label=gettext_lazy("Kept as"),
            help_text=gettext_lazy("The further field that got the answer, such as needs."),
            max_length=60,
        ),
    ] = ""
    values: Annotated[
        tuple[str, ...],
        Several(
            label=gettext_lazy("Answers"),
            help_text=gettext_lazy("Any of them, as they are stored, in any case."),
            item=Text(label=gettext_lazy("Answer"), max_length=100),
        ),
    ] = ()
    min: Annotated[int | None, Count(label=gettext_lazy("Score or stars at least"), maximum=10)] = None
    max: Annotated[int | None, Count(label=gettext_lazy("Score or stars at most"), maximum=10)] = None

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.values and (self.min is not None or self.max is not None):
            yield "values", _("give answers or a score, not both")
        if self.min is not None and self.max is not None and self.min > self.max:
            yield "max", _("must not be below min")
        yield from super().problems()

    def as_q(self, at: datetime) -> Q:
        return self.tally(at).as_q()

    def tally(self, at: datetime) -> Tally:
        wanted = self._wanted()
        return Tally(
            source=("survey answers", self.window),
            rows=lambda: self._rows(at),
            wanted=wanted,
            figures={(figure := figure_name(wanted)): count_rows},
            having=Q(**{f"{figure}__gte": 1}),
            is_any_row=True,
        )

    def _rows(self, at: datetime) -> QuerySet[SurveyAnswer]:
        return SurveyAnswer.objects.order_by().filter(contact__isnull=False, **self.window.lookups(at, "answered_at"))

    def _wanted(self) -> Q:
        wanted = Q()
        if self.question:
            wanted &= Q(question__icontains=self.question)
        if self.block:
            wanted &= Q(block_id=self.block)
        if self.attribute:
            wanted &= Q(attribute=self.attribute)
        if self.values:
            said = Q()
            for value in self.values:
                said |= Q(value__iexact=value) | Q(label__iexact=value)
            wanted &= said
        if self.min is not None or self.max is not None:
            low, high = self.min or 0, 10 if self.max is None else self.max
            # Scores are stored as text; there are eleven of them.
            wanted &= Q(kind__in=_NUMBERS, value__in=[str(score) for score in range(low, high + 1)])
        return wanted

    def sentence(self) -> str:
        words = [_("answered a survey")]
        if self.question:
            words = [_("answered “%(question)s”") % {"question": self.question}]
        if self.attribute:
            words.append(_("kept as %(name)s") % {"name": self.attribute})
        if self.block:
            words.append(_("(block %(block)s)") % {"block": self.block})
        if self.values:
            words.append(_("with %(answers)s") % {"answers": listed(f"“{value}”" for value in self.values)})
        if self.min is not None or self.max is not None:
            words.append(_("with a score of %(score)s") % {"score": between(self.min, self.max)})
        return " ".join(words) + self.window.sentence()

    def explain(self, contact: Contact, at: datetime) -> str:
        answers = self._rows(at).filter(self._wanted(), contact=contact)
        latest: list[Any] = list(answers.order_by("-answered_at")[:SHOWN])
        lines = [dated(f"“{one.question}”: {one.label}", one.answered_at) for one in latest]
        return evidence(lines, answers.count(), _("no such answer"))
