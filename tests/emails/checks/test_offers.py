"""Offers of any kind: their end and their terms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.emails.checks.blocks import found_in
from tests.factories.emails import raw_block

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def offer(**values: Any) -> dict[str, Any]:
    return raw_block("own_offer", **{"terms": "Until stocks last.", "ends_at": "2026-03-08T12:00:00Z", **values})


def test_offer_that_has_ended_is_an_error_at_its_block() -> None:
    raw = offer(ends_at="2026-02-28T12:00:00Z")
    (finding,) = found_in("offer_expired", raw, at=NOW)
    assert finding.is_error
    assert finding.block_id == raw["id"]
    assert "28 February 2026" in finding.message


def test_offer_must_last_until_the_mail_goes_out() -> None:
    assert found_in("offer_expired", offer(), at=NOW) == []
    assert found_in("offer_expired", offer(), at=NOW + timedelta(days=8))


@pytest.mark.parametrize("terms", ["", "  "])
def test_offer_without_terms_is_an_error(terms: str) -> None:
    (finding,) = found_in("offer_terms", offer(terms=terms), at=NOW)
    assert finding.is_error
    assert "terms" in finding.message


def test_offer_without_an_end_is_an_error() -> None:
    (finding,) = found_in("offer_terms", offer(ends_at=None), at=NOW)
    assert "when it ends" in finding.message


def test_whole_offer_is_none() -> None:
    assert found_in("offer_terms", offer(), at=NOW) == []


def test_other_blocks_are_no_offers() -> None:
    assert found_in("offer_terms", raw_block("own_markup", html="x"), at=NOW) == []
