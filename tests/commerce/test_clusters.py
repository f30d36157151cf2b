"""Clusters of customers: found again, described by a rule that is measured, and saved as segments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tests.factories.commerce import make_category, make_order, make_product
from tests.factories.contacts import make_contact
from tests.factories.shoppers import make_history
from wagtail_precise_mail.commerce import clusters, forecasting, tasks
from wagtail_precise_mail.commerce.clustering.describing import describe
from wagtail_precise_mail.commerce.clustering.features import Features, read_features
from wagtail_precise_mail.commerce.clustering.kmeans import kmeans, silhouette
from wagtail_precise_mail.commerce.models import Cluster, ClusterRun, Order
from wagtail_precise_mail.exceptions import InvalidRules, MissingExtra
from wagtail_precise_mail.segments.queries import members

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def blobs(*centers: tuple[float, float], each: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    points = np.concatenate([rng.normal(center, 0.3, (each, 2)) for center in centers])
    return points, np.repeat(np.arange(len(centers)), each)


def test_clusters_far_apart_are_found_exactly() -> None:
    points, true = blobs((0, 0), (5, 0), (0, 5), (5, 5))

    labels, score = kmeans(points, 4)

    pairs = {(int(one), int(other)) for one, other in zip(labels, true, strict=True)}
    assert len(pairs) == 4
    assert score > 0.8


def test_the_silhouette_is_that_of_its_definition() -> None:
    points, labels = np.array([[0.0], [1.0], [10.0], [12.0]]), np.array([0, 0, 1, 1])
    # By hand: within, and to the other cluster on average.
    expected = np.mean([1 - 1 / 11, 1 - 1 / 10, 1 - 2 / 9.5, 1 - 2 / 11.5])

    assert silhouette(points, labels) == pytest.approx(expected)


def test_the_right_number_has_the_best_silhouette() -> None:
    points, _true = blobs((0, 0), (5, 0), (0, 5), (5, 5))

    scores = {count: kmeans(points, count)[1] for count in range(2, 8)}

    assert max(scores, key=lambda count: scores[count]) == 4


def test_the_same_points_give_the_same_clusters() -> None:
    points = np.random.default_rng(2).normal(size=(3000, 4))

    assert np.array_equal(kmeans(points, 5)[0], kmeans(points, 5)[0])


def test_the_largest_cluster_is_the_first() -> None:
    labels, _score = kmeans(np.random.default_rng(2).normal(size=(3000, 4)), 5)

    sizes = np.bincount(labels)
    assert list(sizes) == sorted(sizes, reverse=True)


def features(**columns: Any) -> Features:
    size = len(next(iter(columns.values())))
    values = {"orders": np.ones(size), "days": np.ones(size), "average": np.ones(size), "shares": np.zeros((size, 0))}
    return Features(np.arange(size), **{**values, **columns}, categories=[])


def test_a_cluster_with_a_border_gets_that_border() -> None:
    orders = np.repeat(np.arange(1, 11), 50)

    rules = describe(features(orders=orders), orders >= 6)

    assert rules == {"rules": [{"order_count": {"min": 6}}]}


def test_a_cluster_between_two_borders_gets_both() -> None:
    days = np.arange(1, 401).astype(float)

    rules = describe(features(days=days), (days >= 100) & (days <= 200))

    [(key, limits)] = rules["rules"][0].items()
    assert key == "last_order"
    assert abs(limits["min_days_ago"] - 100) <= 15
    assert abs(limits["max_days_ago"] - 200) <= 15


def test_a_cluster_by_chance_gets_no_rule() -> None:
    rng = np.random.default_rng(3)

    assert describe(features(days=rng.uniform(1, 400, 2000)), rng.random(2000) < 0.5) == {}


@pytest.mark.django_db
def test_features_are_those_of_the_orders() -> None:
    tea, cups = make_category(name="Tea"), make_category(name="Cups")
    leaf, cup = make_product("LEAF", category=tea), make_product("CUP", category=cups)
    contact = make_contact()
    make_order(contact, [(leaf, 1, 30)], placed_at=AT - timedelta(days=20))
    make_order(contact, [(leaf, 1, 5), (cup, 1, 5)], placed_at=AT - timedelta(days=10))
    make_order(contact, [(leaf, -1, 30)], placed_at=AT - timedelta(days=5), kind=Order.Kind.REFUND)
    make_order(contact, [(cup, 1, 99)], placed_at=AT + timedelta(days=1))
    make_order(make_contact(), [(cup, -1, 5)], placed_at=AT - timedelta(days=5), kind=Order.Kind.REFUND)

    found = read_features(AT)

    assert found.contact_ids.tolist() == [contact.pk]
    assert (found.orders[0], found.days[0], found.average[0]) == (2, 10, 20)
    assert dict(zip(found.categories, found.shares[0], strict=True)) == {
        ("tea", "Tea"): pytest.approx(35 / 40),
        ("cups", "Cups"): pytest.approx(5 / 40),
    }


def search(count: int = 0) -> ClusterRun:
    run = ClusterRun.objects.create(asked_at=AT, wanted_count=count)
    tasks.find_clusters(run.pk)
    run.refresh_from_db()
    return run


@pytest.mark.slow
@pytest.mark.django_db
def test_precision_and_recall_are_those_of_the_segment() -> None:
    make_history(400, until=AT)

    run = search(4)

    found = list(run.clusters.all())
    assert run.state == ClusterRun.State.DONE
    assert sum(one.contact_count for one in found) == run.contact_count == 400
    assert [one.number for one in found] == [1, 2, 3, 4]
    features = read_features(AT)
    labels, _score = kmeans(features.points(), 4)
    described = [one for one in found if one.rules]
    assert described
    for one in described:
        segment = clusters.save_as_segment(one, name=f"Cluster {one.number}")
        listed = set(members(segment, at=AT).values_list("pk", flat=True))
        mine = set(features.contact_ids[labels == one.number - 1].tolist())
        assert one.rule_count == len(listed)
        assert one.precision == pytest.approx(len(listed & mine) / len(listed))
        assert one.recall == pytest.approx(len(listed & mine) / len(mine))
        assert one.precision > one.contact_count / 400  # better than everybody
        assert clusters.sentence_of(one).startswith("Contacts who ")


@pytest.mark.django_db
def test_the_silhouette_chooses_the_number() -> None:
    make_history(300, until=AT)

    run = search()

    best = max(run.silhouettes, key=lambda count: run.silhouettes[count])
    assert sorted(map(int, run.silhouettes)) == [3, 4, 5, 6, 7, 8]
    assert run.clusters.count() == int(best)


@pytest.mark.django_db
def test_a_second_task_for_one_search_changes_nothing() -> None:
    make_history(150, until=AT)
    run = search(3)
    before = list(run.clusters.values())

    tasks.find_clusters(run.pk)

    assert list(run.clusters.values()) == before


@pytest.mark.django_db
def test_a_few_customers_are_no_clusters() -> None:
    make_order(make_contact(), placed_at=AT - timedelta(days=1), total=5)

    run = search()

    assert run.state == ClusterRun.State.FAILED
    assert run.refusal == "There are orders of 1 customers; at least 100 are needed."
    assert not run.clusters.exists()


@pytest.mark.django_db
def test_one_search_at_a_time() -> None:
    assert clusters.ask_for_clusters(by=None) == clusters.ask_for_clusters(by=None, count=5)


@pytest.mark.django_db
def test_without_the_extra_nothing_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasting, "PACKAGES", ("there_is_no_such_package",))

    with pytest.raises(MissingExtra):
        clusters.ask_for_clusters(by=None)
    assert not ClusterRun.objects.exists()


@pytest.mark.django_db
def test_a_cluster_without_a_rule_is_no_segment() -> None:
    cluster = Cluster(run=ClusterRun.objects.create(), number=1, contact_count=5)

    with pytest.raises(InvalidRules):
        clusters.save_as_segment(cluster, name="Nobody")
    assert clusters.sentence_of(cluster) == ""


@pytest.mark.parametrize(
    ("currency", "words"),
    [("GBP", "at least 50 GBP on average"), ("", "at least 50 on average")],
)
def test_amounts_of_a_rule_are_in_the_base_currency(currency: str, words: str) -> None:
    rules = {"rules": [{"average_order": {"min": 50}}, {"order_count": {"min": 2}}]}
    cluster = Cluster(number=1, rules=rules)
    assert words in clusters.sentence_of(cluster, currency=currency)
    assert cluster.rules == {"rules": [{"average_order": {"min": 50}}, {"order_count": {"min": 2}}]}
