"""The pages of forecasts and clusters."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.urls import reverse
from django_q.models import OrmQ

from tests.contacts.colleagues import client_with, is_refused
from tests.factories.commerce import make_category, make_order
from tests.factories.contacts import make_contact
from tests.factories.shoppers import make_history
from wagtail_precise_mail.commerce import forecasting, tasks
from wagtail_precise_mail.commerce.forecasting.running import update_forecasts
from wagtail_precise_mail.commerce.models import CategoryForecast, Cluster, ClusterRun
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import members

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
FORECASTS, CLUSTERS = "precise_mail_forecasts", "precise_mail_clusters"


def text(response: object) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def test_forecasts_need_their_permission() -> None:
    assert is_refused(client_with("view_campaign").get(reverse(FORECASTS)))
    assert client_with("view_forecastmodel").get(reverse(FORECASTS)).status_code == 200


def test_a_small_shop_reads_why_and_no_number() -> None:
    for days in (3, 40, 100):
        make_order(make_contact(), placed_at=AT - timedelta(days=days), total=5)
    update_forecasts(at=AT)

    page = text(client_with("view_forecastmodel").get(reverse(FORECASTS)))

    assert "There are orders of 3 customers; at least 200 are needed." in page
    assert "Not enough data" in page
    assert "Will buy" not in page
    assert "How wrong it was before" not in page


def test_the_back_test_is_shown_beside_the_naive_one() -> None:
    make_history(500, until=AT)
    model = update_forecasts(at=AT)

    page = text(client_with("view_forecastmodel").get(reverse(FORECASTS)))

    test = model.backtest
    assert "Contacts with a forecast 500" in page
    assert f"r = {model.parameters['r']:.3f}" in page
    assert f"{test['orders']:,} came." in page
    assert f"{test['orders_rmse']:.2f} {test['naive_rmse']:.2f}" in page
    assert "£" in page


def test_demand_is_shown_with_its_error_and_what_has_none_with_the_reason() -> None:
    CategoryForecast.objects.create(
        category=make_category(name="Tea"),
        made_at=AT,
        starts_on=AT.date(),
        method="mean",
        units=[12.0] * 13,
        units_low=[5.0] * 13,
        units_high=[20.0] * 13,
        errors={"mean": 3.25, "smoothed": 4.0},
        holdout_weeks=13,
        weekly_mean=11.0,
    )
    CategoryForecast.objects.create(
        category=make_category(name="Lamps"), made_at=AT, starts_on=AT.date(), refusal="Sold for 3 weeks."
    )

    page = text(client_with("view_forecastmodel").get(reverse(FORECASTS)))

    assert "Tea 12 5 to 20 156 mean of the last weeks exponential smoothing: off by 4.0 3.3 of 11.0 sold" in page
    assert "1 category without a forecast Lamps: Sold for 3 weeks." in page


def test_without_the_extra_the_pages_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasting, "PACKAGES", ("there_is_no_such_package",))
    client = client_with("view_forecastmodel", "view_clusterrun", "add_clusterrun")

    for name in (FORECASTS, CLUSTERS):
        assert "wagtail-precise-mail[predict]" in client.get(reverse(name)).content.decode()
    client.post(reverse(f"{CLUSTERS}_search"), {"count": 0})
    assert not ClusterRun.objects.exists()


@pytest.mark.slow
def test_forecasts_take_the_same_queries_however_many_contacts(django_assert_max_num_queries) -> None:
    make_history(500, until=AT)
    update_forecasts(at=AT)
    client = client_with("view_forecastmodel")

    with django_assert_max_num_queries(16):
        client.get(reverse(FORECASTS))


def test_looking_at_clusters_is_not_searching_for_them() -> None:
    looker = client_with("view_clusterrun")

    assert "Search for clusters" not in looker.get(reverse(CLUSTERS)).content.decode()
    assert is_refused(looker.post(reverse(f"{CLUSTERS}_search"), {"count": 0}))
    assert is_refused(client_with("view_campaign").get(reverse(CLUSTERS)))
    assert not ClusterRun.objects.exists()


def test_a_search_is_asked_for_by_post_and_runs_in_the_background(django_capture_on_commit_callbacks) -> None:
    client = client_with("view_clusterrun", "add_clusterrun")
    url = reverse(f"{CLUSTERS}_search")

    assert client.get(url).status_code == 405
    with django_capture_on_commit_callbacks(execute=True):
        client.post(url, {"count": 4})

    run = ClusterRun.objects.get()
    assert (run.state, run.wanted_count) == ("waiting", 4)
    assert run.asked_by is not None
    assert OrmQ.objects.count() == 1
    assert "It runs in the background." in text(client.get(reverse(CLUSTERS)))


@pytest.mark.parametrize("count", ["1", "13", "x", ""])
def test_a_wrong_number_of_clusters_begins_nothing(count: str) -> None:
    client_with("view_clusterrun", "add_clusterrun").post(reverse(f"{CLUSTERS}_search"), {"count": count})

    assert not ClusterRun.objects.exists()


@pytest.fixture
def cluster() -> Cluster:
    make_history(200, until=AT)
    run = ClusterRun.objects.create(asked_at=AT, wanted_count=3)
    tasks.find_clusters(run.pk)
    found = run.clusters.exclude(rules={}).first()
    assert found is not None
    return found


def test_each_cluster_is_shown_with_its_rule_and_how_well_it_fits(cluster: Cluster) -> None:
    page = text(client_with("view_clusterrun").get(reverse(CLUSTERS)))

    assert f"The rule finds {cluster.rule_count} contacts." in page
    assert f"{round(100 * cluster.precision)} percent of them are in the cluster" in page
    assert "Save as segment" not in page


def test_a_cluster_becomes_a_segment(cluster: Cluster) -> None:
    url = reverse(f"{CLUSTERS}_save", args=[cluster.pk])
    assert is_refused(client_with("view_clusterrun", "add_segment").post(url, {"name": "Regulars"}))
    assert not Segment.objects.filter(name="Regulars").exists()

    client = client_with("view_clusterrun", "add_segment", "publish_segment")
    assert client.get(url).status_code == 405
    client.post(url, {"name": "Regulars"})

    segment = Segment.objects.get(name="Regulars")
    assert segment.live
    assert members(segment, at=AT).count() == cluster.rule_count
    assert "Saved as “Regulars”" in text(client.get(reverse(CLUSTERS)))


def test_a_segment_needs_a_name(cluster: Cluster) -> None:
    client = client_with("view_clusterrun", "add_segment", "publish_segment")

    client.post(reverse(f"{CLUSTERS}_save", args=[cluster.pk]), {"name": " "})

    assert not Segment.objects.filter(slug__startswith="cluster-").exists()
