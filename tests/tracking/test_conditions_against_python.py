"""Every condition on reactions, visits and answers against the plainest Python one can write, with its complement."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.utils.timezone import localtime

from tests.factories.segments import make_rules
from tests.rows import check_once
from tests.tracking.condition_examples import AT, EXAMPLES, back, make_world
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import conditions
from wagtail_precise_mail.segments.queries import explain, members
from wagtail_precise_mail.segments.rules import Match

Options = dict[str, Any]


def happened(rows: Iterable[Any], moment: str, options: Options | None = None) -> list[Any]:
    return [row for row in rows if getattr(row, moment) and is_in(getattr(row, moment), options or {})]


def is_in(moment: datetime, options: Options) -> bool:
    day = str(localtime(moment).date())
    return (
        back(options.get("days", 99_999)) <= moment <= back(options.get("before_days", 0))
        and options.get("from_on", "") <= day
        and day <= options.get("until_on", "9999")
    )


def matches(row: Any, options: Options) -> bool:
    send = row.send
    campaign = getattr(send, "campaign", None)
    return all(
        [
            "topics" not in options or bool(send.topic and send.topic.slug in options["topics"]),
            "campaigns" not in options or bool(campaign and str(campaign.pk) in options["campaigns"]),
            "campaign_name" not in options
            or bool(campaign and options["campaign_name"].lower() in campaign.name.lower()),
            "block" not in options or row.block_id == options["block"],
            "link" not in options or _leads(row.url, options),
        ]
    )


def _leads(url: str, options: Options) -> bool:
    return url == options["link"] if options.get("link_match") == "is" else options["link"] in url


def enough(rows: list[Any], options: Options) -> bool:
    return len([row for row in rows if matches(row, options)]) >= options.get("times", 1)


def received(contact: Contact, options: Options) -> bool:
    mails = [one for one in contact.outbox_messages.all() if one.state == "accepted" and not one.send.is_test]
    return enough(happened(mails, "handed_off_at", options), options)


def reacted(kind: str) -> Callable[[Contact, Options], bool]:
    def holds(contact: Contact, options: Options) -> bool:
        events = happened(contact.message_events.all(), "happened_at", options)
        by_any = options.get("by") == "any"
        return enough([one for one in events if one.kind == kind and (by_any or not one.is_machine)], options)

    return holds


def bucket(contact: Contact, options: Options) -> bool:
    events = happened(contact.message_events.all(), "happened_at", {"days": 90})
    count = len([one for one in events if one.kind == "click" and not one.is_machine])
    name = "none" if count == 0 else "few" if count < 3 else "some" if count < 10 else "many"
    return name in options["buckets"]


def asking(contact: Contact) -> list[Any]:
    return [
        one
        for one in happened(contact.outbox_messages.all(), "handed_off_at")
        if one.state == "accepted" and not one.send.is_test and one.send.topic
    ]


def unengaged(contact: Contact, options: Options) -> bool:
    events = happened(contact.message_events.all(), "happened_at")
    last = max(
        (one.happened_at for one in events if not one.is_machine and one.kind in ("open", "click", "conversion")),
        default=back(10_000),
    )
    return len([mail for mail in asking(contact) if mail.handed_off_at > last]) >= options.get("mails", 5)


def in_stage(contact: Contact, options: Options) -> bool:
    if not contact.is_tracking_allowed or not asking(contact):
        return False
    last = max((moment for _kind, moment in signs(contact)), default=None)
    silent_since = last or min(one.handed_off_at for one in asking(contact))
    unanswered = len([one for one in asking(contact) if last is None or one.handed_off_at > last])
    stage = "engaged"
    for name, days, mails in (("cooling", 30, 5), ("dormant", 90, 12), ("lost", 180, 25)):
        if silent_since <= back(days) and unanswered >= mails:
            stage = name
    return stage in options["stages"]


def signs(contact: Contact, *, with_sign_up: bool = True) -> Iterable[tuple[str, datetime]]:
    for event in happened(contact.message_events.all(), "happened_at"):
        if event.kind in ("open", "click") and not event.is_machine:
            yield event.kind, event.happened_at
    for rows, moment in (
        ([one for one in contact.orders.all() if one.kind == "sale"], "placed_at"),
        (contact.site_views.all(), "happened_at"),
        (contact.product_views.all(), "viewed_at"),
        (contact.survey_answers.all(), "answered_at"),
        ([one for one in contact.consents.all() if one.status == "granted" and with_sign_up], "changed_at"),
    ):
        for row in happened(rows, moment):
            yield moment, getattr(row, moment)


def is_new(contact: Contact, options: Options) -> bool:
    changes = sorted(happened(contact.consent_changes.all(), "changed_at"), key=lambda one: (one.changed_at, one.pk))
    latest = {change.topic_id: change.status for change in changes}
    granted = [change.changed_at for change in changes if change.status == "granted"]
    return bool(granted) and min(granted) >= back(options.get("days", 30)) and "granted" in latest.values()


def last_active(contact: Contact, options: Options) -> bool:
    last = max((moment for _kind, moment in signs(contact, with_sign_up=False)), default=None)
    if last is None:
        return False
    is_late = "min_days_ago" not in options or last <= back(options["min_days_ago"])
    return is_late and ("max_days_ago" not in options or last >= back(options["max_days_ago"]))


def viewed(wanted: Callable[[Any, Options], bool]) -> Callable[[Contact, Options], bool]:
    def holds(contact: Contact, options: Options) -> bool:
        views = happened(contact.site_views.all(), "happened_at", options)
        return len([one for one in views if wanted(one, options)]) >= options.get("times", 1)

    return holds


def came_back(contact: Contact, options: Options) -> bool:
    kinds = options.get("kinds", ["soft", "unknown"])
    bounces = happened(contact.bounces.all(), "happened_at", options)
    return len({one.message_id for one in bounces if one.is_final and one.kind in kinds}) >= options.get("times", 1)


def is_page(view: Any, options: Options) -> bool:
    path = options.get("path", "")
    return bool(view.path == path if options.get("match") == "is" else path in view.path)


def is_product(view: Any, options: Options) -> bool:
    if view.kind != "product" or not ({"products", "categories"} & set(options)):
        return bool(view.kind == "product")
    category, slugs = view.product and view.product.category, set()
    while category:
        slugs.add(category.slug)
        category = category.parent
    is_chosen = view.product and view.product.sku in options.get("products", ())
    return bool(is_chosen or slugs & set(options.get("categories", ())))


def is_search(view: Any, options: Options) -> bool:
    return view.kind == "search" and " ".join(options.get("words", "").lower().split()) in view.words


def stayed(contact: Contact, options: Options) -> bool:
    seconds = sum(view.seconds for view in happened(contact.site_views.all(), "happened_at", options))
    return options.get("min", 0) * 60 <= seconds <= options.get("max", 10_000) * 60


def answered(contact: Contact, options: Options) -> bool:
    values = [value.lower() for value in options.get("values", ())]
    return any(
        options.get("question", "").lower() in one.question.lower()
        and one.block_id == options.get("block", one.block_id)
        and one.attribute == options.get("attribute", one.attribute)
        and (not values or one.value.lower() in values or one.label.lower() in values)
        and (
            not {"min", "max"} & set(options)
            or (one.kind != "choice" and options.get("min", 0) <= int(one.value) <= options.get("max", 10))
        )
        for one in happened(contact.survey_answers.all(), "answered_at", options)
    )


HOLDS: dict[str, Callable[[Contact, Options], bool]] = {
    "received_mail": received,
    "opened_mail": reacted("open"),
    "clicked_mail": reacted("click"),
    "bought_from_mail": reacted("conversion"),
    "click_bucket": bucket,
    "unengaged": unengaged,
    "engagement": in_stage,
    "new_subscriber": is_new,
    "last_activity": last_active,
    "soft_bounced": came_back,
    "visited_page": viewed(is_page),
    "viewed_product": viewed(is_product),
    "searched": viewed(is_search),
    "time_on_site": stayed,
    "survey_answer": answered,
}
CASES = [(key, options) for key, some in EXAMPLES.items() for options in some]
_RELATED = [
    "outbox_messages__send__topic",
    "outbox_messages__send__campaign",
    "message_events__send__topic",
    "message_events__send__campaign",
    "survey_answers",
    "bounces",
    "site_views__product__category__parent",
    "product_views",
    "orders",
    "consents",
    "consent_changes",
]


@pytest.fixture(scope="module", params=[1, 2])
def crowd(request: Any, django_db_setup: None, django_db_blocker: Any) -> Any:
    """A made-up crowd, made once and rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        make_world(request.param)
        check_once()
        yield list(Contact.objects.prefetch_related(*_RELATED).order_by("pk"))
        transaction.set_rollback(True)


def _ids(*rules: dict[str, Any]) -> set[int]:
    found = list(members(make_rules(*rules), at=AT).values_list("pk", flat=True))
    assert len(found) == len(set(found))
    return set(found)


def test_every_condition_of_these_rooms_has_examples() -> None:
    rooms = ("wagtail_precise_mail.tracking.", "wagtail_precise_mail.campaigns.")
    ours = {key for key, one in conditions.items() if one.__module__.startswith(rooms)}
    assert ours == set(EXAMPLES) == set(HOLDS)


@pytest.mark.django_db
@pytest.mark.parametrize(("key", "options"), CASES, ids=lambda part: str(part))
def test_a_condition_and_its_complement_find_the_same_as_python(
    crowd: list[Contact], key: str, options: Options
) -> None:
    expected = {contact.pk for contact in crowd if HOLDS[key](contact, options)}
    rule = {key: options}
    assert _ids(rule) == expected
    assert _ids({"none": [rule]}) == {contact.pk for contact in crowd} - expected
    assert _ids({"none": [{"none": [rule]}]}) == expected


@pytest.mark.django_db
def test_the_examples_tell_people_apart(crowd: list[Contact]) -> None:
    for key, some in EXAMPLES.items():
        sizes = {len([one for one in crowd if HOLDS[key](one, options)]) for options in some}
        assert sizes - {0, len(crowd)}, key


@pytest.mark.django_db
def test_any_nesting_finds_the_same_as_python(crowd: list[Contact]) -> None:
    dice = random.Random(7)
    for _round in range(40):
        rule, holds = _random_rule(dice, depth=2)
        assert _ids(rule) == {contact.pk for contact in crowd if holds(contact)}, rule


def _random_rule(dice: random.Random, depth: int) -> tuple[dict[str, Any], Callable[[Contact], bool]]:
    if depth == 0 or dice.random() < 0.3:
        key, options = dice.choice(CASES)
        return {key: options}, lambda contact: HOLDS[key](contact, options)
    parts = [_random_rule(dice, depth - 1) for _part in range(dice.randint(1, 4))]
    match = dice.choice(list(Match))
    checks = [holds for _rule, holds in parts]
    together: dict[Match, Callable[[Contact], bool]] = {
        Match.ALL: lambda contact: all(holds(contact) for holds in checks),
        Match.ANY: lambda contact: any(holds(contact) for holds in checks),
        Match.NONE: lambda contact: not any(holds(contact) for holds in checks),
    }
    return {match.value: [rule for rule, _holds in parts]}, together[match]


@pytest.mark.django_db
def test_all_of_them_are_one_query(crowd: list[Contact], django_assert_num_queries: Any) -> None:
    rules = make_rules({"any": [{key: options} for key, options in CASES]})
    with django_assert_num_queries(1):
        members(rules, at=AT).count()


@pytest.mark.django_db
def test_each_says_what_it_is_and_why(crowd: list[Contact]) -> None:
    for key, options in CASES:
        rules = make_rules({key: options})
        assert rules.sentence().startswith("Contacts who ")
        assert len(rules.sentence()) > 20
        for contact in (crowd[0], crowd[5]):
            assert explain(rules, contact, at=AT).parts[0].facts
