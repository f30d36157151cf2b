"""What tracking knows about people: opens, clicks, conversions, answers to surveys."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.personal_data import PersonalData, Rows, personal_data, rows_of
from wagtail_precise_mail.tracking.engagement import ContactEngagement
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.personal_links import without_words, words_about


@personal_data.register("reactions")
class ReactionData(PersonalData):
    """Events and answers to surveys."""

    label = _("What you did with our mail")
    models = (
        "wagtail_precise_mail.MessageEvent",
        "wagtail_precise_mail.SurveyAnswer",
        "wagtail_precise_mail.ContactEngagement",
    )

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
            "engagement": rows_of(ContactEngagement.objects.filter(contact=contact), *_CONCLUDED),
        }

    def anonymize(self, contact: Contact) -> None:
        contact.message_events.update(user_agent="")
        contact.survey_answers.update(comment="")
        _clean_addresses(contact)


_CONCLUDED = (
    "stage",
    "stage_since",
    "last_open_at",
    "last_click_at",
    "clicks_90_days",
    "mails_90_days",
    "silent_since",
    "last_sign",
    "unanswered_count",
    "preferred_hour",
    "preferred_weekday",
)


@personal_data.register("site_views")
class SiteViewData(PersonalData):
    """Pages, products and searches on the site. All of it goes with the contact."""

    label = _("What you did on our site")
    models = ("wagtail_precise_mail.SiteView",)

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        views = contact.site_views.order_by("happened_at", "pk")
        return {
            "site_views": rows_of(views, "kind", "path", "product__sku", "words", "seconds", "source", "happened_at")
        }


def _clean_addresses(contact: Contact) -> None:
    """Cut what merge tags wrote into the addresses of links; where they led stays, for it is counted."""
    words, told = words_about(contact), []
    for event in contact.message_events.exclude(url="").only("pk", "url").iterator():
        if event.url != (url := without_words(event.url, words)):
            event.url = url
            told.append(event)
    MessageEvent.objects.bulk_update(told, ["url"], batch_size=500)
