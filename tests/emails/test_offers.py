"""Offers: never too early, never too late, never without terms."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests.emails.conftest import body_of, soup, text_of
from tests.factories.emails import COMPILED_AT, compiled, default_site, make_email, make_saved_block, raw_block
from wagtail_precise_mail.emails.body import make_body_block
from wagtail_precise_mail.emails.composition import compose
from wagtail_precise_mail.emails.periods import sendable_from, sendable_until
from wagtail_precise_mail.exceptions import RenderError

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def offer(**overrides: Any) -> dict[str, Any]:
    value = {
        "title": "A tenth off",
        "words": "For every kitchen.",
        "end": "2026-06-14T23:59:00Z",
        "terms": "One per household.",
        "code": "POUR10",
        "label": "To the teapots",
        "url": "/teapots/",
        **overrides,
    }
    return raw_block("offer", **value)


def test_offer_says_when_it_ends() -> None:
    email = make_email(offer())
    assert "Ends on Sunday, June 14" in body_of(soup(email)).get_text()
    assert text_of(email) == (
        "A tenth off\n-----------\n\nEnds on Sunday, June 14\n\nFor every kitchen.\n\nYour code: POUR10\n\n"
        "→ To the teapots\nhttps://shop.example.com/teapots/\n\nOne per household."
    )


def test_offer_that_has_ended_never_leaves() -> None:
    email = make_email(offer(end=COMPILED_AT.isoformat()))
    with pytest.raises(RenderError, match="ended on Sunday, March 1, 9:00"):
        compiled(email)
    assert compiled(email, at=COMPILED_AT - HOUR)


def test_offer_that_has_not_started_never_leaves() -> None:
    email = make_email(offer(start=(COMPILED_AT + HOUR).isoformat()))
    with pytest.raises(RenderError, match="starts on Sunday, March 1, 10:00"):
        compiled(email)
    assert compiled(email, at=COMPILED_AT + HOUR)


def test_draft_shows_an_offer_before_it_starts_and_says_so() -> None:
    source = draft(offer(start=(COMPILED_AT + HOUR).isoformat()))
    assert "A tenth off" in source.mjml
    assert any("starts on" in message for *_place, message in source.context.shared.warnings)


def test_draft_shows_a_note_in_place_of_an_offer_that_has_ended() -> None:
    source = draft(offer(end=COMPILED_AT.isoformat()))
    assert "A tenth off" not in source.mjml
    assert ["ended on" in str(failure) for failure in source.context.shared.failures] == [True]


def draft(*blocks: dict[str, Any]) -> Any:
    email = make_email(*blocks)
    return compose(email, site=default_site(), base_url="https://x.example", at=COMPILED_AT, is_draft=True)


@pytest.mark.parametrize(
    ("overrides", "reason"), [({"terms": "  "}, "needs its terms"), ({"end": None}, "needs an end")]
)
def test_offer_without_terms_or_end_never_leaves(overrides: dict[str, Any], reason: str) -> None:
    with pytest.raises(RenderError, match=reason):
        compiled(make_email(offer(**overrides)))


@pytest.mark.parametrize(
    ("overrides", "field"),
    [({"terms": ""}, "terms"), ({"end": None}, "end"), ({"start": "2026-07-01T00:00:00Z"}, "end")],
)
def test_editor_is_told_what_an_offer_lacks(overrides: dict[str, Any], field: str) -> None:
    block = make_body_block().child_blocks["offer"]
    with pytest.raises(ValidationError) as caught:
        block.clean(block.to_python(offer(**overrides)["value"]))
    assert list(caught.value.block_errors) == [field]


def test_period_of_an_email_is_what_all_its_offers_have_in_common() -> None:
    saved = make_saved_block(offer(end="2026-05-02T00:00:00Z"))
    column = {"content": [offer(start="2026-04-03T00:00:00Z", end="2026-05-20T00:00:00Z")]}
    body = make_email(
        offer(start="2026-04-01T00:00:00Z"),
        raw_block("columns", columns=[column]),
        raw_block("saved_block", saved_block=saved.pk),
    ).body
    assert str(sendable_from(body)) == "2026-04-03 00:00:00+00:00"
    assert str(sendable_until(body)) == "2026-05-02 00:00:00+00:00"


def test_email_without_offers_may_leave_at_any_time() -> None:
    body = make_email().body
    assert (sendable_from(body), sendable_until(body)) == (None, None)
