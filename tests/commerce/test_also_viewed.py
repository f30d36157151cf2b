"""Viewed, also viewed: what is learned from looks, from whom, and for whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.commerce.test_catalog import AT, shown
from tests.commerce.test_recommendations import ago, products_of
from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce import learning, tasks
from wagtail_precise_mail.commerce.also_viewed import also_viewed
from wagtail_precise_mail.commerce.learning import learn_viewed_pairs
from wagtail_precise_mail.commerce.models import ViewedPair
from wagtail_precise_mail.commerce.recommendations import Choice, Why
from wagtail_precise_mail.commerce.viewed import keep_view

pytestmark = pytest.mark.django_db


def looked(contact: Any, *products: Any, days: int = 5) -> Any:
    for number, product in enumerate(products):
        keep_view(contact, product, at=ago(days) + timedelta(minutes=number))
    return contact


def test_pairs_are_what_three_contacts_looked_at_more_often_than_chance() -> None:
    pot, tea, cup = shown(), shown(), shown()
    for _number in range(3):
        looked(make_contact(), pot, tea)
    for _number in range(2):
        looked(make_contact(), pot, cup)
    looked(make_contact(), cup)
    assert learn_viewed_pairs(at=AT) == 2
    pair = ViewedPair.objects.get(product=pot)
    # 3 of 6 contacts looked at both, 5 at the pot, 3 at the tea.
    assert (pair.companion, pair.viewer_count) == (tea, 3)
    assert pair.lift == pytest.approx(3 * 6 / (5 * 3))
    assert learn_viewed_pairs(at=AT + timedelta(days=200)) == 0
    assert not ViewedPair.objects.exists()


@pytest.mark.parametrize("refused", ["is_tracking_allowed", "is_profiling_allowed"])
def test_contacts_who_do_not_allow_it_teach_nothing(refused: str) -> None:
    pot, tea = shown(), shown()
    looked(make_contact(), shown())
    for allowed in (True, True, False):
        looked(make_contact(**{refused: allowed}), pot, tea)
    assert learn_viewed_pairs(at=AT) == 0
    looked(make_contact(), pot, tea)
    assert learn_viewed_pairs(at=AT) == 2


def test_whoever_looks_at_everything_teaches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "VIEW_LIMIT", 2)
    products = [shown() for _number in range(3)]
    looked(make_contact(), shown())
    for _number in range(3):
        looked(make_contact(), *products)
    assert learn_viewed_pairs(at=AT) == 0


def test_reader_gets_what_others_looked_at_without_what_they_know() -> None:
    pot, tea, cup, seen, owned, gone = (shown(), shown(), shown(), shown(), shown(), shown(stock_count=0))
    for companion, lift in ((tea, 2), (seen, 9), (owned, 9), (gone, 9)):
        ViewedPair.objects.create(product=pot, companion=companion, lift=lift)
    ViewedPair.objects.create(product=seen, companion=cup, lift=5)
    contact, other = make_contact(), make_contact()
    looked(contact, seen, pot)
    make_order(contact, [(owned, 1, 8)], ago(30))
    found = also_viewed([contact.pk, other.pk], 9, at=AT)
    # Half of 5 for what was looked at before.
    assert found == {contact.pk: [Choice(cup.pk, seen.pk, Why.VIEWED), Choice(tea.pk, pot.pk, Why.VIEWED)]}
    assert products_of(also_viewed([contact.pk], 1, at=AT), contact) == [cup.pk]


def test_more_contacts_cost_no_more_queries() -> None:
    pot, tea = shown(), shown()
    ViewedPair.objects.create(product=pot, companion=tea, lift=3)
    ids = [looked(make_contact(), pot).pk for _number in range(12)]

    def queries(some: list[int]) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(also_viewed(some, 4, at=AT)) == len(some)
        return len(captured)

    assert queries(ids[:2]) == queries(ids) <= 4


def test_it_is_learned_every_night() -> None:
    from wagtail_precise_mail.campaigns.schedules import RECURRING

    paths = {one.path.rpartition(".")[2] for one in RECURRING}
    assert {"learn_from_orders", "learn_from_views", "evaluate_recommendations"} <= paths
    tasks.learn_from_views()
