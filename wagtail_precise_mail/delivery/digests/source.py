"""The list of issues in a digest, and what is kept with each so that its web version can be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from babel.dates import format_date
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.contacts.wordings import topic_words
from wagtail_precise_mail.contacts.zones import zone_of
from wagtail_precise_mail.delivery.digests.cards import Card, make_cards
from wagtail_precise_mail.delivery.digests.entries import choose_entries
from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.models import MessageContent, OutboxMessage
from wagtail_precise_mail.delivery.tokens import Purpose, make_message_token
from wagtail_precise_mail.emails.digesting import DIGEST_BLOCK
from wagtail_precise_mail.emails.languages import babel_locale
from wagtail_precise_mail.emails.readers import Item, ItemSource, Occasion, Spec, item_sources
from wagtail_precise_mail.paths import Paths


@item_sources.register(DIGEST_BLOCK)
class DigestIssueItems(ItemSource):
    """The issues of each reader's digest, the latest first. They are nobody else's: the links show what is personal."""

    def load(
        self, spec: Spec, contacts: Sequence[Contact], *, limit: int, occasion: Occasion
    ) -> Mapping[int, Sequence[Item]]:
        """Return an item for each issue; in other mails than digests, none.

        Writes what each issue says to its reader, for its web version. Loading again writes the same again, so it does
        no harm if the digest does not leave this time.
        """
        if occasion.is_preview:
            return {contact.pk or 0: _samples(occasion) for contact in contacts}
        by_message = {message: contact for contact, message in occasion.messages.items()}
        chosen = choose_entries(list(by_message), at=occasion.at)
        by_id = {contact.pk: contact for contact in contacts}
        shown = {pk: [one for one in found.shown if one.contact_id in by_id] for pk, found in chosen.items()}
        cards = make_cards([one for some in shown.values() for one in some], by_id, at=occasion.at)
        _keep([one for found in chosen.values() for one in (*found.shown, *found.left_out)], cards)
        topics = _topic_names(shown.values(), occasion.language)
        paths = Paths()
        return {
            by_message[pk]: [
                _item(issue, card, topics[issue.topic_id], by_id[issue.contact_id], occasion, paths)
                for issue in some
                if (card := cards[issue.pk])
            ]
            for pk, some in shown.items()
        }


def _item(
    issue: DigestIssue, card: Card, topic: str, contact: Contact, occasion: Occasion, paths: Paths
) -> dict[str, str]:
    token = make_message_token(Purpose.OWN, issue.message_id)
    day = issue.kept_at.astimezone(zone_of(contact).zone)
    return {
        "name": card.subject,
        "summary": card.preheader,
        "topic": topic,
        "date": format_date(day, "long", locale=babel_locale(occasion.language)),
        "url": card.base_url + paths("web_version", token),
        "image_url": card.picture_url,
        "no_image": "" if card.picture_url else "1",
    }


def _keep(issues: Sequence[DigestIssue], cards: Mapping[int, Card | None]) -> None:
    """Write what each issue says to its reader, in which language, and why it is left out, if it is."""
    contents: list[MessageContent] = []
    languages: dict[str, list[int]] = defaultdict(list)
    for issue in issues:
        card = cards.get(issue.pk)
        if card is None:
            issue.left_out = issue.left_out or DigestIssue.LeftOut.BROKEN
            continue
        languages[card.language].append(issue.message_id)
        contents.append(
            MessageContent(message_id=issue.message_id, contact_id=issue.contact_id, data=card.reader.to_json())
        )
    MessageContent.objects.bulk_create(
        contents, update_conflicts=True, unique_fields=["message"], update_fields=["contact", "data"]
    )
    for language, ids in languages.items():
        if language:
            OutboxMessage.objects.filter(pk__in=ids).update(language=language)
    for reason in DigestIssue.LeftOut:
        if ids := [issue.pk for issue in issues if issue.left_out == reason]:
            DigestIssue.objects.filter(pk__in=ids).update(left_out=reason)


def _topic_names(shown: Iterable[Sequence[DigestIssue]], language: str) -> dict[int, str]:
    ids = {issue.topic_id for some in shown for issue in some}
    topics = Topic.objects.filter(pk__in=ids).prefetch_related("translations")
    return {topic.pk: topic_words(topic, language)[0] for topic in topics}


def _samples(occasion: Occasion) -> list[Item]:
    """Two issues that nobody wrote, for previews and test mails."""
    samples = [
        (_("The fern issue"), _("Five that like the dark, and one that does not.")),
        (_("The tea issue"), _("A proper pot, and what to read beside it.")),
    ]
    return [
        {
            "name": name,
            "summary": summary,
            "topic": _("Newsletter"),
            "date": format_date(localtime(occasion.at), "long", locale=babel_locale(occasion.language)),
            "url": f"{occasion.base_url}/",
            "image_url": "",
            "no_image": "1",
        }
        for name, summary in samples
    ]
