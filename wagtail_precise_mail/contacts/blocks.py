"""The sign-up form as a block for pages of the site."""

from __future__ import annotations

from typing import Any

from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import (
    BooleanBlock,
    CharBlock,
    ChoiceBlock,
    ListBlock,
    MultipleChoiceBlock,
    StructBlock,
    StructValue,
    TextBlock,
)
from wagtail.blocks.struct_block import BlockGroup

from wagtail_precise_mail.contacts.models import Topic
from wagtail_precise_mail.contacts.questions import SignUpQuestion
from wagtail_precise_mail.contacts.sign_up_forms import FIELD_CHOICES, SignUpForm
from wagtail_precise_mail.contacts.sign_up_specs import SpecField, SpecQuestion, make_spec
from wagtail_precise_mail.contacts.visits import DEFAULT_SOURCE, form_context, public_topics, source_of
from wagtail_precise_mail.contacts.wordings import DEFAULT_WORDING


def _topic_choices() -> list[tuple[str, str]]:
    return [(topic.slug, topic.name) for topic in Topic.objects.filter(is_public=True)]


class AskedFieldBlock(StructBlock):
    """Something that the form asks beside the address."""

    name = ChoiceBlock(label=_("Field"), choices=FIELD_CHOICES)
    is_required = BooleanBlock(
        label=_("Required"), required=False, help_text=_("Ask for as little as you can: every field costs sign-ups.")
    )
    reason = CharBlock(
        label=_("Why it is asked"), max_length=150, required=False, help_text=_("Stands below the field. Empty: ours.")
    )

    class Meta:
        icon = "form"
        label = _("Field")
        label_format = "{name}"


def _question_choices() -> list[tuple[str, str]]:
    return [(str(question.pk), question.name) for question in SignUpQuestion.objects.all()]


class AskedQuestionBlock(StructBlock):
    """A question of the form, out of those that colleagues have written."""

    question = ChoiceBlock(
        label=_("Question"),
        choices=_question_choices,
        help_text=_("Written under People, Sign-up questions, with what each answer says."),
    )
    is_required = BooleanBlock(label=_("Required"), required=False)

    class Meta:
        icon = "help"
        label = _("Question")
        label_format = "{question}"


class SignUpBlock(StructBlock):
    """A form to sign up, for the pages of a site: ``("sign_up", SignUpBlock())`` in a StreamBlock."""

    title = CharBlock(label=_("Title"), max_length=100, required=False)
    text = TextBlock(label=_("Text"), max_length=500, required=False)
    topics = MultipleChoiceBlock(
        label=_("Topics"), choices=_topic_choices, required=False, help_text=_("Empty: all that are public.")
    )
    asked = ListBlock(AskedFieldBlock(), label=_("Asked beside the address"), default=[])
    questions = ListBlock(AskedQuestionBlock(), label=_("Questions"), default=[])
    button_label = CharBlock(label=_("Words of the button"), max_length=50, required=False)
    source = CharBlock(
        label=_("Source"),
        max_length=100,
        required=False,
        help_text=_("A slug. Empty: what ?source= of the address says, else the page."),
    )
    wording = CharBlock(
        label=_("Wording"),
        max_length=100,
        required=False,
        help_text=_("The name of a wording. Empty: ours."),
    )

    class Meta:
        icon = "mail"
        label = _("Sign-up form")
        template = "wagtail_precise_mail/contacts/sign_up_block.html"
        preview_template = "wagtail_precise_mail/contacts/sign_up_block_preview.html"
        preview_value = {"title": "News from the garden", "text": "Twice a month, and never more.", "topics": []}
        description = _("Visitors enter their address; a mail asks them to confirm it.")
        form_layout = BlockGroup(
            children=["title", "text", "topics", "asked", "questions", "button_label"], settings=["source", "wording"]
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Stand in migrations of sites by name: our words and fields may change without a migration of theirs."""
        return "wagtail_precise_mail.contacts.blocks.SignUpBlock", [], self._constructor_kwargs

    def deconstruct_with_lookup(self, lookup: Any) -> tuple[str, list[Any], dict[str, Any]]:
        return self.deconstruct()

    @classmethod
    def construct_from_lookup(cls, lookup: Any, *args: Any, **kwargs: Any) -> SignUpBlock:
        return cls(*args, **kwargs)

    def get_context(self, value: StructValue, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
        context = super().get_context(value, parent_context=parent_context)
        request, page = context.get("request"), context.get("page")
        spec = make_spec(
            public_topics(" ".join(value.get("topics") or [])),
            language=translation.get_language() or "en",
            source=slugify(value.get("source") or "") or _source(request, page),
            fields=[
                SpecField(field["name"], bool(field["is_required"]), field["reason"] or "")
                for field in value.get("asked") or []
                if field["name"]
            ],
            questions=[
                SpecQuestion(int(asked["question"]), bool(asked["is_required"]))
                for asked in value.get("questions") or []
                if str(asked["question"] or "").isdigit()
            ],
            wording=value.get("wording") or DEFAULT_WORDING,
            page_id=page.pk if page else None,
            page_url=(page.get_full_url(request) or "") if page else "",
        )
        facts = {"title": value.get("title"), "text": value.get("text"), "button_label": value.get("button_label")}
        return {**context, **facts, **form_context(request, SignUpForm(spec))}


def _source(request: Any, page: Any) -> str:
    """Return where visitors of a page come from: what its address says, else the page itself."""
    given = source_of(request) if request else DEFAULT_SOURCE
    return given if given != DEFAULT_SOURCE or not (page and page.pk) else f"page-{page.pk}"
