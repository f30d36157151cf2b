"""Pages and products in mails: shown, clicked and bought from, at a constant cost."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from wagtail.models import Page

from tests.factories.campaigns import make_user
from tests.factories.commerce import make_order, make_product
from tests.factories.tracking import SENT_AT, make_event, make_message, make_send
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.delivery.models import OutboxMessage, SentItem
from wagtail_precise_mail.emails.models import CompiledEmail
from wagtail_precise_mail.reports.content import ContentFigures, content_figures

pytestmark = pytest.mark.django_db
REPORT = "precise_mail_content_report"


def row_of(thing: Product | Page, **words: Any) -> ContentFigures:
    key = f"{'page' if isinstance(thing, Page) else 'product'}:{thing.pk}"
    return next(row for row in content_figures(**words) if row.key == key)


def show(message: OutboxMessage, key: str) -> None:
    assert message.contact is not None
    SentItem.objects.create(message=message, contact=message.contact, key=key, sent_at=SENT_AT)


def sent(product: Product, *, at: Any = SENT_AT, **overrides: Any) -> list[OutboxMessage]:
    """Two accepted messages and a rejected one of a mail that shows a product to all."""
    send = make_send(**overrides)
    CompiledEmail.objects.filter(pk=send.compiled_id).update(shown=[f"product:{product.pk}"])
    states = ("accepted", "accepted", "rejected")
    return [make_message(send, state=state, handed_off_at=at) for state in states]


def test_figures_equal_those_counted_by_hand() -> None:
    mug, pot = make_product("MUG", url="/mug/"), make_product("POT", url="https://pots.example.com/pot?id=7")
    first, second, _rejected = sent(mug)
    show(first, f"product:{pot.pk}")
    make_event(first, "click", url="https://shop.example.com/mug/?utm_source=mail#top")
    make_event(second, "click", url="https://shop.example.com/mug")
    make_event(second, "click", url="https://shop.example.com/mug/", is_machine=True)
    make_event(second, "click", url="https://shop.example.com/mugs/")
    make_event(first, "click", url="https://pots.example.com/pot?id=7&utm_medium=email")
    make_event(first, "click", url="https://pots.example.com/pot?id=8")
    order = make_order(second.contact, [(mug, 2, "10")])
    make_event(second, "conversion", url="https://shop.example.com/mug/", order=order, value=20, currency="GBP")
    row = row_of(mug)
    assert (row.sends, row.clicks, row.orders, dict(row.revenue)) == (2, 2, 1, {"GBP": Decimal(20)})
    row = row_of(pot)
    assert (row.sends, row.clicks, row.orders, row.revenue_lines) == (1, 1, 0, [])


def test_pages_are_found_by_their_address() -> None:
    page = Page.objects.get(depth=2)
    message = make_message(make_send(base_url="http://localhost"))
    show(message, f"page:{page.pk}")
    make_event(message, "click", url="http://localhost/?utm_source=mail")
    row = row_of(page)
    assert (row.name, row.sends, row.clicks) == (page.title, 1, 1)


def test_tests_count_nowhere() -> None:
    mug = make_product("MUG", url="/mug/")
    message, *_rest = sent(mug, is_test=True)
    show(message, "page:1")
    assert content_figures() == []


def test_translations_count_what_they_show() -> None:
    mug, tasse = make_product("MUG"), make_product("TASSE")
    send = make_send()
    version = make_send().compiled
    CompiledEmail.objects.filter(pk=send.compiled_id).update(shown=[f"product:{mug.pk}"])
    CompiledEmail.objects.filter(pk=version.pk).update(shown=[f"product:{tasse.pk}"])
    send.versions.create(language="de", compiled=version)
    for language in ("", "de", "de"):
        make_message(send, language=language)
    assert (row_of(mug).sends, row_of(tasse).sends) == (1, 2)


def test_period_and_kind_choose_the_mails() -> None:
    mug = make_product("MUG", url="/mug/")
    old = sent(mug, at=SENT_AT - timedelta(days=40))
    sent(mug)
    show(old[0], "page:1")
    make_event(old[0], "click", url="https://shop.example.com/mug/", happened_at=SENT_AT)
    since = SENT_AT - timedelta(days=1)
    assert (row_of(mug).sends, row_of(mug).clicks) == (4, 1)
    assert (row_of(mug, since=since).sends, row_of(mug, since=since).clicks) == (2, 0)
    assert [row.kind for row in content_figures(kind="page")] == ["page"]


def test_screen_filters_and_leads_to_the_editor(client: Client) -> None:
    client.force_login(make_user(is_superuser=True))
    mug = make_product("MUG", name="Dipped mug")
    sent(mug)
    content = client.get(reverse(REPORT)).content.decode()
    assert "Dipped mug" in content
    assert reverse("precise-mail-products:edit", args=[mug.pk]) in content
    assert "present address" in content
    assert 'class="wpm-wide-report"' in content
    assert "Dipped mug" not in client.get(reverse(REPORT), {"kind": "page"}).content.decode()
    for period, is_there in (("2026-03-01", True), ("2026-03-02", False)):
        results = client.get(reverse(f"{REPORT}_results"), {"sent_from": period, "sent_to": ""}).content.decode()
        assert ("Dipped mug" in results) is is_there


def test_deleted_content_keeps_its_figures() -> None:
    mug = make_product("MUG")
    sent(mug)
    pk = mug.pk
    mug.delete()
    assert [(row.name, row.sends) for row in content_figures()] == [(f"product {pk}, deleted", 2)]


def test_the_number_of_queries_does_not_grow(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(make_user("access_admin", "view_campaign", "change_product"))
    sent(make_product("ONE", url="/one/"))
    client.get(reverse(REPORT))
    with django_assert_max_num_queries(22) as few:
        client.get(reverse(REPORT))
    for number in range(5):
        messages = sent(make_product(f"MORE{number}", url=f"/{number}/"))
        make_event(messages[0], "click", url=f"https://shop.example.com/{number}/")
    with django_assert_max_num_queries(len(few)):
        client.get(reverse(REPORT))


@pytest.mark.parametrize("suffix", ["", "_results"])
def test_who_lacks_permission_sees_no_report(client: Client, suffix: str) -> None:
    client.force_login(make_user("access_admin"))
    assert client.get(reverse(REPORT + suffix)).status_code in (302, 403)


def test_spreadsheets_have_the_figures_and_no_formulas(client: Client) -> None:
    from openpyxl import load_workbook

    client.force_login(make_user(is_superuser=True))
    sent(make_product("MUG", name="=HYPERLINK(1)"))
    response = client.get(reverse(REPORT), {"export": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(response).decode())))
    assert (rows[0]["Content"], rows[0]["Shown in mails"]) == ("'=HYPERLINK(1)", "2")
    workbook = client.get(reverse(REPORT), {"export": "xlsx"})
    assert load_workbook(io.BytesIO(b"".join(workbook))).active["D2"].value == 2
