"""Learning from orders which products go together, in steps that each end in a commit: no task works for long.

The steps of a run: ``fill`` gathers who stands with whom, some orders at a time; ``count`` adds up; ``learn`` puts the
new pairs in the place of the old ones, some products at a time. A run that was cut off goes on with its next step.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, F, QuerySet
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.baskets import BASKET_LIMIT, best_pairs
from wagtail_precise_mail.commerce.models import BasketCount, BasketItem, Order, OrderLine, Product, ProductPair
from wagtail_precise_mail.contacts.freshness import Cycle, JobRun, claimed, cycles, take_steps
from wagtail_precise_mail.exceptions import InvalidTransition

logger = logging.getLogger(__name__)

JOB = "product_pairs"
ORDERS, PRODUCTS = 50_000, 200
"""How many orders are gathered, and of how many products pairs are learned, in one step."""

ALL = 0
"""The number under which all baskets are counted."""

GIVEN_UP_AFTER = timedelta(hours=20)

cycles.register(JOB)(
    Cycle(
        _("Products that go together"),
        timedelta(days=1),
        lambda at: OrderLine.objects.filter(order__recorded_at__lte=at).exists(),
    )
)


def learn(at: datetime, *, days: int, support: int) -> int:
    """Learn all pairs now, from the beginning; return how many there are.

    Args:
        days: how far back orders count.
        support: in how many orders two products must stand together.

    Raises:
        InvalidTransition: a worker does a step of its own at this moment.
    """
    with claimed(JOB) as job:
        if job is None:
            raise InvalidTransition("A worker learns from orders; try again in a minute.")
        _begin(job, at, days, support)
    go_on()
    return ProductPair.objects.filter(is_manual=False).count()


def begin(at: datetime, *, days: int, support: int) -> None:
    """Begin a run for :func:`go_on`, unless one is under way that is not too old."""
    with claimed(JOB) as job:
        if job and (job.running_at is None or job.running_at < at - GIVEN_UP_AFTER):
            _begin(job, at, days, support)


def go_on(*, seconds: float | None = None) -> bool:
    """Do the next steps of the run that is under way; see :func:`.take_steps`."""
    return take_steps(JOB, _step, seconds=seconds)


def _begin(job: JobRun, at: datetime, days: int, support: int) -> None:
    _clear()
    BasketCount.objects.create(product=ALL)
    job.running_at, job.step, job.cursor = at, f"fill:{days}:{support}", 0
    job.save()


def _step(job: JobRun, at: datetime) -> None:
    name, days, support = job.step.split(":")
    if name == "fill":
        is_done = _fill(job, at, int(days))
    elif name == "count":
        is_done = _count(int(support))
    else:
        is_done = _learn(job, int(support))
    if not is_done:
        return
    job.cursor = 0
    following = {"fill": "count", "count": "learn"}.get(name)
    if following:
        job.step = f"{following}:{days}:{support}"
        return
    job.succeeded_at, job.running_at, job.step = at, None, ""
    logger.info("Learned %d pairs of products from orders.", ProductPair.objects.filter(is_manual=False).count())


def _fill(job: JobRun, at: datetime, days: int) -> bool:
    """Gather what stands in the next orders, by their ids; return whether these were the last ones."""
    ids = Order.objects.filter(pk__gt=job.cursor).order_by("pk").values_list("pk", flat=True)
    until = ids[ORDERS - 1 : ORDERS].first() or ids.last()
    if until is None:
        return True
    sales = sales_that_teach(at, days).filter(pk__gt=job.cursor, pk__lte=until)
    BasketCount.objects.filter(product=ALL).update(baskets=F("baskets") + sales.count())
    _insert(BasketItem._meta.db_table, "basket, product", baskets_of(sales).query)
    job.cursor = until
    return False


def _count(support: int) -> bool:
    items = BasketItem.objects.order_by().values("product").annotate(count=Count("pk")).filter(count__gte=support)
    _insert(BasketCount._meta.db_table, "product, baskets", items.values_list("product", "count").query)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {BasketItem._meta.db_table}, {BasketCount._meta.db_table}")
    return True


def _learn(job: JobRun, support: int) -> bool:
    """Put the new pairs of the next products in the place of their old ones; return whether these were the last."""
    counted = BasketCount.objects.exclude(product=ALL)
    following = counted.filter(product__gt=job.cursor).order_by("product").values_list("product", flat=True)[:PRODUCTS]
    chosen = list(following)
    learned = ProductPair.objects.filter(is_manual=False)
    if not chosen:
        learned.exclude(product__in=counted.values("product")).delete()
        _clear()
        return True
    learned.filter(product__gte=chosen[0], product__lte=chosen[-1]).delete()
    basket_count = BasketCount.objects.get(product=ALL).baskets
    sql, params = best_pairs(
        BasketItem._meta.db_table, BasketCount._meta.db_table, basket_count, (chosen[0], chosen[-1]), support
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {ProductPair._meta.db_table} (product_id, companion_id, order_count, lift, is_manual)"  # noqa: S608
            f" SELECT product, companion, together, lift, FALSE FROM ({sql}) best WHERE 1 = 1 ON CONFLICT DO NOTHING",
            params,
        )
    job.cursor = chosen[-1]
    return False


def sales_that_teach(at: datetime, days: int) -> QuerySet[Order]:
    """Return the sales of the days before a moment, without those that are too large to say anything."""
    sales = Order.objects.filter(kind=Order.Kind.SALE, placed_at__lte=at, placed_at__gt=at - timedelta(days=days))
    return sales.annotate(line_count=Count("lines")).filter(line_count__lte=BASKET_LIMIT).order_by()


def baskets_of(sales: QuerySet[Order]) -> QuerySet[OrderLine, tuple[int, int]]:
    """Return pairs of an order and a product that stands in it, each once."""
    lines = OrderLine.objects.filter(order__in=sales.values("pk"), quantity__gt=0, product__kind=Product.Kind.PRODUCT)
    return lines.order_by().values_list("order_id", "product_id").distinct()


def _insert(table: str, columns: str, query: Any) -> None:
    sql, params = query.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({columns}) {sql}", params)


def _clear() -> None:
    for model in (BasketItem, BasketCount):
        model.objects.all()._raw_delete(model.objects.db)
