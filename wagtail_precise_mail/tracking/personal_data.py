"""What tracking knows about people: opens, clicks, conversions, answers to surveys."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.personal_data import PersonalData, Rows, personal_data, rows_of
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.personal_links import without_words, words_about


@personal_data.register("reactions")
class ReactionData(PersonalData):
    """Events and answers to surveys."""

    label = _("What you did with our mail")
    models = ("wagtail_precise_mail.MessageEvent", "wagtail_precise_mail.SurveyAnswer")

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        events = contact.message_events.order_by("happened_at", "pk")
        answers = contact.survey_answers.order_by("answered_at", "pk")
        return {
            "events": rows_of(
                events,
                "message_id",
                "kind",
                "happened_at",
                "is_machine",
                "url",
                "detail",
                "user_agent",
                "order__number",
                "value",
                "currency",
            ),
            "survey_answers": rows_of(answers, "message_id", "question", "label", "comment", "answered_at"),
        }

    def anonymize(self, contact: Contact) -> None:
        contact.message_events.update(user_agent="")
        contact.survey_answers.update(comment="")
        _clean_addresses(contact)


def _clean_addresses(contact: Contact) -> None:
    """Cut what merge tags wrote into the addresses of links; where they led stays, for it is counted."""
    words, told = words_about(contact), []
    for event in contact.message_events.exclude(url="").only("pk", "url").iterator():
        if event.url != (url := without_words(event.url, words)):
            event.url = url
            told.append(event)
    MessageEvent.objects.bulk_update(told, ["url"], batch_size=500)
