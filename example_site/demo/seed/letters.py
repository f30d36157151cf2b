"""The letters of the last half year: what they said, and to whom they went. Who reacted is written by ``reactions``.

Nothing of this left the machine. It is written as the worker would have left it, in bulk, before today's campaign.
"""

# ruff: noqa: E501  texts for people are kept whole

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib.auth.models import User
from wagtail.models import Site

from example_site.demo.seed import reactions
from example_site.demo.seed.brand import make_brand
from example_site.demo.seed.streams import Blocks, stream
from example_site.magazine.models import ArticlePage
from wagtail_precise_mail.campaigns.frozen import describe
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.senders import require_sender
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.contacts.models import ConsentChange, ConsentStatus, Contact, Suppression, Topic
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.services import compile_email
from wagtail_precise_mail.emails.sites import base_url_of
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.rules import Rules
from wagtail_precise_mail.segments.services import save_segment

_BATCH = 2000
State, SkipReason = OutboxMessage.State, OutboxMessage.SkipReason


@dataclass(frozen=True)
class Letter:
    """One campaign of the past.

    Attributes:
        days_ago: about when it went out; the exact day is that of its weekday.
        weekday, at: when its readers got it; Monday is 0.
        interest: whom it speaks to most.
        article: the slug of what to read, or "".
    """

    days_ago: int
    topic: str
    weekday: int
    at: time
    interest: str
    title: str
    words: str
    products: tuple[str, ...]
    article: str = ""


_MORNING, _EVENING, _NOON = time(9, 30), time(19), time(12, 15)
LETTERS = (
    Letter(205, "newsletter", 1, _MORNING, "garden", "The last frost, probably", "Seeds can go out, gloves should. Here is what we sow now, and what we leave in the tin until June.", ("SEED-CALENDULA", "GRD-GLOVES")),
    Letter(191, "offers", 4, _NOON, "plants", "Pots for everything that outgrew one", "Our planters are here, in four glazes, and the terracotta ones in pairs.", ("PLN-TERRA", "PLN-SKY")),
    Letter(178, "newsletter", 1, _MORNING, "tea", "The first leaves of the year", "The Darjeeling has landed. It is light as straw, and there are forty tins of it.", ("TEA-DARJEELING", "CUP-CLASSIC")),
    Letter(162, "newsletter", 3, _EVENING, "plants", "Cuttings to give away", "Every money plant has a child. Ours have had two hundred.", ("PLANT-PILEA", "PLN-DISH")),
    Letter(148, "offers", 4, _NOON, "tea", "Iced, with a slice", "Three mints, hedgerow berries and the verbena: everything that is good cold.", ("INF-MINT", "INF-BERRY")),
    Letter(134, "newsletter", 1, _MORNING, "garden", "How much, how often, at what time of day", "A page to hang beside the watering can, and the cans themselves.", ("GRD-CAN", "GRD-CANBLUSH"), "a-slow-calendar-of-watering"),
    Letter(113, "newsletter", 3, _EVENING, "kitchen", "A day at the potter's wheel", "Hannah throws our teapots in Todmorden. We were allowed to make a very bad bowl.", ("POT-FOREST", "MUG-DIPPED"), "at-the-potters-wheel"),
    Letter(106, "offers", 4, _NOON, "kitchen", "From the pantry, before the wasps", "The plum jam is back, and the cordial is nearly gone.", ("PAN-PLUMJAM", "PAN-CORDIAL")),
    Letter(94, "newsletter", 1, _MORNING, "presents", "For people who have everything", "Small presents that get used up, and one that outlives us.", ("TEA-SAMPLER", "PAN-HONEY"), "presents-for-people-who-have-everything"),
    Letter(80, "newsletter", 3, _EVENING, "kitchen", "Shortbread for a wet afternoon", "It needs three things and forty minutes. The fourth thing is rain.", ("PAN-SHORTBREAD", "TEA-EARLGREY"), "shortbread-for-a-wet-afternoon"),
    Letter(66, "newsletter", 1, _MORNING, "kitchen", "Be kind to your kettle", "Lime, vinegar, and the one thing you should never do to enamel.", ("KET-NIGHT", "KET-COPPER"), "be-kind-to-your-kettle"),
    Letter(59, "offers", 4, _NOON, "tea", "A tenth less on loose teas", "For ten days, on all ten of them.", ("TEA-BREAKFAST", "TEA-ASSAM")),
    Letter(45, "newsletter", 1, _MORNING, "tea", "How a blend is made", "Mei has tasted forty cups for this one, and spat out most of them.", ("TEA-BREAKFAST", "TEA-EARLGREY"), "how-a-blend-is-made"),
    Letter(31, "newsletter", 3, _EVENING, "plants", "Repotting without tears", "You need a bigger pot, but not much bigger, and an old newspaper.", ("PLN-FOREST", "PLANT-FERN"), "repotting-without-tears"),
    Letter(24, "offers", 4, _NOON, "presents", "Boxes for under the tree", "Wrapped in a tea towel, they are two presents.", ("TEA-SAMPLER", "PAN-OATCAKES")),
    Letter(17, "newsletter", 1, _MORNING, "plants", "A kitchen garden on the sill", "Basil in November: it can be done, with a window and some luck.", ("PLANT-BASIL", "PLN-TERRA"), "a-kitchen-garden-on-the-sill"),
)  # fmt: skip
_AUDIENCES = {
    "newsletter": ("readers", "Readers", "Everybody who agreed to the newsletter."),
    "offers": ("shoppers", "Readers of offers", "Everybody who agreed to hear of offers."),
}


def make_letters(by: User, *, site: Site, at: datetime) -> None:
    """Write what was sent in the past, and what became of it; where it was written before, nothing is left to do."""
    if Send.objects.filter(origin_kind="campaign").exists():
        return
    make_brand(site)
    sent = [_send(letter, by, site, at) for letter in LETTERS]
    reactions.make_reactions(sent, at=at)


def sent_at(letter: Letter, at: datetime) -> datetime:
    """Return the moment at which a letter went out: the weekday before or on its day, at its hour."""
    day = at - timedelta(days=letter.days_ago)
    day -= timedelta(days=(day.weekday() - letter.weekday) % 7)
    return day.replace(hour=letter.at.hour, minute=letter.at.minute, second=0, microsecond=0)


def _send(letter: Letter, by: User, site: Site, at: datetime) -> reactions.SentLetter:
    moment, topic = sent_at(letter, at), Topic.objects.get(slug=letter.topic)
    email = _make_email(letter, by)
    campaign = Campaign(
        name=letter.title,
        email=email,
        segment=_audience(letter.topic),
        topic=topic,
        site=site,
        time_zone="Europe/London",
        state=Campaign.State.SENT,
        scheduled_at=moment,
        started_at=moment,
        scheduled_by=by,
        email_revision_id=email.live_revision_id,
    )
    campaign.save()
    campaign.send = _make_send(campaign, moment)
    campaign.save(update_fields=["send"])
    Campaign.objects.filter(pk=campaign.pk).update(created_at=moment - timedelta(days=3))
    messages = _write_messages(letter, campaign.send, topic, moment)
    return reactions.SentLetter(letter.title, campaign.send, letter.interest, moment, messages)


def _make_send(campaign: Campaign, moment: datetime) -> Send:
    sender, base_url = require_sender(campaign), base_url_of(campaign.site)
    compiled = compile_email(campaign.email, site=campaign.site, base_url=base_url, at=moment, by=campaign.scheduled_by)
    send = Send.objects.create(
        origin_kind="campaign",
        origin_id=campaign.pk,
        state=Send.State.FINISHED,
        compiled=compiled,
        topic=campaign.topic,
        from_name=sender.name,
        from_address=sender.address,
        reply_to=sender.reply_to,
        base_url=base_url,
        audience=describe(campaign).to_json(),
        frozen_at=moment,
        finished_at=moment + timedelta(minutes=4),
    )
    Send.objects.filter(pk=send.pk).update(created_at=moment)
    return send


def _audience(topic: str) -> Segment:
    slug, name, description = _AUDIENCES[topic]
    found = Segment.objects.filter(slug=slug).first()
    rules = Rules.from_json({"rules": [{"consent": {"topics": [topic]}}]})
    return found or save_segment(slug, name=name, description=description, rules=rules)


def _write_messages(letter: Letter, send: Send, topic: Topic, moment: datetime) -> list[OutboxMessage]:
    """Write one message for everybody who had said yes by then, and return those that left."""
    gone = dict(Suppression.objects.filter(created_at__lt=moment).values_list("address_hash", "reason"))
    chance = random.Random(f"letter {letter.title}")
    rows = []
    for contact in Contact.objects.filter(pk__in=_agreed(topic, moment)).order_by("pk"):
        left_at = moment + timedelta(seconds=chance.randrange(5, 240))
        row = OutboxMessage(send=send, contact=contact, address=contact.email, recipient_key=contact.address_hash)
        row.created_at = moment
        row.finished_at = left_at
        if reason := gone.get(contact.address_hash):
            row.state = State.SKIPPED
            row.skip_reason = SkipReason.UNSUBSCRIBED if reason == "unsubscribed" else SkipReason.SUPPRESSED
        else:
            row.state, row.attempt_count, row.handed_off_at = State.ACCEPTED, 1, left_at
            row.reply = "250 2.0.0 Ok"
        rows.append(row)
    OutboxMessage.objects.bulk_create(rows, batch_size=_BATCH)
    return [row for row in rows if row.state == State.ACCEPTED]


def _agreed(topic: Topic, moment: datetime) -> set[int]:
    """The ids of those whose last word about a topic was yes."""
    changes = ConsentChange.objects.filter(topic=topic, changed_at__lt=moment).order_by("changed_at", "pk")
    last: dict[int, Any] = dict(changes.values_list("contact", "status"))
    return {pk for pk, status in last.items() if status == ConsentStatus.GRANTED}


def _make_email(letter: Letter, by: User) -> Email:
    email = Email(
        name=letter.title,
        subject=letter.title,
        preheader=letter.words[:150],
        body=stream(_blocks(letter)),
        sample_contact=Contact.objects.exclude(first_name="").order_by("pk").first(),
        live=False,
    )
    email.save()
    email.save_revision(user=by).publish()
    email.refresh_from_db()
    return email


def _blocks(letter: Letter) -> Blocks:
    products = {product.sku: product for product in Product.objects.filter(sku__in=letter.products)}
    shown: Blocks = [
        ("product", {"product": products[sku].pk, "replacement": None, "layout": "beside", "show_price": True, "show_description": True, "link_label": "Have a look"})
        for sku in letter.products
    ]  # fmt: skip
    if letter.article:
        page = ArticlePage.objects.get(slug=letter.article)
        shown.insert(0, ("page", {"page": page.pk, "layout": "above", "max_length": 180, "link_label": "Read on"}))
    return [
        ("heading", {"title": letter.title, "level": "1", "align": "left"}),
        ("rich_text", {"content": f'<p>Dear {{{{ contact.first_name | default: "friend" }}}},</p><p>{letter.words}</p>'}),
        *shown,
        ("button", {"label": "To the shop", "page": None, "url": "/shop/", "style": "filled", "align": "left"}),
        ("footer", {"reason": "You get this because you asked for our letters.", "unsubscribe_label": "", "show_links": True, "show_accounts": False, "align": ""}),
    ]  # fmt: skip
