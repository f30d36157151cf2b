"""What conditions read beside orders and mail: coupons, carts, figures, standings, movements, visits and answers.

All of it is made up by its number, as the rest of the generated shop.
"""

from __future__ import annotations

from tests.benchmarks.store import CATEGORIES, PRODUCTS, Store, _Chance, _insert, _moment, _run, _settle

T = "wagtail_precise_mail_"
GROUPS = ["champions", "loyal", "at_risk", "lost", "new"]
AXES = ["rfm_group", "buying_stage", "value_tier"]
STAGES = ["engaged", "cooling", "dormant", "lost"]
DAY = 86400


def add_details(store: Store) -> None:
    """Add them, unless they are there."""
    from wagtail_precise_mail.models import Cart, MessageEvent, Movement, ProductView, SiteView, SurveyAnswer

    if SurveyAnswer.objects.exists():
        return
    make_details(store)
    _settle([Cart, MessageEvent, Movement, ProductView, SiteView, SurveyAnswer])


def make_details(store: Store) -> None:
    """Make the rows, and leave sequences and statistics as they are."""
    chance = _Chance(store.seed)
    _change_orders()
    _add_carts(store)
    _add_figures(chance, store)
    _add_movements(chance, store)
    _add_views(chance, store)
    _add_answers(store)
    _add_conversions(store)


def _change_orders() -> None:
    """Give some orders a coupon, and some a currency without a rate."""
    _run(
        f"INSERT INTO {T}ordercoupon (order_id, code) SELECT id, CASE WHEN id % 20000 = 10 THEN 'RARE'"
        f" ELSE 'WELCOME-' || (id % 97) END FROM {T}order WHERE id % 10 = 0"
    )
    _run(
        f"UPDATE {T}order SET shipping_method = CASE id % 4 WHEN 0 THEN 'letter' ELSE 'parcel' END,"
        f" currency = CASE id % 30 WHEN 1 THEN 'EUR' ELSE currency END,"
        f" base_total = CASE id % 300 WHEN 1 THEN NULL ELSE base_total END,"
        f" base_rate = CASE id % 300 WHEN 1 THEN NULL ELSE base_rate END"
    )
    _run(f"UPDATE {T}product SET is_replenishable = true, replenish_days = 20 + id % 60 WHERE id % 50 = 0")


def _add_carts(store: Store) -> None:
    from wagtail_precise_mail.models import Cart

    changed = _moment("(n * 5 % 1000) * 3600")
    columns = {"id": "n", "source": "'shop'", "key": "CAST(n AS varchar(20))", "contact_id": "n * 5"}
    columns |= {"currency": "'GBP'", "total": "n % 200", "started_at": changed, "changed_at": changed}
    # Most are given up in the end.
    columns["closed_at"] = f"CASE WHEN n % 3 = 0 THEN {changed} END"
    _insert(Cart, store.contact_count // 5, columns)


def _add_figures(chance: _Chance, store: Store) -> None:
    from wagtail_precise_mail.models import ContactFigures, ContactStanding

    # One in eight has no orders.
    some, number = store.contact_count * 7 // 8, "n + n / 8"
    figures = {
        "contact_id": number,
        "order_count": "1",
        "favorite_category_id": f"(SELECT MIN(id) FROM {T}category) + n % {CATEGORIES}",
        "category_changed_at": f"CASE WHEN n % 10 = 0 THEN {_moment(f'(n % 700) * {DAY}')} END",
        "favorite_brand": "'Brand ' || (n % 100)",
        "preferred_hour": "n % 24",
        "preferred_weekday": "n / 24 % 7",
        "computed_at": _moment("0"),
    }
    _insert(ContactFigures, some, figures)
    standing = {
        "contact_id": number,
        "recency_score": "1 + n % 5",
        "frequency_score": "1 + n / 5 % 5",
        "monetary_score": "1 + n / 25 % 5",
        "rfm_group": chance.word("n", 51, GROUPS),
        "buying_stage": "'mature'",
        "value_tier": "'top'",
    }
    standing |= dict.fromkeys(("rfm_since", "stage_since", "tier_since", "computed_at"), _moment("0"))
    _insert(ContactStanding, some, standing)


def _add_movements(chance: _Chance, store: Store) -> None:
    from wagtail_precise_mail.models import Movement

    columns = {
        "id": "n",
        "contact_id": "1 + (n - 1) / 6",
        "axis": f"(CASE n % 3 {' '.join(f'WHEN {number} THEN {word!r}' for number, word in enumerate(AXES))} END)",
        "before": chance.word("n", 52, GROUPS),
        "after": chance.word("n", 53, GROUPS),
        "moved_at": _moment(f"{900 * DAY} * {chance('n', 54)}"),
    }
    _insert(Movement, store.contact_count * 5, columns)


def _add_views(chance: _Chance, store: Store) -> None:
    from wagtail_precise_mail.models import ProductView, SiteView

    columns = {
        "id": "n",
        "contact_id": f"1 + (n * 7919) % {store.contact_count}",
        "kind": "CASE n % 4 WHEN 0 THEN 'product' ELSE 'page' END",
        "path": "'/p' || (n % 40) || '/'",
        "product_id": f"CASE n % 4 WHEN 0 THEN 1 + {chance.integer('n', 55, PRODUCTS)} END",
        "seconds": "n % 200",
        "happened_at": _moment(f"{400 * DAY} * {chance('n', 56)}"),
    }
    _insert(SiteView, 2 * store.contact_count, columns)
    view = {"id": "n", "contact_id": "n * 2", "product_id": f"1 + n % {PRODUCTS}"}
    view["viewed_at"] = _moment(f"{180 * DAY} * {chance('n', 57)}")
    _insert(ProductView, store.contact_count // 2, view)


def _add_answers(store: Store) -> None:
    from wagtail_precise_mail.models import SurveyAnswer

    sends = f"(SELECT send_id FROM {T}outboxmessage m WHERE m.id = n * 10)"
    columns = {
        "id": "n",
        "message_id": "n * 10",
        "send_id": sends,
        "contact_id": f"1 + (n * 10 - 1) % {store.contact_count}",
    }
    columns |= {"block_id": "'ask'", "question": "'Would you recommend us?'", "kind": "'score'"}
    columns |= {"value": "CAST(n % 11 AS varchar(9))", "label": "CAST(n % 11 AS varchar(9))"}
    _insert(SurveyAnswer, store.message_count // 10, columns | {"answered_at": _moment(f"(n % 300) * {DAY}")})


def _add_conversions(store: Store) -> None:
    from wagtail_precise_mail.models import MessageEvent

    message = "n * 7"
    columns = {"id": f"{store.event_count} + n", "message_id": message, "kind": "'conversion'"}
    columns["send_id"] = f"(SELECT send_id FROM {T}outboxmessage m WHERE m.id = {message})"
    columns["contact_id"] = f"1 + ({message} - 1) % {store.contact_count}"
    columns["happened_at"] = _moment(f"(n % 300) * {DAY}")
    _insert(MessageEvent, store.message_count // 100, columns)
