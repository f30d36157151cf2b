"""Products that contacts looked at: one row each, for some time, and gone with the contact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories.commerce import make_product
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce import tasks
from wagtail_precise_mail.commerce.viewed import ProductView, forget_views, keep_view
from wagtail_precise_mail.contacts.timeline import read_timeline

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_looking_again_moves_the_moment(django_assert_num_queries: Any) -> None:
    contact, product = make_contact(), make_product()
    for days in (2, 1):
        with django_assert_num_queries(1):
            keep_view(contact, product, at=NOW - timedelta(days=days))
    assert ProductView.objects.get().viewed_at == NOW - timedelta(days=1)


def test_old_looks_are_forgotten(settings: Any) -> None:
    contact = make_contact()
    keep_view(contact, make_product(), at=NOW - timedelta(days=91))
    keep_view(contact, kept := make_product(), at=NOW - timedelta(days=89))
    assert forget_views(at=NOW) == 1
    assert ProductView.objects.get().product == kept
    tasks.forget_product_views()
    assert not ProductView.objects.exists(), "by today"


def test_they_go_with_the_contact() -> None:
    contact = make_contact()
    keep_view(contact, make_product(), at=NOW)
    contact.delete()
    assert not ProductView.objects.exists()


def test_they_are_on_the_timeline() -> None:
    contact = make_contact()
    keep_view(contact, make_product(name="Teapot"), at=NOW)
    [day] = read_timeline(contact, kind="product_view").days
    assert [entry.title for entry in day.entries] == ["Looked at “Teapot”"]
