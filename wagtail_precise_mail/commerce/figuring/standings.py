"""Where they stand (RFM group, buying stage, value tier), written only for those who stand elsewhere than before."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from wagtail_precise_mail.commerce.figure_settings import FigureSettings
from wagtail_precise_mail.commerce.figuring.rfm import group_sql, score_sql
from wagtail_precise_mail.commerce.figuring.rhythm import Borders
from wagtail_precise_mail.commerce.figuring.sql import EVERYBODY, Scope, age_in_days, is_postgresql, moment, rows, run
from wagtail_precise_mail.commerce.models import BuyingStage, ValueTier

RFM_AXIS, STAGE_AXIS, TIER_AXIS = "rfm_group", "buying_stage", "value_tier"

# By axis: the column, that of the moment since when, and the place of who has no row.
_AXES = {
    RFM_AXIS: ("rfm_group", "rfm_since", ""),
    STAGE_AXIS: ("buying_stage", "stage_since", BuyingStage.PROSPECT.value),
    TIER_AXIS: ("value_tier", "tier_since", ""),
}
_SCORES = ("recency_score", "frequency_score", "monetary_score")


def stage_sql(borders: Borders) -> str:
    """Return SQL of the buying stage from the columns ``age`` and ``interval_days``.

    Several orders on one day are one purchase, and whoever bought on one day only is new, until the borders say that
    they are at risk, or gone. Who sent everything back has bought all the same; their value tier says the rest.
    """
    return (
        f"CASE WHEN age > {int(borders.churned_days)} THEN '{BuyingStage.CHURNED.value}'"
        f" WHEN age > {int(borders.at_risk_days)} THEN '{BuyingStage.AT_RISK.value}'"
        f" WHEN interval_days IS NULL THEN '{BuyingStage.NEW.value}' ELSE '{BuyingStage.MATURE.value}' END"
    )


def margin_rate() -> Decimal:
    """Return the margin of all revenue whose cost is known, from which the rest is estimated; 1 where none is known."""
    ((margin, costed),) = rows("SELECT SUM(margin), SUM(costed_revenue) FROM {figures}")
    if not margin or not costed or Decimal(str(costed)) <= 0 or Decimal(str(margin)) <= 0:
        return Decimal(1)
    return round(Decimal(str(margin)) / Decimal(str(costed)), 6)


def value_sql(rate: Decimal) -> str:
    """Return SQL of what a contact brought: the margin where costs are known, and the shop's usual one of the rest."""
    return f"ROUND(COALESCE(margin, 0) + (net_revenue - costed_revenue) * {rate:f}, 4)"


def _tier_sql(chosen: FigureSettings) -> str:
    # Of who brought strictly more than somebody: equal customers are in one tier.
    better = "100 * (RANK() OVER (ORDER BY value DESC) - 1)"
    borders = [
        (ValueTier.TOP, chosen.top_percent),
        (ValueTier.HIGH, chosen.top_percent + chosen.high_percent),
        (ValueTier.MIDDLE, chosen.top_percent + chosen.high_percent + chosen.middle_percent),
    ]
    cases = " ".join(
        f"WHEN {better} < {int(percent)} * COUNT(*) OVER () THEN '{tier.value}'" for tier, percent in borders
    )
    return f"CASE WHEN value <= 0 THEN '{ValueTier.LOW.value}' {cases} ELSE '{ValueTier.LOW.value}' END"


def place_everybody(*, at: datetime, borders: Borders, chosen: FigureSettings) -> None:
    """Work out anew where everybody stands, from the figures as they are. Call it within a transaction."""
    scores = ", ".join(f"{sql} AS {name}" for name, sql in score_sql(chosen).items())
    _gather(
        f"""SELECT contact_id, r, f, m, {group_sql(chosen.class_count)}, {stage_sql(borders)}, tier FROM (
            SELECT contact_id, age, interval_days, {scores}, {_tier_sql(chosen)} AS tier FROM (
                SELECT contact_id, order_count, net_revenue, interval_days, {age_in_days("last_order_at", at)} AS age,
                    {value_sql(margin_rate())} AS value
                FROM {{figures}} WHERE order_count > 0
            ) customers
        ) scored"""
    )
    _apply(EVERYBODY, at)


def place_touched(scope: Scope, *, at: datetime, borders: Borders) -> None:
    """Move contacts whose orders changed to their new stage at once; the nightly run does the rest, which needs all.

    Call it within a transaction, once the figures are right.
    """
    _gather(
        f"""SELECT contact_id, r, f, m, rfm_group, {stage_sql(borders)}, value_tier FROM (
            SELECT f.contact_id, f.interval_days, {age_in_days("f.last_order_at", at)} AS age, s.recency_score AS r,
                s.frequency_score AS f, s.monetary_score AS m, COALESCE(s.rfm_group, '') AS rfm_group,
                COALESCE(s.value_tier, '') AS value_tier
            FROM {{figures}} f LEFT JOIN {{standings}} s ON s.contact_id = f.contact_id
            WHERE f.order_count > 0 AND {scope.where("f.contact_id")}
        ) touched"""
    )
    _apply(scope, at)


def _gather(sql: str) -> None:
    """Put what holds now into a table of this connection: it is read six times."""
    dropping = " ON COMMIT DELETE ROWS" if is_postgresql() else ""
    run(
        "CREATE TEMPORARY TABLE IF NOT EXISTS wpm_standing_now (contact_id bigint PRIMARY KEY, recency_score smallint,"
        " frequency_score smallint, monetary_score smallint, rfm_group varchar(30), buying_stage varchar(10),"
        f" value_tier varchar(10)){dropping}"
    )
    run("DELETE FROM wpm_standing_now")
    run(f"INSERT INTO wpm_standing_now {sql}")
    if is_postgresql():
        run("ANALYZE wpm_standing_now")


def _apply(scope: Scope, at: datetime) -> None:
    params = {"at": moment(at)}
    for axis, (column, _since, nowhere) in _AXES.items():
        before = f"COALESCE(NULLIF(s.{column}, ''), '{nowhere}')"
        run(
            f"""INSERT INTO {{movements}} (contact_id, axis, before, after, moved_at)
            SELECT n.contact_id, '{axis}', {before}, n.{column}, %(at)s
            FROM wpm_standing_now n LEFT JOIN {{standings}} s ON s.contact_id = n.contact_id
            WHERE {before} <> n.{column}
            UNION ALL SELECT s.contact_id, '{axis}', s.{column}, '{nowhere}', %(at)s
            FROM {{standings}} s LEFT JOIN wpm_standing_now n ON n.contact_id = s.contact_id
            WHERE n.contact_id IS NULL AND s.{column} <> '' AND {scope.where("s.contact_id")}""",
            params,
        )
    run(_upsert(), params)
    run(
        f"""DELETE FROM {{standings}} WHERE {scope.where("contact_id")}
        AND NOT EXISTS (SELECT 1 FROM wpm_standing_now n WHERE n.contact_id = {{standings}}.contact_id)"""
    )


def _upsert() -> str:
    places = [(column, since) for column, since, _nowhere in _AXES.values()]
    columns = [*_SCORES, *[column for column, _since in places]]
    sinces = [since for _column, since in places]
    changed = [
        f"COALESCE(CAST({{standings}}.{one} AS varchar), '') <> COALESCE(CAST(excluded.{one} AS varchar), '')"
        for one in columns
    ]
    updates = [f"{one} = excluded.{one}" for one in columns]
    updates += [
        f"{since} = CASE WHEN {{standings}}.{column} <> excluded.{column} THEN %(at)s ELSE {{standings}}.{since} END"
        for column, since in places
    ]
    return f"""INSERT INTO {{standings}} (contact_id, {", ".join(columns)}, {", ".join(sinces)}, computed_at)
        SELECT contact_id, {", ".join(columns)}, {
        ", ".join(f"CASE WHEN {column} <> '' THEN %(at)s END" for column, _since in places)
    }, %(at)s FROM wpm_standing_now WHERE 1 = 1
        ON CONFLICT (contact_id) DO UPDATE SET {", ".join(updates)}, computed_at = excluded.computed_at
        WHERE {" OR ".join(changed)}"""
