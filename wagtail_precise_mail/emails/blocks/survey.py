"""A question that is answered with one click: a score, stars, or a choice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import BooleanBlock, CharBlock, ChoiceBlock, ListBlock, StructBlock, StructValue
from wagtail.blocks.struct_block import BlockGroup, StructBlockValidationError

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.editions import OWN
from wagtail_precise_mail.emails.localize import with_segments
from wagtail_precise_mail.emails.text import join, wrap
from wagtail_precise_mail.exceptions import RenderError

SCORE, STARS, CHOICE = "score", "stars", "choice"
# Pixels of an answer in Outlook with its border, and between two.
_CELLS, _GAP = {SCORE: 40, STARS: 52}, 4
KINDS = [(SCORE, _("Score from 0 to 10")), (STARS, _("Stars from 1 to 5")), (CHOICE, _("Own answers"))]
LINK = "survey_answer"
"""The name under which answers are linked in ``personal_links``; its argument is the number of the answer."""

_ATTRIBUTE = re.compile(r"[A-Za-z0-9_-]*\Z")
_TEMPLATES = {kind: f"wagtail_precise_mail/emails/blocks/survey_{kind}.mjml" for kind in (SCORE, STARS, CHOICE)}


@dataclass(frozen=True)
class Answer:
    """One possible answer.

    Attributes:
        value: what is stored, whatever the language.
        label: what the reader sees.
    """

    value: str
    label: str


class AnswerBlock(StructBlock):
    """One answer of the editor's own."""

    untranslated = ("value",)

    label = CharBlock(label=_("Answer"), max_length=100)
    value = CharBlock(
        label=_("Stored as"),
        max_length=100,
        required=False,
        help_text=_("Empty: the answer itself. Keep it the same in translations."),
    )

    class Meta:
        icon = "radio-empty"
        label = _("Answer")
        label_format = "{label}"

    def restore_translated_segments(self, value: StructValue, segments: list[Any]) -> StructValue:
        """Return the answer in another language; it stays stored as what it was, so that both are counted as one."""
        stored_as = (value.get("value") or "").strip() or (value.get("label") or "").strip()
        translated = with_segments(value, segments)
        translated["value"] = stored_as
        return translated


@email_blocks.register("survey")
class SurveyBlock(EmailBlock):
    """One question. The answers are links that only the contact's own mail has; copies for others leave it out."""

    question = CharBlock(label=_("Question"), max_length=250)
    kind = ChoiceBlock(label=_("Answered with"), choices=KINDS, default=STARS)
    choices = ListBlock(
        AnswerBlock(), label=_("Own answers"), default=[], max_num=6, help_text=_("Two to six; for own answers only.")
    )
    low_label = CharBlock(label=_("Words for the lowest"), max_length=60, required=False, help_text=_("Not at all"))
    high_label = CharBlock(label=_("Words for the highest"), max_length=60, required=False, help_text=_("Very much"))
    asks_comment = BooleanBlock(label=_("Ask for a comment, too"), required=False, default=True)
    attribute = CharBlock(
        label=_("Keep the answer as a field of the contact"),
        max_length=60,
        required=False,
        help_text=_("Such as “interest”, for own answers only. Segments and merge fields can use it."),
    )

    fits_on_page = False
    editions = OWN
    untranslated = ("attribute",)
    aida_role = "action"

    class Meta:
        icon = "radio-full"
        label = _("Survey")
        group = _("Reader")
        description = _("A question that is answered with one click: a score, stars, or answers of your own.")
        preview_value = {"question": "How do you like our new teas?", "kind": STARS}
        form_layout = BlockGroup(
            children=["question", "kind", "choices"], settings=["low_label", "high_label", "asks_comment", "attribute"]
        )

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        question = (value.get("question") or "").strip()
        if not question:
            raise RenderError(gettext("Write a question."))
        kind = value.get("kind") or STARS
        answers = answers_of(value)
        if kind == CHOICE and len(answers) < 2:
            raise RenderError(gettext("Give at least two answers."))
        context.keep(
            {
                "survey": kind,
                "question": question,
                "answers": [{"value": answer.value, "label": answer.label} for answer in answers],
                "asks_comment": bool(value.get("asks_comment")),
                "attribute": (value.get("attribute") or "").strip() if kind == CHOICE else "",
            }
        )
        return {
            "question": question,
            "kind": kind,
            "answers": [(answer, context.personal_link(LINK, str(i))) for i, answer in enumerate(answers)],
            "low_label": value.get("low_label") or "",
            "high_label": value.get("high_label") or "",
        }

    def compile(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        # Outlook breaks no row of cells: a narrow column gets several rows.
        per_row = max(1, (context.width - _GAP) // (_CELLS.get(facts["kind"], context.width) + _GAP))
        shown = {**facts, "align": value.get("align") or "", "per_row": per_row}
        return self.render_mjml(_TEMPLATES[facts["kind"]], shown, context)

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        ends = [facts["low_label"], facts["high_label"]]
        lines = []
        for number, (answer, href) in enumerate(facts["answers"]):
            words = ends[0] if number == 0 else ends[1] if number == len(facts["answers"]) - 1 else ""
            lines.append(f"- {answer.label}{f' ({words})' if words and facts['kind'] != CHOICE else ''}:\n  {href}")
        return join(wrap(facts["question"]), "\n".join(lines))

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        if not self.is_deferred_validation and (errors := _errors(cleaned)):
            raise StructBlockValidationError(block_errors=errors)
        return cleaned


def answers_of(value: StructValue) -> list[Answer]:
    """Return the answers of a survey block in their order; those without words are left out."""
    kind = value.get("kind") or STARS
    if kind == SCORE:
        return [Answer(str(score), str(score)) for score in range(11)]
    if kind == STARS:
        words = [ngettext("%(count)d star", "%(count)d stars", stars) % {"count": stars} for stars in range(1, 6)]
        return [Answer(str(stars), word) for stars, word in enumerate(words, 1)]
    written = [choice for choice in value.get("choices") or [] if (choice.get("label") or "").strip()]
    return [
        Answer((choice.get("value") or "").strip() or choice["label"].strip(), choice["label"].strip())
        for choice in written
    ]


def _errors(value: StructValue) -> dict[str, ValidationError]:
    errors = {}
    attribute = (value.get("attribute") or "").strip()
    answers = answers_of(value)
    if value.get("kind") == CHOICE and len(answers) < 2:
        errors["choices"] = ValidationError(_("Give at least two answers."))
    elif len({answer.value for answer in answers}) < len(answers):
        errors["choices"] = ValidationError(_("Two answers are stored as the same."))
    if attribute and value.get("kind") != CHOICE:
        # What a person may be filed under is what the editor wrote, and nothing else.
        errors["attribute"] = ValidationError(_("Only own answers can be kept as a field of the contact."))
    elif not _ATTRIBUTE.match(attribute):
        errors["attribute"] = ValidationError(_("Use letters, digits, - and _ only."))
    return errors
