"""Evaluations: what is tested on whom, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.commerce.test_catalog import AT, shown
from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce import evaluation
from wagtail_precise_mail.commerce.evaluation import evaluate, falls_back
from wagtail_precise_mail.commerce.models import Product, ProductPair, RecommenderRun
from wagtail_precise_mail.commerce.tasks import learn_from_orders

pytestmark = pytest.mark.django_db


def before(days: int = 40) -> Any:
    return AT - timedelta(days=days)


def after(days: int = 20) -> Any:
    return AT - timedelta(days=days)


def a_shop_where_pots_go_with_tea() -> tuple[Any, list[Any]]:
    """Ten best sellers that nobody of the tested wants, and tea that all with a pot buy next."""
    pot, tea = shown(), shown()
    crowd = [shown() for _number in range(10)]
    for _number in range(4):
        make_order(make_contact(), [(pot, 1, 30), (tea, 1, 8)], before())
        make_order(make_contact(), [(one, 20, 1) for one in crowd], before())
    buyers = [make_contact() for _number in range(3)]
    for contact in buyers:
        make_order(contact, [(pot, 1, 30)], before())
        make_order(contact, [(tea, 1, 8)], after())
    return tea, buyers


def test_hits_are_counted_for_those_who_bought_before_and_again() -> None:
    tea, _buyers = a_shop_where_pots_go_with_tea()
    newcomer, again = make_contact(), make_contact()
    make_order(newcomer, [(tea, 1, 8)], after())
    make_order(again, [(tea, 1, 8)], before(35))
    make_order(again, [(tea, 1, 8)], after())
    run = evaluate(at=AT)
    assert run.contact_count == 4
    # Tea is the eleventh best seller; whoever owned it already could not be shown it.
    assert run.results["best_selling"]["hits"] == {"5": 0, "10": 0, "20": 3}
    assert run.results["for_you"]["hits"] == {"5": 3, "10": 3, "20": 3}
    assert run.results["bought_together"]["hits"] == {"5": 3, "10": 3, "20": 3}
    assert (run.hit_rate("for_you"), run.hit_rate("best_selling"), run.coverage("for_you")) == (0.75, 0, 1)
    assert run.is_better
    assert RecommenderRun.objects.get() == run


def test_nothing_is_learned_from_the_days_that_are_tested_nor_kept_of_what_was() -> None:
    pot, tea, other = shown(), shown(), shown()
    contact = make_contact()
    make_order(contact, [(pot, 1, 30)], before())
    make_order(contact, [(other, 1, 8)], after())
    for _number in range(5):
        make_order(make_contact(), [(pot, 1, 30), (tea, 1, 8)], after())
        make_order(make_contact(), [(shown(), 1, 30)], after())
    run = evaluate(at=AT)
    assert run.contact_count == 1
    assert run.results["bought_together"]["covered"] == 0
    assert not ProductPair.objects.exists()
    assert not Product.objects.exclude(popularity=0, recent_order_count=0).exists()


def test_owned_products_are_left_out_for_all_programs_unless_they_are_used_up() -> None:
    tea = shown(is_replenishable=True, replenish_days=15)
    contact = make_contact()
    make_order(contact, [(tea, 1, 8)], before(45))
    make_order(contact, [(tea, 1, 8)], after())
    run = evaluate(at=AT)
    assert run.results["for_you"]["hits"]["5"] == run.results["best_selling"]["hits"]["5"] == 1
    Product.objects.update(is_replenishable=False)
    run = evaluate(at=AT)
    assert run.results["for_you"]["hits"]["5"] == run.results["best_selling"]["hits"]["5"] == 0


def test_an_empty_shop_has_nothing_to_judge() -> None:
    run = evaluate(at=AT)
    assert (run.contact_count, run.hit_rate("for_you"), run.is_better) == (0, None, False)


def test_large_lists_are_sampled_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    a_shop_where_pots_go_with_tea()
    monkeypatch.setattr(evaluation, "SAMPLE", 2)
    assert evaluate(at=AT).contact_count == 2


def test_evaluations_in_batches_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    a_shop_where_pots_go_with_tea()
    whole = evaluate(at=AT).results
    monkeypatch.setattr(evaluation, "_BATCH", 2)
    assert evaluate(at=AT).results == whole


def test_what_lists_show_is_what_was_evaluated() -> None:
    """As of now, what was learned last night and what is learned for a test are the same."""
    from wagtail_precise_mail.commerce.for_you import for_you
    from wagtail_precise_mail.commerce.knowledge import PastKnowledge
    from wagtail_precise_mail.commerce.learning import learn_pairs, learn_popularity

    _tea, buyers = a_shop_where_pots_go_with_tea()
    learn_popularity(at=AT)
    learn_pairs(at=AT)
    ids = [contact.pk for contact in buyers]
    assert for_you(ids, 20, at=AT) == for_you(ids, 20, at=AT, known=PastKnowledge(AT))


def run_of(ours: int, theirs: int) -> RecommenderRun:
    hits = {"for_you": {"hits": {"10": ours}}, "best_selling": {"hits": {"10": theirs}}}
    return RecommenderRun.objects.create(
        evaluated_at=AT, trained_until=before(), test_days=30, contact_count=10, results=hits
    )


def test_lists_fall_back_only_where_the_site_asks_for_it_and_the_last_run_lost(settings: Any) -> None:
    run_of(1, 5)
    assert not falls_back()
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "recommender_must_win": True}
    assert falls_back()
    run_of(5, 5)
    assert falls_back()
    run_of(6, 5)
    assert not falls_back()


def test_learning_twice_leaves_the_same(django_assert_num_queries: Any) -> None:
    a_shop_where_pots_go_with_tea()
    learn_from_orders()
    first = list(ProductPair.objects.order_by("product", "companion").values("product", "companion", "lift"))
    learn_from_orders()
    assert first == list(ProductPair.objects.order_by("product", "companion").values("product", "companion", "lift"))
