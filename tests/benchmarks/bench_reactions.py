# ruff: noqa: E501  SQL by hand reads better in whole lines
"""Every condition on mails and visits, on the generated shop against the best SQL written by hand.

Needs ``DATABASE_URL`` of PostgreSQL for the comparison (see ``comparing.py``); the size is that of ``store.py``.
"""

from __future__ import annotations

import time
from typing import Any

from tests.benchmarks.bench_import import _forget_peak, _peak_mb
from tests.benchmarks.comparing import NOW, C, Case, T, ago, count, distinct, measure_all
from tests.benchmarks.store import AT, Store, _settle, generated_store
from tests.benchmarks.store_details import add_details

EVENTS, MAILS, VIEWS = f"{T}messageevent", f"{T}outboxmessage", f"{T}siteview"
EVENT = f"NOT o.is_machine AND o.contact_id IS NOT NULL AND o.happened_at <= {NOW}"
CLICK, OPEN = f"o.kind = 'click' AND {EVENT}", f"o.kind = 'open' AND {EVENT}"
SEEN = f"o.happened_at <= {NOW}"
SENT = f"o.state = 'accepted' AND o.contact_id IS NOT NULL AND o.handed_off_at <= {NOW}"
ASKING = f"o.send_id IN (SELECT id FROM {T}send WHERE NOT is_test AND (topic_id IS NOT NULL OR origin_kind = 'digest'))"
ANY_REACTION = "kind IN ('open', 'click', 'conversion', 'forward', 'share', 'goal') AND NOT is_machine"


def having(table: str, where: str, times: int) -> list[str]:
    """Contacts with so many rows."""
    return [count(f"SELECT o.contact_id FROM {T}{table} o WHERE {where} GROUP BY 1 HAVING count(*) >= {times}")]


def any_row(table: str, where: str) -> list[str]:
    """Contacts with a row, from the rows or from the contacts."""
    exists = f"EXISTS (SELECT 1 FROM {T}{table} o WHERE o.contact_id = c.id AND {where})"
    return [*distinct(f"{T}{table} o WHERE {where}"), f"SELECT count(*) FROM {C} WHERE {exists}"]


def no_row(table: str, where: str) -> list[str]:
    """Contacts without such a row."""
    rows = f"SELECT o.contact_id FROM {T}{table} o WHERE {where}"
    return [
        f"SELECT count(*) FROM {C} WHERE NOT EXISTS ({rows} AND o.contact_id = c.id)",
        count(f"SELECT c.id FROM {C} EXCEPT {rows}"),
    ]


def active(where: str) -> str:
    """Contacts who did anything at a moment: "{}" stands for its column."""
    moments = {
        "messageevent": ("o.happened_at", f"o.kind IN ('open', 'click') AND {EVENT}"),
        "order": ("o.placed_at", f"o.kind = 'sale' AND o.contact_id IS NOT NULL AND o.placed_at <= {NOW}"),
        "siteview": ("o.happened_at", SEEN),
        "productview": ("o.viewed_at", f"o.viewed_at <= {NOW}"),
        "surveyanswer": ("o.answered_at", f"o.contact_id IS NOT NULL AND o.answered_at <= {NOW}"),
    }
    return " UNION ALL ".join(
        f"SELECT o.contact_id FROM {T}{table} o WHERE {rows} AND {where.format(moment)}"
        for table, (moment, rows) in moments.items()
    )


def active_since(days: int) -> list[str]:
    rows = active(f"{{}} >= {ago(days)}")
    return [f"SELECT count(*) FROM {C} WHERE c.id IN ({rows})", count(rows.replace(" UNION ALL ", " UNION "))]


def active_before(days: int) -> list[str]:
    before, after = active(f"{{}} <= {ago(days)}"), active(f"{{}} > {ago(days)}")
    unique = [f"SELECT DISTINCT contact_id FROM ({rows}) x" for rows in (before, after)]
    return [
        f"SELECT count(*) FROM {C} JOIN ({unique[0]}) b ON b.contact_id = c.id LEFT JOIN ({unique[1]}) a ON a.contact_id = c.id"
        f" WHERE a.contact_id IS NULL",
        f"SELECT count(*) FROM {C} WHERE c.id IN (({before}) EXCEPT ({after}))",
    ]


UNANSWERED = [
    count(
        f"SELECT o.contact_id FROM {MAILS} o LEFT JOIN (SELECT contact_id, max(happened_at) AS at FROM {EVENTS} WHERE"
        f" {ANY_REACTION} AND contact_id IS NOT NULL AND happened_at <= {NOW} GROUP BY 1) e ON e.contact_id = o.contact_id"
        f" WHERE {SENT} AND {ASKING} AND (e.at IS NULL OR o.handed_off_at > e.at) GROUP BY 1 HAVING count(*) >= 2"
    ),
    count(
        f"SELECT o.contact_id FROM {MAILS} o WHERE {SENT} AND {ASKING} AND NOT EXISTS (SELECT 1 FROM {EVENTS} e WHERE"
        f" e.contact_id = o.contact_id AND e.happened_at >= o.handed_off_at AND e.happened_at <= {NOW} AND {ANY_REACTION})"
        f" GROUP BY 1 HAVING count(*) >= 2"
    ),
]

# Who moved after the moment stood where their last move before it led.
MOVES = f"{T}movement o WHERE o.axis = 'engagement'"
ENGAGED = [
    f"SELECT count(*) FROM {C} WHERE c.id IN (SELECT contact_id FROM {T}contactengagement WHERE stage = 'engaged'"
    f" AND stage_since <= {NOW} UNION ALL SELECT contact_id FROM (SELECT DISTINCT ON (o.contact_id) o.contact_id, o.after"
    f" FROM {MOVES} AND o.moved_at <= {NOW} AND o.contact_id IN (SELECT o.contact_id FROM {MOVES} AND o.moved_at > {NOW})"
    f" ORDER BY o.contact_id, o.moved_at DESC, o.id DESC) m WHERE after = 'engaged')"
]

CASES: dict[str, Case] = {
    "clicked within 30 days": (
        [{"clicked_mail": {"days": 30}}],
        any_row("messageevent", f"{CLICK} AND o.happened_at >= {ago(30)}"),
    ),
    "clicked ever": ([{"clicked_mail": {}}], any_row("messageevent", CLICK)),
    "never clicked": ([{"none": [{"clicked_mail": {}}]}], no_row("messageevent", CLICK)),
    "clicked a link": (
        [{"clicked_mail": {"link": "https://x.example/7", "link_match": "is"}}],
        any_row("messageevent", f"{CLICK} AND o.url = 'https://x.example/7'"),
    ),
    "clicked a link twice": (
        [{"clicked_mail": {"link": ".example/7", "times": 2}}],
        having("messageevent", f"{CLICK} AND strpos(o.url, '.example/7') > 0", 2),
    ),
    "clicked in a block within 60 days": (
        [{"clicked_mail": {"block": "block3", "days": 60}}],
        any_row("messageevent", f"{CLICK} AND o.block_id = 'block3' AND o.happened_at >= {ago(60)}"),
    ),
    "opened within 30 days": (
        [{"opened_mail": {"days": 30}}],
        any_row("messageevent", f"{OPEN} AND o.happened_at >= {ago(30)}"),
    ),
    "opened by anything within 30 days": (
        [{"opened_mail": {"by": "any", "days": 30}}],
        any_row(
            "messageevent",
            f"{OPEN.replace('NOT o.is_machine', 'o.is_machine IN (false, true)')} AND o.happened_at >= {ago(30)}",
        ),
    ),
    "opened 3 times within 90 days": (
        [{"opened_mail": {"times": 3, "days": 90}}],
        having("messageevent", f"{OPEN} AND o.happened_at >= {ago(90)}", 3),
    ),
    "bought from a mail": (
        [{"bought_from_mail": {}}],
        any_row("messageevent", f"o.kind = 'conversion' AND {EVENT}"),
    ),
    "received within 30 days": (
        [{"received_mail": {"days": 30}}],
        any_row(
            "outboxmessage",
            f"{SENT} AND o.send_id IN (SELECT id FROM {T}send WHERE NOT is_test) AND o.handed_off_at >= {ago(30)}",
        ),
    ),
    "received 3 mails": (
        [{"received_mail": {"times": 3}}],
        having("outboxmessage", f"{SENT} AND o.send_id IN (SELECT id FROM {T}send WHERE NOT is_test)", 3),
    ),
    "1 or 2 clicks in 90 days": (
        [{"click_bucket": {"buckets": ["few"]}}],
        [
            count(
                f"SELECT o.contact_id FROM {EVENTS} o WHERE {CLICK} AND o.happened_at >= {ago(90)} GROUP BY 1 HAVING count(*) <= 2"
            )
        ],
    ),
    "no clicks in 90 days": (
        [{"click_bucket": {"buckets": ["none"]}}],
        no_row("messageevent", f"{CLICK} AND o.happened_at >= {ago(90)}"),
    ),
    "2 mails without a reaction": ([{"unengaged": {"mails": 2}}], UNANSWERED),
    "active within 30 days": ([{"last_activity": {"max_days_ago": 30}}], active_since(30)),
    "active, but not within 90 days": ([{"last_activity": {"min_days_ago": 90}}], active_before(90)),
    "engagement": ([{"engagement": {"stages": ["engaged"]}}], ENGAGED),
    "visited a page within 60 days": (
        [{"visited_page": {"path": "/p7", "days": 60}}],
        any_row("siteview", f"{SEEN} AND o.happened_at >= {ago(60)} AND strpos(o.path, '/p7') > 0"),
    ),
    "looked at a category within 60 days": (
        [{"viewed_product": {"categories": ["c7"], "days": 60}}],
        any_row(
            "siteview",
            f"o.kind = 'product' AND {SEEN} AND o.happened_at >= {ago(60)} AND o.product_id IN (SELECT id FROM {T}product"
            f" WHERE category_id = (SELECT id FROM {T}category WHERE slug = 'c7'))",
        ),
    ),
    "looked at a product": (
        [{"viewed_product": {"products": ["S7"]}}],
        any_row(
            "siteview", f"o.kind = 'product' AND {SEEN} AND o.product_id = (SELECT id FROM {T}product WHERE sku = 'S7')"
        ),
    ),
    "searched": (
        [{"searched": {"words": "lamp"}}],
        any_row("siteview", f"o.kind = 'search' AND {SEEN} AND strpos(o.words, 'lamp') > 0"),
    ),
    "2 minutes on the site": (
        [{"time_on_site": {"min": 2}}],
        [count(f"SELECT o.contact_id FROM {VIEWS} o WHERE {SEEN} GROUP BY 1 HAVING sum(o.seconds) >= 120")],
    ),
    "answered with 9 or 10": (
        [{"survey_answer": {"min": 9}}],
        any_row(
            "surveyanswer",
            f"o.contact_id IS NOT NULL AND o.answered_at <= {NOW} AND o.kind IN ('score', 'stars') AND o.value IN ('9', '10')",
        ),
    ),
}


def main() -> int:
    """Print ``name ours reference ratio limit`` per condition; return how many missed the limit."""
    with generated_store(seed=2) as store:
        add_details(store)
        engage_all(store)
        return measure_all(CASES)


def engage_all(store: Store) -> None:
    """Work out the stages, unless they are there."""
    from wagtail_precise_mail.models import ContactEngagement
    from wagtail_precise_mail.tracking.engaging import engage

    if ContactEngagement.objects.exists():
        return
    took: list[Any] = []
    _forget_peak()
    for _time in range(2):
        start = time.perf_counter()
        engage(at=AT)
        took.append(time.perf_counter() - start)
    name = f"engagement of {store.contact_count:,} contacts"
    print(f"{name:46} first {took[0]:6.1f} s  again {took[1]:6.1f} s  peak {_peak_mb():.0f} MB", flush=True)
    _settle([])
