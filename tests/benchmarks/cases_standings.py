"""Conditions on figures that were worked out before, with SQL by hand."""

from __future__ import annotations

from tests.benchmarks.comparing import NOW, Case, T, ago, count
from tests.benchmarks.purchases_by_hand import rows

STANDINGS: dict[str, Case] = {
    "rfm_score": (
        [{"rfm_score": {"min_recency": 5, "min_monetary": 5}}],
        rows("contactstanding", "o.recency_score >= 5 AND o.monetary_score >= 5"),
    ),
    "favorite_category": (
        [{"favorite_category": {"categories": ["c7"]}}],
        rows("contactfigures", f"o.favorite_category_id = (SELECT id FROM {T}category WHERE slug = 'c7')"),
    ),
    "favorite_changed": (
        [{"favorite_changed": {"days": 30}}],
        rows("contactfigures", f"o.category_changed_at >= {ago(30)} AND o.category_changed_at <= {NOW}"),
    ),
    "favorite_brand": (
        [{"favorite_brand": {"brands": ["Brand 7"]}}],
        rows("contactfigures", "o.favorite_brand = 'Brand 7'"),
    ),
    "preferred_time": (
        [{"preferred_time": {"weekdays": ["monday"], "from_hour": 9, "until_hour": 12}}],
        rows("contactfigures", "o.preferred_weekday = 0 AND o.preferred_hour BETWEEN 9 AND 12"),
    ),
    "stands_at": (
        [{"stands_at": {"places": ["rfm_group.loyal"]}}],
        [
            count(
                f"SELECT contact_id FROM (SELECT DISTINCT ON (contact_id) contact_id, after FROM {T}movement"
                f" WHERE axis = 'rfm_group' AND moved_at <= {NOW} ORDER BY contact_id, moved_at DESC, id DESC) s"
                f" WHERE after = 'loyal'"
            )
        ],
    ),
    "moved": (
        [{"moved": {"before": ["rfm_group.loyal"], "after": ["rfm_group.at_risk"], "days": 30}}],
        rows(
            "movement",
            f"o.axis = 'rfm_group' AND o.before = 'loyal' AND o.after = 'at_risk'"
            f" AND o.moved_at BETWEEN {ago(30)} AND {NOW}",
        ),
    ),
    "was_at": (
        [{"was_at": {"places": ["rfm_group.loyal"], "days": 90}}],
        rows("movement", f"o.axis = 'rfm_group' AND o.after = 'loyal' AND o.moved_at BETWEEN {ago(90)} AND {NOW}"),
    ),
}
