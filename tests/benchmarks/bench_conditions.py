"""Every condition on purchases, and six realistic segments, on the generated shop against the best SQL written by hand.

Needs ``DATABASE_URL`` of PostgreSQL for the comparison (see ``comparing.py``); the size is that of ``store.py``.
``PRECISE_MAIL_BENCH_ONLY=margin,…`` measures some of them, and prints their plans.
"""

from __future__ import annotations

from tests.benchmarks.cases_orders import ORDERS_PLACED
from tests.benchmarks.cases_products import PRODUCTS_BOUGHT
from tests.benchmarks.cases_segments import SEGMENTS
from tests.benchmarks.cases_standings import STANDINGS
from tests.benchmarks.comparing import measure_all
from tests.benchmarks.store import generated_store
from tests.benchmarks.store_details import add_details

CASES = PRODUCTS_BOUGHT | ORDERS_PLACED | STANDINGS | SEGMENTS


def main() -> int:
    """Print ``name ours reference ratio limit`` per case; return how many missed the limit."""
    with generated_store(seed=2) as store:
        add_details(store)
        return measure_all(CASES)
