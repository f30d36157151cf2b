"""The sign-up form: what it asks, why it asks it, and what comes back.

A form is described by a :class:`~.sign_up_specs.FormSpec`, which travels with it, signed: whoever renders the form (a
block on a page, our own page, a headless site) decides what is asked, and the address that takes it knows without
looking anything up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django import forms
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.addresses import normalize_address
from wagtail_precise_mail.contacts.captchas import Captcha, chosen_captcha
from wagtail_precise_mail.contacts.models import Topic
from wagtail_precise_mail.contacts.questions import SignUpChoice, SignUpQuestion, questions_with_choices
from wagtail_precise_mail.contacts.sign_up_specs import FormSpec, SpecField, SpecQuestion
from wagtail_precise_mail.contacts.typos import suggest_address
from wagtail_precise_mail.contacts.wordings import ConsentWording, add_wording, shown_text, topic_words
from wagtail_precise_mail.exceptions import InvalidAddress

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

TRAP = "homepage"
"""The name of the field that people do not see and machines fill in."""

_FIELDS: dict[str, tuple[_StrPromise, _StrPromise, str]] = {
    "first_name": (_("First name"), _("So that we know how to greet you."), "given-name"),
    "last_name": (_("Last name"), _("For letters that begin with your name."), "family-name"),
    "organization": (_("Organization"), _("So that we write what fits your work."), "organization"),
    "job_title": (_("Job"), _("So that we write what fits your work."), "organization-title"),
    "city": (_("City"), _("For news from your area."), "address-level2"),
}
FIELD_CHOICES = [(name, label) for name, (label, _reason, _autocomplete) in _FIELDS.items()]
EMAIL_REASON = _("So that we can write to you; a mail asks you to confirm it.")
TOPICS_REASON = _("So that you get what you want and nothing else.")
QUESTION_REASON = _("So that we write what fits you.")
AGREE_REASON = _("The law asks for your yes, and we keep it as proof.")


class SignUpForm(forms.Form):
    """What people fill in. It works without JavaScript, and every field says why it is asked."""

    email = forms.EmailField(
        label=_("Email address"),
        max_length=254,
        help_text=EMAIL_REASON,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"}),
    )

    def __init__(self, spec: FormSpec, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        # Several forms may stand on one page, and no label may lead into another form.
        super().__init__(data, auto_id=f"wpm-{uuid4().hex[:8]}-%s", label_suffix="", **kwargs)
        self.spec = spec
        self.suggestion = ""
        for field in spec.fields:
            if field.name in _FIELDS:
                self.fields[field.name] = _text_field(field)
        self._add_topics()
        for asked in spec.questions:
            if asked.pk in self.questions:
                self.fields[asked.name] = _question_field(self.questions[asked.pk], asked)
        agree = forms.BooleanField(label=self.text, help_text=AGREE_REASON)
        self.fields["agree"] = agree

    @cached_property
    def offered(self) -> list[Topic]:
        """The topics, in their order."""
        return list(Topic.objects.filter(pk__in=self.spec.topics).prefetch_related("translations"))

    @cached_property
    def questions(self) -> dict[int, SignUpQuestion]:
        """The questions with their answers, by their ids; one that was deleted is not asked."""
        found = questions_with_choices(question.pk for question in self.spec.questions)
        return {pk: question for pk, question in found.items() if question.choices.all()}

    @cached_property
    def named_topics(self) -> list[Topic]:
        """The topics that somebody may agree to here: those offered, and those that answers bring."""
        answers = (choice.topic for question in self.questions.values() for choice in question.choices.all())
        return list(dict.fromkeys([*self.offered, *(topic for topic in answers if topic)]))

    @cached_property
    def shown_wording(self) -> ConsentWording | None:
        return ConsentWording.objects.filter(pk=self.spec.wording_id).first() if self.spec.wording_id else None

    @property
    def text(self) -> str:
        """The sentence that people agree to."""
        row = self.shown_wording
        return row.text if row else shown_text(self.named_topics, self.spec.language)

    @cached_property
    def captcha(self) -> Captcha | None:
        return chosen_captcha()

    @property
    def token(self) -> str:
        return self.spec.to_token()

    def kept_wording(self) -> ConsentWording:
        """Return the wording that was shown, written down if it is our own sentence."""
        return self.shown_wording or add_wording(self.text, topics=self.named_topics, language=self.spec.language)

    def chosen_topics(self) -> list[Topic]:
        """Return what was ticked; the only topic needs no tick of its own. Answers may bring more."""
        ticked = {int(pk) for pk in self.cleaned_data.get("topics", [])}
        chosen = [topic for topic in self.offered if topic.pk in ticked or len(self.offered) == 1]
        return list(dict.fromkeys([*chosen, *(one.topic for one in self.chosen_choices() if one.topic)]))

    def chosen_choices(self) -> list[SignUpChoice]:
        """Return what was ticked of the questions."""
        chosen = []
        for asked in self.spec.questions:
            given = self.cleaned_data.get(asked.name) or []
            ticked = {given} if isinstance(given, str) else set(given)
            question = self.questions.get(asked.pk)
            chosen += [one for one in question.choices.all() if str(one.pk) in ticked] if question else []
        return chosen

    def answers(self) -> dict[str, str]:
        """Return what they said beside the address."""
        return {field.name: self.cleaned_data.get(field.name, "") for field in self.spec.fields}

    def clean_email(self) -> str:
        given = self.cleaned_data["email"]
        try:
            normalize_address(given)
            self.suggestion = suggest_address(given)
        except InvalidAddress as error:
            raise forms.ValidationError(_("Mail cannot be sent there: look at the address again.")) from error
        if self.suggestion and self.data.get("use") == "suggested":
            given, self.suggestion = self.suggestion, ""
        elif self.suggestion and self.data.get("use") == "written":
            self.suggestion = ""
        if self.suggestion:
            raise forms.ValidationError(_("Did you mean %(address)s?") % {"address": self.suggestion}, code="typo")
        return given

    def _add_topics(self) -> None:
        if len(self.offered) < 2:
            return
        words = [(topic, *topic_words(topic, self.spec.language)) for topic in self.offered]
        self.fields["topics"] = forms.MultipleChoiceField(
            label=_("What may we write about?"),
            help_text=TOPICS_REASON,
            choices=[(str(topic.pk), name) for topic, name, _text in words],
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": _("Choose at least one.")},
        )

    def topic_options(self) -> list[dict[str, Any]]:
        """Return the boxes to tick. None is ticked beforehand: that would be nobody's yes."""
        bound = self["topics"] if "topics" in self.fields else None
        ticked = {str(pk) for pk in (bound.value() or [])} if bound else set()
        return [
            {"value": pk, "name": name, "description": text, "is_ticked": pk in ticked}
            for pk, (name, text) in ((str(topic.pk), topic_words(topic, self.spec.language)) for topic in self.offered)
        ]

    def groups(self) -> list[str]:
        """Return the names of the fields that are answered by ticking boxes or radio buttons of a question."""
        return [asked.name for asked in self.spec.questions if asked.name in self.fields]

    @property
    def is_trapped(self) -> bool:
        """Whether a machine filled in what people do not see."""
        return bool(self.data.get(TRAP))

    @property
    def is_too_quick(self) -> bool:
        return self.spec.age_seconds < options().sign_up_seconds

    def fresh(self) -> SignUpForm:
        """Return the same form, empty and shown now."""
        return SignUpForm(replace(self.spec, shown_at=int(timezone.now().timestamp())))


def _question_field(question: SignUpQuestion, asked: SpecQuestion) -> forms.ChoiceField:
    kind, widget = (
        (forms.MultipleChoiceField, forms.CheckboxSelectMultiple)
        if question.is_multiple
        else (forms.ChoiceField, forms.RadioSelect)
    )
    return kind(
        label=question.text,
        required=asked.is_required,
        help_text=question.reason or QUESTION_REASON,
        choices=[(str(choice.pk), choice.label) for choice in question.choices.all()],
        widget=widget,
        error_messages={"required": _("Choose at least one.") if question.is_multiple else _("Choose one.")},
    )


def _text_field(field: SpecField) -> forms.CharField:
    label, reason, autocomplete = _FIELDS[field.name]
    return forms.CharField(
        label=label,
        required=field.is_required,
        max_length=150,
        help_text=field.reason or reason,
        widget=forms.TextInput(attrs={"autocomplete": autocomplete}),
    )
