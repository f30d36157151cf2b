"""Examples of every condition on contacts, as JSON: what the tests of all conditions go through.

They name the tag "tea", the lists "vips" and "press", the topics "news" and "offers" and the segment "germans".
"""

from __future__ import annotations

from typing import Any

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "everybody": [{}],
    "country": [{"countries": ["GB", "DE"]}],
    "age": [{"min": 30}, {"max": 29}],
    "job_level": [{"levels": ["head", "owner"]}],
    "contact_field": [
        {"field": "city", "operator": "is_not", "values": ["Rome"]},
        {"field": "attribute", "attribute": "size", "operator": "greater", "values": ["40"]},
    ],
    "details_unconfirmed": [{"months": 6}],
    "tag": [{"tags": ["tea"]}],
    "in_list": [{"lists": ["vips", "press"]}],
    "in_segment": [{"segments": ["germans"]}],
    "consent": [
        {"topics": ["news"]},
        {"topics": ["news", "offers"], "status": "withdrawn"},
        {"topics": ["news"], "basis": ["double"], "min_days_ago": 30},
        {"topics": ["offers"], "status": "pending", "max_days_ago": 60},
    ],
    "suppressed": [{}, {"reasons": ["complaint", "hard_bounce"]}],
    "reachable": [{}, {"topics": ["news"]}],
    "record_age": [
        {"min_days_ago": 200},
        {"max_days_ago": 100},
        {"from_on": "2025-06-01", "until_on": "2025-12-31"},
        {"until_on": "2025-12-31", "max_days_ago": 300},
    ],
    "language": [{"languages": ["en"]}, {"languages": ["DE", "zh-hans"]}],
    "contact_state": [
        {"state": "quarantined"},
        {"state": "paused"},
        {"state": "has_account"},
        {"state": "allows_tracking"},
        {"state": "allows_profiling"},
    ],
    "birthday": [{"days": 0}, {"days": 7}, {"days": 300}, {"days": 365}, {"month": "2"}, {"month": "this"}],
    "anniversary": [{"days": 0}, {"days": 30}, {"month": "next"}, {"month": "12"}],
    "service_note": [{}, {"kinds": ["ticket"], "days": 90}, {"min": 2}],
    "random_share": [{"percent": 10}, {"percent": 33.5, "seed": "spring"}, {"percent": 100}],
}
