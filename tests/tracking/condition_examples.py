"""Examples of every condition of tracking and campaigns, with a crowd that they tell apart."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.factories.campaigns import make_campaign, make_email, make_segment
from tests.factories.commerce import make_category, make_order, make_product
from tests.factories.contacts import make_contact, make_topic
from tests.factories.tracking import make_event, make_message, make_send
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.commerce.viewed import keep_view
from wagtail_precise_mail.contacts.models import Consent, ConsentChange, Contact, Topic
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.tracking.engaging import engage
from wagtail_precise_mail.tracking.models import SurveyAnswer
from wagtail_precise_mail.tracking.site_views import SiteView

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)

_MAIL = [
    {},
    {"topics": ["shoes"]},
    {"topics": ["shoes", "tea"], "times": 2},
    {"campaigns": ["900001", "900003"]},
    {"campaign_name": "SPRING"},
    {"campaign_name": "spring", "topics": ["tea"], "days": 60},
    {"times": 3, "days": 60},
    {"days": 30},
    {"before_days": 20, "days": 90},
    {"from_on": "2026-04-01", "until_on": "2026-05-02"},
]
_LINKS = [
    {"link": "/shoes/"},
    {"link": "https://shop.example.com/shoes/?a=1", "link_match": "is"},
    {"block": "b2", "topics": ["shoes"], "days": 60},
    {"link": "/tea/", "times": 2},
]
EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "received_mail": [*_MAIL, {"times": 12}],
    "opened_mail": [*_MAIL, {"by": "any"}, {"by": "any", "topics": ["tea"], "times": 2}],
    "clicked_mail": [*_MAIL, *_LINKS],
    "bought_from_mail": [*_MAIL, *_LINKS],
    "click_bucket": [
        {"buckets": ["none"]},
        {"buckets": ["few"]},
        {"buckets": ["some", "many"]},
        {"buckets": ["none", "many"]},
        {"buckets": ["none", "few", "some", "many"]},
    ],
    "unengaged": [{}, {"mails": 1}, {"mails": 2}, {"mails": 8}],
    "engagement": [{"stages": ["engaged"]}, {"stages": ["cooling", "dormant"]}, {"stages": ["lost"]}],
    "new_subscriber": [{}, {"days": 7}, {"days": 200}],
    "last_activity": [
        {"max_days_ago": 30},
        {"min_days_ago": 30},
        {"min_days_ago": 20, "max_days_ago": 60},
        {"min_days_ago": 59},
    ],
    "soft_bounced": [
        {},
        {"times": 2},
        {"kinds": ["quota", "block"]},
        {"kinds": ["soft", "quota", "unknown"], "times": 2, "days": 90},
        {"days": 30},
        {"from_on": "2026-04-01", "until_on": "2026-05-02"},
    ],
    "visited_page": [
        {},
        {"path": "/guides/"},
        {"path": "/guides/boots", "match": "is", "days": 60},
        {"times": 3},
        {"path": "o", "times": 2, "days": 60},
    ],
    "viewed_product": [
        {},
        {"products": ["BOOT"]},
        {"products": ["BOOT", "MUG"], "times": 2},
        {"categories": ["footwear"], "days": 60},
        {"categories": ["footwear"], "products": ["MUG"]},
    ],
    "searched": [{}, {"words": "Red  Boots"}, {"words": "boots", "days": 60}, {"times": 2, "from_on": "2026-03-03"}],
    "time_on_site": [
        {"min": 1},
        {"max": 5},
        {"min": 2, "max": 20},
        {"min": 0},
        {"max": 0},
        {"min": 3, "days": 60},
    ],
    "survey_answer": [
        {},
        {"question": "do you NEED"},
        {"values": ["WATERPROOF"]},
        {"attribute": "needs", "values": ["waterproof", "light"], "days": 60},
        {"min": 9},
        {"max": 6},
        {"min": 3, "max": 5, "block": "q2"},
    ],
}

DAYS = [-5, 0, 1, 6, 7, 8, 20, 29, 30, 31, 59, 60, 61, 89, 90, 91, 150, 200, 400]
URLS = ["https://shop.example.com/shoes/?a=1", "https://shop.example.com/shoes/red/", "https://shop.example.com/tea/"]


def back(days: float) -> datetime:
    """So many days before the moment of evaluation."""
    return AT - timedelta(days=days)


def make_world(seed: int = 1, count: int = 40) -> list[Contact]:
    """Contacts with mails, reactions of people and machines, visits, answers and orders, with holes in everything."""
    dice = random.Random(seed)
    topics = [make_topic(slug="shoes", name="Shoes"), make_topic(slug="tea", name="Tea")]
    sends = _make_sends(topics)
    products = _make_products()
    contacts = [make_contact() for _number in range(count)]
    for number, contact in enumerate(contacts):
        if number % 9 == 0:
            continue  # of whom nothing is known
        _agree(dice, contact, topics)
        for send in sends:
            if dice.random() < 0.6:
                _send(dice, send, contact)
        for _view in range(dice.choice([0, 0, 1, 3, 8])):
            _look(dice, contact, products)
        for _order in range(dice.choice([0, 0, 1])):
            make_order(contact, placed_at=back(dice.choice(DAYS)), kind=dice.choice(["sale", "refund"]))
    _leave_rows_of_nobody(dice, sends, contacts)
    engage(at=back(45))
    engage(at=AT)
    engage(at=AT + timedelta(days=60))  # conditions must look behind it
    return contacts


def _make_sends(topics: list[Topic]) -> list[Send]:
    names = ["Spring boots", "Spring tea", "Winter", "SPRING again", "100% off"]
    email, segment = make_email(), make_segment()
    sends = [make_send(topic=topics[number % 2]) for number in range(9)]
    for number, (name, send) in enumerate(zip(names, sends, strict=False), start=900_001):
        campaign = make_campaign(pk=number, name=name, email=email, segment=segment, topic=send.topic)
        campaign.send, campaign.started_at = send, AT
        campaign.save()
    return [*sends, make_send(topic=None), make_send(topic=topics[0], is_test=True)]


def _make_products() -> list[Product]:
    footwear = make_category(name="Footwear")
    boots = make_category(name="Boots", parent=footwear)
    return [make_product("BOOT", category=boots), make_product("SOCK", category=footwear), make_product("MUG")]


def _agree(dice: random.Random, contact: Contact, topics: list[Topic]) -> None:
    for topic in topics:
        moments = sorted(back(dice.choice(DAYS)) for _change in range(dice.choice([0, 1, 1, 2])))
        for moment in moments:
            status = dice.choice(["granted", "granted", "withdrawn"])
            ConsentChange.objects.create(contact=contact, topic=topic, status=status, source="x", changed_at=moment)
        if moments:
            Consent.objects.create(contact=contact, topic=topic, status=status, changed_at=moments[-1])


def _send(dice: random.Random, send: Send, contact: Contact) -> None:
    days = dice.choice(DAYS)
    state = dice.choice(["accepted", "accepted", "accepted", "rejected"])
    moment = back(days) if state == "accepted" else None
    message = make_message(send, contact, state=state, created_at=back(days), handed_off_at=moment)
    if state != "accepted" or send.is_test:
        return
    # With dice of their own, so that all else stays as it was.
    _come_back(random.Random(message.pk), message, back(days))
    for _event in range(dice.choice([0, 0, 0, 1, 2, 4])):
        kind = dice.choice(["open", "open", "click", "click"])
        # Some happen in the very moment of the mail.
        after = dice.choice([0, 0.01, 1, 5, 30])
        url = dice.choice(URLS) if kind == "click" else ""
        block = dice.choice(["b1", "b2"]) if kind == "click" else ""
        make_event(
            message,
            kind,
            happened_at=back(days - after),
            is_machine=dice.random() < 0.3,
            url=url,
            block_id=block,
        )
    if dice.random() < 0.15:
        order = make_order(contact, placed_at=back(days - 2))
        url, block = dice.choice(URLS), dice.choice(["b1", "b2"])
        make_event(message, "conversion", happened_at=back(days - 2), order=order, url=url, block_id=block)
    if dice.random() < 0.1:
        make_event(message, "unsubscribe", happened_at=back(days - 1))
    if dice.random() < 0.3:
        _answer(dice, message, back(days - 1))


def _come_back(dice: random.Random, message: Any, moment: datetime) -> None:
    for number in range(dice.choice([0, 0, 0, 1, 1, 2])):
        Bounce.objects.create(
            message=message,
            contact=message.contact,
            kind=dice.choice(["soft", "soft", "unknown", "quota", "block", "hard", "vacation"]),
            is_final=dice.random() < 0.8,
            source="mailbox",
            key=f"{message.pk}-{number}",
            happened_at=moment,
        )


def _answer(dice: random.Random, message: Any, moment: datetime) -> None:
    question, kind, attribute, values = dice.choice(
        [
            ("What do you need?", "choice", "needs", ["waterproof", "light", "Waterproof"]),
            ("How likely are you to tell a friend?", "score", "", ["0", "6", "7", "9", "10"]),
            ("How was it?", "stars", "", ["1", "3", "5"]),
        ]
    )
    value = dice.choice(values)
    SurveyAnswer.objects.create(
        message=message,
        send=message.send,
        contact=message.contact,
        block_id=dice.choice(["q1", "q2"]),
        question=question,
        kind=kind,
        value=value,
        label=f"It is {value}",
        attribute=attribute,
        answered_at=moment,
    )


def _look(dice: random.Random, contact: Contact, products: list[Product]) -> None:
    kind = dice.choice(["page", "product", "search"])
    product = dice.choice([*products, None]) if kind == "product" else None
    moment = back(dice.choice(DAYS))
    SiteView.objects.create(
        contact=contact,
        kind=kind,
        path=dice.choice(["/", "/guides/boots", "/guides/tea", "/Guides/"]),
        product=product,
        words=dice.choice(["red boots", "boots", "teapot"]) if kind == "search" else "",
        seconds=dice.choice([0, 30, 60, 200, 900]),
        happened_at=moment,
    )
    if product and dice.random() < 0.5:
        keep_view(contact, product, at=moment)


def _leave_rows_of_nobody(dice: random.Random, sends: list[Send], contacts: list[Contact]) -> None:
    gone = make_contact()
    message = make_message(sends[0], gone, handed_off_at=back(10), created_at=back(10))
    make_event(message, "click", happened_at=back(5), url=URLS[0], contact_id=None)
    make_event(message, "open", happened_at=back(5), contact_id=None)
    contacts.append(gone)
    # Nor does silence of those who may not be tracked make a stage.
    shy = make_contact(is_tracking_allowed=False)
    make_message(sends[1], shy, handed_off_at=back(100), created_at=back(100))
    contacts.append(shy)
