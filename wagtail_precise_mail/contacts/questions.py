"""Questions of sign-up forms, and what each answer says of a contact: tags, lists, topics, a further field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.models import Orderable

from wagtail_precise_mail.contacts.fields import ContactField, FieldKind
from wagtail_precise_mail.contacts.models import ContactList, Topic
from wagtail_precise_mail.contacts.tags import Tag

KINDS = (FieldKind.TEXT, FieldKind.CHOICE, FieldKind.CHOICES)
"""Types of further fields that can keep an answer."""


class SignUpQuestion(ClusterableModel):
    """Something that sign-up forms ask, to be answered by ticking."""

    name = models.CharField(
        _("name"), max_length=100, unique=True, help_text=_("For colleagues; people do not see it.")
    )
    text = models.CharField(_("question"), max_length=200, help_text=_("“What would you like to read about?”"))
    reason = models.CharField(
        _("why it is asked"), max_length=150, blank=True, help_text=_("Stands below the question. Empty: ours.")
    )
    is_multiple = models.BooleanField(_("several answers may be ticked"), default=True)
    contact_field = models.ForeignKey(
        ContactField,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("keep the answer in"),
        help_text=_("A further field of the contact, of the type text, choice or choices."),
        limit_choices_to={"kind__in": [kind.value for kind in KINDS]},
    )
    is_on_own_page = models.BooleanField(
        _("ask on our own sign-up page, too"),
        default=False,
        help_text=_("To which the addresses of sources and their QR codes lead."),
    )

    class Meta:
        verbose_name = _("sign-up question")
        verbose_name_plural = _("sign-up questions")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if self.contact_field and self.is_multiple and self.contact_field.kind == FieldKind.CHOICE:
            raise ValidationError({"contact_field": _("This field holds one choice, and several may be ticked.")})


class SignUpChoice(Orderable):
    """One answer, with what it says."""

    question = ParentalKey(SignUpQuestion, on_delete=models.CASCADE, related_name="choices")
    label = models.CharField(_("answer"), max_length=100)
    value = models.CharField(
        _("stored as"), max_length=100, blank=True, help_text=_("In the further field. Empty: the answer itself.")
    )
    tag = models.ForeignKey(Tag, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("tag"))
    contact_list = models.ForeignKey(
        ContactList, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("list")
    )
    topic = models.ForeignKey(
        Topic,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("topic"),
        help_text=_("They agree to it by this answer; the sentence beside the button names it."),
    )

    class Meta(Orderable.Meta):
        verbose_name = _("answer of a question")
        verbose_name_plural = _("answers of questions")

    def __str__(self) -> str:
        return self.label

    @property
    def stored(self) -> str:
        """What a further field keeps."""
        return self.value or self.label

    def clean(self) -> None:
        super().clean()
        question: Any = self.question if self.question_id or "question" in self.__dict__ else None
        field = getattr(question, "contact_field", None)
        if field and field.has_choices and self.stored not in field.choice_list:
            message = _("The field “%(field)s” knows no such choice. It has: %(choices)s")
            words = {"field": field, "choices": ", ".join(field.choice_list[:20])}
            raise ValidationError({"value": message % words})


def questions_with_choices(ids: Iterable[int]) -> dict[int, SignUpQuestion]:
    """Return questions by their ids, with their answers: two queries, or none for none."""
    wanted = list(ids)
    if not wanted:
        return {}
    choices = models.Prefetch("choices", SignUpChoice.objects.select_related("topic").order_by("sort_order", "pk"))
    return {row.pk: row for row in SignUpQuestion.objects.filter(pk__in=wanted).prefetch_related(choices)}
