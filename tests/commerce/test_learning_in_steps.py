"""Learning which products go together, a step at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories.commerce import make_order
from wagtail_precise_mail.campaigns.schedules import RECURRING
from wagtail_precise_mail.commerce import pair_learning, tasks
from wagtail_precise_mail.commerce.learning import learn_pairs, pairs_of_orders
from wagtail_precise_mail.commerce.models import BasketCount, BasketItem, Order, ProductPair
from wagtail_precise_mail.contacts.freshness import JobRun, last_success, stale_jobs

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, tzinfo=UTC)


def sell(*skus: str, times: int, days: int = 1) -> None:
    for _one in range(times):
        make_order(None, [(sku, 1, "1") for sku in skus], AT - timedelta(days=days), recorded_at=AT)


@pytest.fixture
def _shop() -> None:
    sell("TEA", "POT", times=4)
    sell("TEA", "CUP", times=3)
    sell("POT", "CUP", "MAT", times=5)
    sell("RUG", times=30)
    sell("RUG", "TEA", times=3, days=400)


def pairs() -> list[dict[str, Any]]:
    return list(
        ProductPair.objects.order_by("product", "companion").values("product", "companion", "order_count", "lift")
    )


@pytest.mark.usefixtures("_shop")
def test_steps_lead_to_the_same_pairs_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    learn_pairs(at=AT)
    whole = pairs()
    ProductPair.objects.all().delete()
    monkeypatch.setattr(pair_learning, "ORDERS", 4)
    monkeypatch.setattr(pair_learning, "PRODUCTS", 1)

    pair_learning.begin(AT, days=365, support=3)
    steps = 1
    while not pair_learning.go_on(seconds=0):
        steps += 1

    assert pairs() == whole
    assert len(whole) == 10
    assert steps > 15


@pytest.mark.usefixtures("_shop")
def test_what_is_kept_is_what_is_learned_for_a_test() -> None:
    learn_pairs(at=AT)
    with pairs_of_orders(AT) as learned:
        expected = sorted(learned)
    assert [(one["product"], one["companion"], one["lift"]) for one in pairs()] == expected


@pytest.mark.usefixtures("_shop")
def test_a_run_that_was_cut_off_goes_on_as_of_its_own_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_learning, "ORDERS", 4)
    pair_learning.begin(AT, days=365, support=3)
    pair_learning.go_on(seconds=0)
    place = JobRun.objects.get(job=pair_learning.JOB).cursor

    pair_learning.begin(AT + timedelta(hours=3), days=10, support=1)

    job = JobRun.objects.get(job=pair_learning.JOB)
    assert (job.running_at, job.step, job.cursor) == (AT, "fill:365:3", place)
    pair_learning.begin(AT + timedelta(hours=21), days=10, support=1)
    job.refresh_from_db()
    assert (job.running_at, job.step, job.cursor) == (AT + timedelta(hours=21), "fill:10:1", 0)


@pytest.mark.usefixtures("_shop")
def test_old_pairs_stay_until_the_new_ones_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    learn_pairs(at=AT)
    before = pairs()
    Order.objects.all().delete()
    sell("TEA", "RUG", times=3)
    sell("POT", times=9)
    monkeypatch.setattr(pair_learning, "PRODUCTS", 1)
    pair_learning.begin(AT, days=365, support=3)
    for _fill_and_count in range(3):
        pair_learning.go_on(seconds=0)
    assert pairs() == before

    assert pair_learning.go_on()
    assert len(pairs()) == 2


@pytest.mark.usefixtures("_shop")
def test_nothing_is_left_over_and_the_success_is_noted() -> None:
    assert pair_learning.JOB in {job.key for job in stale_jobs(AT + timedelta(days=3))}
    learn_pairs(at=AT)
    assert not BasketItem.objects.exists()
    assert not BasketCount.objects.exists()
    assert last_success(pair_learning.JOB) == AT
    assert pair_learning.JOB not in {job.key for job in stale_jobs(AT + timedelta(hours=47))}
    assert pair_learning.JOB in {job.key for job in stale_jobs(AT + timedelta(hours=49))}


@pytest.mark.usefixtures("_shop")
def test_the_task_wakes_itself_until_all_is_learned(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    in_time = pair_learning.go_on
    monkeypatch.setattr(pair_learning, "go_on", lambda seconds: in_time(seconds=0))  # out of time after each step
    pair_learning.begin(AT, days=365, support=3)
    woken = 0
    while True:
        with django_capture_on_commit_callbacks() as callbacks:
            tasks.go_on_learning()
        if not callbacks:
            break
        woken += 1
    assert woken == 4
    assert len(pairs()) == 10
    assert any(one.path.endswith("commerce.tasks.go_on_learning") for one in RECURRING)
