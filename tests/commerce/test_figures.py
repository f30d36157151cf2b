"""Figures of contacts: what counts and what does not, for everybody and for those whose orders changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.commerce import make_category, make_order, make_product
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.due import mark_due
from wagtail_precise_mail.commerce.figuring import refreshing
from wagtail_precise_mail.commerce.models import ContactFigures, ContactStanding, FiguresDue, Order
from wagtail_precise_mail.contacts.merging import merge_contacts, undo_merge
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.movements import Movement

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, tzinfo=UTC)


def day(number: int, hour: int = 12) -> datetime:
    """A moment in January 2026."""
    return datetime(2026, 1, number, hour, tzinfo=UTC)


def figures_of(contact: Contact, at: datetime = AT) -> ContactFigures:
    mark_due([contact.pk])
    refreshing.refresh_due(at=at)
    return ContactFigures.objects.get(contact=contact)


class TestMoney:
    def test_refunds_are_taken_off_and_adjustments_never_count(self) -> None:
        contact = make_contact()
        make_order(contact, [("TEA", 3, "10")], day(1))
        make_order(contact, [("TEA", 1, "5")], day(2))
        make_order(contact, [("TEA", -1, "10")], day(3), kind=Order.Kind.REFUND)
        make_order(contact, [("TEA", 1, "99")], day(4), kind=Order.Kind.ADJUSTMENT)
        found = figures_of(contact)
        assert (found.order_count, found.refund_count, found.unit_count) == (2, 1, 3)
        assert (found.gross_revenue, found.refund_total, found.net_revenue) == (35, 10, 25)
        assert found.average_order == Decimal("17.5")
        assert (found.first_order_at, found.last_order_at) == (day(1), day(2))

    def test_an_order_without_a_rate_counts_without_its_money(self) -> None:
        contact = make_contact()
        make_order(contact, [("TEA", 1, "10")], day(1))
        make_order(contact, [("TEA", 1, "1000")], day(2), currency="JPY", base_rate=None)
        found = figures_of(contact)
        assert (found.order_count, found.unrated_count) == (2, 1)
        assert (found.gross_revenue, found.average_order, found.average_unit_price) == (10, 10, 10)

    def test_other_currencies_count_at_the_rate_of_their_order(self) -> None:
        contact = make_contact()
        make_order(contact, [("TEA", 2, "10")], day(1), currency="EUR", base_rate=Decimal("0.5"))
        found = figures_of(contact)
        assert (found.gross_revenue, found.average_unit_price) == (10, 5)

    def test_the_share_of_discounts_is_of_the_price_before_them_without_shipping(self) -> None:
        contact = make_contact()
        make_order(contact, placed_at=day(1), total=80, discount_total=25, shipping_total=5)
        found = figures_of(contact)
        assert found.discount_total == 25
        assert found.discount_share == pytest.approx(0.25)

    def test_the_margin_is_that_of_lines_whose_cost_is_known(self) -> None:
        contact = make_contact()
        make_order(contact, placed_at=day(1), total=100, costed_total=50, cost_total=30)
        found = figures_of(contact)
        assert (found.margin, found.costed_revenue, found.costed_share) == (20, 50, pytest.approx(0.5))

    def test_without_any_cost_there_is_no_margin(self) -> None:
        contact = make_contact()
        make_order(contact, placed_at=day(1), total=100)
        found = figures_of(contact)
        assert (found.margin, found.costed_share) == (None, 0)

    def test_an_order_of_the_future_does_not_count_yet(self) -> None:
        contact = make_contact()
        make_order(contact, [("TEA", 1, "10")], day(1))
        make_order(contact, [("TEA", 1, "10")], datetime(2099, 1, 1, tzinfo=UTC))
        assert figures_of(contact).order_count == 1


class TestHabits:
    def test_several_orders_on_one_day_are_one_purchase(self) -> None:
        contact = make_contact()
        for number, hour in ((1, 9), (1, 18), (11, 9)):
            make_order(contact, [("TEA", 1, "10")], day(number, hour))
        assert figures_of(contact).interval_days == 10

    def test_one_purchase_has_no_interval(self) -> None:
        contact = make_contact()
        make_order(contact, [("TEA", 1, "10")], day(1))
        assert figures_of(contact).interval_days is None

    def test_hour_and_weekday_are_those_of_the_contacts_own_clock(self) -> None:
        contact = make_contact(time_zone="Asia/Shanghai")
        make_order(contact, [("TEA", 1, "10")], datetime(2026, 1, 4, 20, tzinfo=UTC))  # Monday, 4 o'clock there
        found = figures_of(contact)
        assert (found.preferred_hour, found.preferred_weekday) == (4, 0)

    @pytest.mark.parametrize("zone", ["", "Nowhere/Atlantis"])
    def test_without_a_zone_that_exists_they_are_those_of_the_site(self, zone: str, settings: Any) -> None:
        settings.TIME_ZONE = "America/New_York"
        contact = make_contact(time_zone=zone)
        make_order(contact, [("TEA", 1, "10")], datetime(2026, 1, 5, 3, tzinfo=UTC))  # Sunday, 22 o'clock there
        found = figures_of(contact)
        assert (found.preferred_hour, found.preferred_weekday) == (22, 6)

    def test_of_hours_with_as_many_orders_the_first_is_preferred(self) -> None:
        contact = make_contact(time_zone="UTC")
        for number, hour in ((1, 9), (2, 18), (3, 18), (4, 9), (5, 23)):
            make_order(contact, [("TEA", 1, "10")], day(number, hour))
        assert figures_of(contact).preferred_hour == 9

    def test_favorites_go_by_units_then_revenue_then_name(self) -> None:
        tea, cups, pots = (make_category(name=name) for name in ("Tea", "Cups", "Pots"))
        cup = make_product(category=cups, brand_name="Bell")
        green = make_product(category=tea, brand_name="Arc")
        pot = make_product(category=pots, brand_name="Zen")
        contact = make_contact()
        make_order(contact, [(green, 2, "9"), (cup, 2, "10"), (pot, 1, "99")], day(1))
        found = figures_of(contact)
        assert (found.favorite_category, found.favorite_brand) == (cups, "Bell")
        make_order(contact, [(green, 1, "1")], day(2))
        assert figures_of(contact).favorite_category == tea
        make_order(contact, [(cup, 1, "-1")], day(3))  # as many, and as much: the name decides
        assert ContactFigures.objects.get().favorite_category == tea
        assert figures_of(contact).favorite_category == cups

    def test_charges_and_refunds_are_nobodys_favorite(self) -> None:
        post = make_product("POST", kind="charge", category=make_category(), brand_name="Mail")
        contact = make_contact()
        make_order(contact, [(post, 9, "5")], day(1))
        found = figures_of(contact)
        assert (found.favorite_category, found.favorite_brand, found.average_unit_price) == (None, "", None)

    def test_a_shift_of_the_main_category_is_flagged_and_a_movement(self) -> None:
        tea, cups = make_category(name="Tea"), make_category(name="Cups")
        contact = make_contact()
        make_order(contact, [(make_product(category=tea), 1, "9")], day(1))
        assert figures_of(contact).category_changed_at is None
        make_order(contact, [(make_product(category=cups), 2, "9")], day(2))
        found = figures_of(contact, AT + timedelta(days=1))
        assert (found.former_category, found.favorite_category) == (tea, cups)
        assert found.category_changed_at == AT + timedelta(days=1)
        move = Movement.objects.get(axis="category")
        assert (move.before, move.after, move.moved_at) == (str(tea.pk), str(cups.pk), AT + timedelta(days=1))
        figures_of(contact, AT + timedelta(days=2))
        assert Movement.objects.filter(axis="category").count() == 1
        assert ContactFigures.objects.get().former_category == tea


class TestWhoHasFigures:
    def test_orders_without_a_contact_belong_to_nobody(self) -> None:
        make_order(None, [("TEA", 1, "10")], day(1))
        refreshing.refresh_everybody(at=AT)
        assert not ContactFigures.objects.exists()

    def test_only_refunds_are_figures_without_a_standing(self) -> None:
        contact = make_contact()
        make_order(contact, [("TEA", -1, "10")], day(1), kind=Order.Kind.REFUND)
        refreshing.refresh_everybody(at=AT)
        found = ContactFigures.objects.get()
        assert (found.order_count, found.net_revenue, found.last_order_at) == (0, -10, None)
        assert not ContactStanding.objects.exists()

    def test_who_lost_the_last_order_loses_the_row(self) -> None:
        contact, other = make_contact(), make_contact()
        order = make_order(contact, [("TEA", 1, "10")], day(1))
        make_order(other, [("TEA", 1, "10")], day(1))
        refreshing.refresh_everybody(at=AT)
        order.delete()
        mark_due([contact.pk])
        refreshing.refresh_due(at=AT + timedelta(hours=1))
        assert list(ContactFigures.objects.values_list("contact", flat=True)) == [other.pk]
        assert list(ContactStanding.objects.values_list("contact", flat=True)) == [other.pk]
        last = Movement.objects.filter(contact=contact, axis="buying_stage").latest("pk")
        assert (last.before, last.after) == ("new", "prospect")

    def test_all_at_once_and_one_by_one_come_to_the_same(self) -> None:
        for number in range(4):
            contact = make_contact(time_zone=["", "Asia/Shanghai"][number % 2])
            for order in range(number):
                make_order(contact, [(f"TEA{order % 2}", order + 1, "3.33")], day(order + 1, 5 * order))
        refreshing.refresh_everybody(at=AT)
        before = list(ContactFigures.objects.order_by("pk").values())
        ContactFigures.objects.all().delete()
        mark_due(Contact.objects.values_list("pk", flat=True))
        refreshing.refresh_due(at=AT)
        assert list(ContactFigures.objects.order_by("pk").values()) == before
        assert len(before) == 3


class TestDue:
    def test_a_change_that_comes_meanwhile_is_not_lost(self, monkeypatch: pytest.MonkeyPatch) -> None:
        contact = make_contact()
        make_order(contact, [("TEA", 1, "10")], day(1))
        mark_due([contact.pk])
        work_out = refreshing.work_out

        def slow(*args: Any, **kwargs: Any) -> None:
            work_out(*args, **kwargs)
            monkeypatch.setattr(refreshing, "work_out", work_out)
            make_order(contact, [("TEA", 1, "7")], day(2))
            mark_due([contact.pk])

        monkeypatch.setattr(refreshing, "work_out", slow)
        refreshing.refresh_due(at=AT, seconds=0)
        assert ContactFigures.objects.get().gross_revenue == 10
        assert FiguresDue.objects.get().contact_id == contact.pk
        refreshing.refresh_due(at=AT)
        assert ContactFigures.objects.get().gross_revenue == 17
        assert not FiguresDue.objects.exists()

    def test_the_number_of_queries_does_not_grow_with_the_contacts(self) -> None:
        def count(contacts: int) -> int:
            for _one in range(contacts):
                contact = make_contact()
                make_order(contact, [("TEA", 1, "10")], day(1))
                mark_due([contact.pk])
            with CaptureQueriesContext(
                connection,
            ) as queries:
                refreshing.refresh_due(at=AT)
            return len(queries)

        refreshing.refresh_due(at=AT)
        count(1)  # makes the row of the job, and the names of the zones known
        assert count(2) == count(20)

    def test_nothing_due_asks_once(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            assert refreshing.refresh_due(at=AT) == 0

    def test_marking_asks_for_one_task_however_many_changes_come(
        self, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
    ) -> None:
        contact = make_contact()
        with django_capture_on_commit_callbacks() as callbacks:
            mark_due([contact.pk])
            mark_due([contact.pk])
        assert len(callbacks) == 1
        assert FiguresDue.objects.get().change_count == 2

    def test_a_merge_works_out_anew_and_so_does_its_end(self) -> None:
        keep, other = make_contact(), make_contact()
        make_order(keep, [("TEA", 1, "10")], day(1))
        make_order(other, [("TEA", 1, "7")], day(2))
        refreshing.refresh_everybody(at=AT)
        merge = merge_contacts(keep, [other], by=None, at=AT)
        refreshing.refresh_due(at=AT)
        assert ContactFigures.objects.get().gross_revenue == 17
        assert ContactStanding.objects.get().buying_stage == "mature"
        undo_merge(merge, by=None)
        refreshing.refresh_due(at=AT)
        assert dict(ContactFigures.objects.values_list("contact", "gross_revenue")) == {keep.pk: 10, other.pk: 7}
        assert set(ContactStanding.objects.values_list("buying_stage", flat=True)) == {"new"}
