"""The one statement that works out the figures of some contacts, or of all, from their orders."""

from __future__ import annotations

from datetime import datetime

from wagtail_precise_mail.commerce.figuring.sql import (
    THEIRS,
    Scope,
    by_name,
    contact_zone,
    day_of,
    days_between,
    differs,
    hour_of,
    kept_once,
    local_moment,
    moment,
    run,
    weekday_of,
)

CATEGORY_AXIS = "category"
"""The axis of movements between favorite categories; the places are their ids."""

# Each column with the SQL of its value. Money is rounded where it is kept: SQLite adds in binary.
_COLUMNS = {
    "contact_id": "m.contact_id",
    "order_count": "m.order_count",
    "refund_count": "m.refund_count",
    "unrated_count": "m.unrated_count",
    "unit_count": "m.unit_count",
    "gross_revenue": "ROUND(m.gross, 4)",
    "refund_total": "ROUND(m.refunded, 4)",
    "net_revenue": "ROUND(m.gross - m.refunded, 4)",
    "average_order": "CASE WHEN m.rated_count > 0 THEN ROUND(m.gross * 1.0 / m.rated_count, 4) END",
    "discount_total": "ROUND(m.discounts, 4)",
    "discount_share": "CASE WHEN m.gross - m.shipping + m.discounts > 0 AND m.discounts >= 0 AND m.gross >= m.shipping"
    " THEN m.discounts * 1.0 / (m.gross - m.shipping + m.discounts) END",
    "costed_revenue": "ROUND(m.costed, 4)",
    "margin": "CASE WHEN m.costed_count > 0 THEN ROUND(m.costed - m.cost, 4) END",
    "costed_share": "CASE WHEN m.gross > m.refunded THEN CASE WHEN m.costed <= 0 THEN 0"
    " WHEN m.costed > m.gross - m.refunded THEN 1 ELSE m.costed * 1.0 / (m.gross - m.refunded) END END",
    "first_order_at": "m.first_order_at",
    "last_order_at": "m.last_order_at",
    "interval_days": "CASE WHEN m.day_count > 1 THEN {span} * 1.0 / (m.day_count - 1) END",
    "favorite_category_id": "c.category_id",
    "former_category_id": "CAST(NULL AS bigint)",
    "category_changed_at": "{no_moment}",
    "favorite_brand": "COALESCE(b.brand_name, '')",
    "average_unit_price": "CASE WHEN c.rated_units > 0 THEN ROUND(c.revenue * 1.0 / c.rated_units, 4) END",
    "preferred_hour": "h.place",
    "preferred_weekday": "w.place",
    "computed_at": "%(at)s",
}
# The favorite as it was when this statement began, and what came instead.
_SHIFTED = (
    "{{figures}}.favorite_category_id IS NOT NULL AND excluded.favorite_category_id IS NOT NULL"
    " AND {{figures}}.favorite_category_id <> excluded.favorite_category_id"
)
_KEPT = {
    "former_category_id": "{{figures}}.favorite_category_id",
    "category_changed_at": "excluded.computed_at",
}
_UNCOMPARED = {"contact_id", "computed_at", *_KEPT}

# Who it is about is said twice, of order and contact: else PostgreSQL reads the clocks of all for the sake of a few.
_ORDERS = """
    SELECT o.id, o.contact_id, o.kind, o.kind = 'sale' AS is_sale, o.base_rate, o.base_total, o.discount_total,
        o.shipping_total, o.unit_count, o.costed_total, o.cost_total, o.placed_at, {local} AS local_at
    FROM {{orders}} o JOIN {{contacts}} k ON k.id = o.contact_id
    WHERE {theirs} AND o.placed_at <= %(at)s AND {scope} AND {contacts}
"""
_SUMS = """
    SELECT contact_id,
        COUNT(CASE WHEN kind = 'sale' THEN 1 END) AS order_count,
        COUNT(CASE WHEN kind = 'refund' THEN 1 END) AS refund_count,
        COUNT(CASE WHEN base_rate IS NULL THEN 1 END) AS unrated_count,
        COUNT(CASE WHEN kind = 'sale' AND base_rate IS NOT NULL THEN 1 END) AS rated_count,
        SUM(unit_count) AS unit_count,
        COALESCE(SUM(CASE WHEN kind = 'sale' AND base_rate IS NOT NULL THEN base_total END), 0) AS gross,
        COALESCE(-SUM(CASE WHEN kind = 'refund' AND base_rate IS NOT NULL THEN base_total END), 0) AS refunded,
        COALESCE(SUM(CASE WHEN kind = 'sale' THEN discount_total * base_rate END), 0) AS discounts,
        COALESCE(SUM(CASE WHEN kind = 'sale' THEN shipping_total * base_rate END), 0) AS shipping,
        COALESCE(SUM(costed_total * base_rate), 0) AS costed,
        COALESCE(SUM(cost_total * base_rate), 0) AS cost,
        COUNT(CASE WHEN base_rate IS NOT NULL AND (costed_total <> 0 OR cost_total <> 0) THEN 1 END) AS costed_count,
        MIN(CASE WHEN kind = 'sale' THEN placed_at END) AS first_order_at,
        MAX(CASE WHEN kind = 'sale' THEN placed_at END) AS last_order_at,
        COUNT(DISTINCT CASE WHEN kind = 'sale' THEN {day} END) AS day_count,
        MIN(CASE WHEN kind = 'sale' THEN {day} END) AS first_day,
        MAX(CASE WHEN kind = 'sale' THEN {day} END) AS last_day
    FROM o GROUP BY contact_id
"""
# The place with the most orders, and of equal ones the first: count and place in one number need no sorting.
_MODE = """
    SELECT contact_id, 99 - MAX(n * 100 + 99 - place) %% 100 AS place FROM (
        SELECT contact_id, {place} AS place, COUNT(*) AS n FROM o WHERE is_sale GROUP BY 1, 2
    ) counted GROUP BY contact_id
"""
# Read once for both favorites. A truth of its own (is_sale) and not the word: PostgreSQL would take it for a rare one.
_BOUGHT = """
    SELECT o.contact_id, p.category_id, p.brand_name, l.quantity,
        CASE WHEN o.base_rate IS NOT NULL THEN l.quantity ELSE 0 END AS rated_units, l.total * o.base_rate AS revenue
    FROM o JOIN {{lines}} l ON l.order_id = o.id JOIN {{products}} p ON p.id = l.product_id
    WHERE o.is_sale AND l.quantity > 0 AND p.kind = 'product'
"""
_CATEGORIES = """
    SELECT contact_id, category_id, rated_units, revenue FROM (
        SELECT s.contact_id, s.category_id,
            SUM(s.rated_units) OVER (PARTITION BY s.contact_id) AS rated_units,
            SUM(s.revenue) OVER (PARTITION BY s.contact_id) AS revenue,
            ROW_NUMBER() OVER (
                PARTITION BY s.contact_id
                ORDER BY CASE WHEN s.category_id IS NULL THEN 1 ELSE 0 END, s.units DESC, s.revenue DESC, n.place
            ) AS place
        FROM (
            SELECT contact_id, category_id, SUM(quantity) AS units, SUM(rated_units) AS rated_units,
                ROUND(COALESCE(SUM(revenue), 0), 4) AS revenue
            FROM bought GROUP BY 1, 2
        ) s LEFT JOIN (
            SELECT id, ROW_NUMBER() OVER (ORDER BY {name}, id) AS place FROM {{categories}}
        ) n ON n.id = s.category_id
    ) ranked WHERE place = 1
"""
_BRANDS = """
    SELECT contact_id, brand_name FROM (
        SELECT contact_id, brand_name, ROW_NUMBER() OVER (
            PARTITION BY contact_id ORDER BY units DESC, revenue DESC, {name}
        ) AS place
        FROM (
            SELECT contact_id, brand_name, SUM(quantity) AS units, ROUND(COALESCE(SUM(revenue), 0), 4) AS revenue
            FROM bought WHERE brand_name <> '' GROUP BY 1, 2
        ) s
    ) ranked WHERE place = 1
"""


def work_out(scope: Scope, *, at: datetime) -> None:
    """Write the figures of contacts as of a moment, and take away those of who has no orders (any more).

    Rows are written only where a figure changed. A favorite category that is another one now leaves a movement, too.
    Call it within a transaction.

    Args:
        at: later orders do not count, and shifts of categories are of this moment.
    """
    params = {"at": moment(at)}
    run(_statement(scope), params)
    run(
        f"""DELETE FROM {{figures}} WHERE {scope.where("contact_id")} AND NOT EXISTS (
            SELECT 1 FROM {{orders}} o WHERE o.contact_id = {{figures}}.contact_id
            AND {THEIRS} AND o.placed_at <= %(at)s)""",
        params,
    )
    run(
        f"""INSERT INTO {{movements}} (contact_id, axis, before, after, moved_at)
        SELECT f.contact_id, '{CATEGORY_AXIS}', CAST(f.former_category_id AS varchar),
            CAST(f.favorite_category_id AS varchar), f.category_changed_at
        FROM {{figures}} f WHERE {scope.where("f.contact_id")} AND f.category_changed_at = %(at)s
        AND f.former_category_id IS NOT NULL AND f.favorite_category_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM {{movements}} m WHERE m.contact_id = f.contact_id AND m.axis = '{CATEGORY_AXIS}'
            AND m.moved_at = f.category_changed_at)""",
        params,
    )


def _statement(scope: Scope) -> str:
    local = local_moment("o.placed_at", contact_zone("k.time_zone"))
    orders, contacts = scope.where("o.contact_id"), scope.where("k.id")
    no_moment = "CAST(NULL AS timestamptz)" if "AT TIME ZONE" in local else "NULL"
    values = [
        sql.format(span=days_between("m.last_day", "m.first_day"), no_moment=no_moment) for sql in _COLUMNS.values()
    ]
    parts = {
        "o": _ORDERS.format(local=local, theirs=THEIRS, scope=orders, contacts=contacts),
        "m": _SUMS.format(day=day_of("local_at")),
        "h": _MODE.format(place=hour_of("local_at")),
        "w": _MODE.format(place=weekday_of("local_at")),
        "bought": _BOUGHT.format(),
        "c": _CATEGORIES.format(name=by_name("name")),
        "b": _BRANDS.format(name=by_name("brand_name")),
        f"now ({', '.join(_COLUMNS)})": f"""SELECT {", ".join(values)} FROM m
            LEFT JOIN h ON h.contact_id = m.contact_id LEFT JOIN w ON w.contact_id = m.contact_id
            LEFT JOIN c ON c.contact_id = m.contact_id LEFT JOIN b ON b.contact_id = m.contact_id""",
    }
    with_parts = ", ".join(f"{name} AS {kept_once()} ({sql})" for name, sql in parts.items())
    # Most nights nothing is new about most contacts, and a row that stays as it is costs nothing.
    changed = " OR ".join(differs(f"f.{column}", f"now.{column}") for column in _COLUMNS if column not in _UNCOMPARED)
    return f"""WITH {with_parts}
        INSERT INTO {{figures}} ({", ".join(_COLUMNS)}) SELECT {", ".join(f"now.{column}" for column in _COLUMNS)}
        FROM now LEFT JOIN {{figures}} f ON f.contact_id = now.contact_id AND {scope.where("f.contact_id")}
        WHERE f.contact_id IS NULL OR {changed}
        ON CONFLICT (contact_id) DO UPDATE SET {", ".join(map(_update, _COLUMNS))}"""


def _update(column: str) -> str:
    if column not in _KEPT:
        return f"{column} = excluded.{column}"
    shifted, value = _SHIFTED.format(), _KEPT[column].format()
    return f"{column} = CASE WHEN {shifted} THEN {value} ELSE {{figures}}.{column} END"
