"""RFM groups, buying stages and value tiers, and who moved between them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import product
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from wagtail_precise_mail.campaigns.schedules import RECURRING
from wagtail_precise_mail.commerce.due import mark_due
from wagtail_precise_mail.commerce.figure_settings import FigureSettings
from wagtail_precise_mail.commerce.figuring import refreshing
from wagtail_precise_mail.commerce.figuring.history import rfm_movements, standings_at
from wagtail_precise_mail.commerce.figuring.rfm import RfmGroup, rfm_group
from wagtail_precise_mail.commerce.figuring.rhythm import LEAST_INTERVALS, calibrate, quantile
from wagtail_precise_mail.commerce.models import ContactFigures, ContactStanding, Order, ShopRhythm
from wagtail_precise_mail.contacts.freshness import JobRun
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import InvalidTransition
from wagtail_precise_mail.segments import moving
from wagtail_precise_mail.segments.movements import Movement
from wagtail_precise_mail.segments.moving import ABANDONED_AFTER, announce_left, contacts_moved
from wagtail_precise_mail.segments.notices import MovementNotice

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, tzinfo=UTC)


def buyer(*ages: int, price: str = "10", **overrides: Any) -> Contact:
    """A contact with an order so many days before ``AT`` each."""
    contact = make_contact()
    for age in ages:
        make_order(contact, [("TEA", 1, price)], AT - timedelta(days=age), **overrides)
    return contact


def choose(**values: Any) -> None:
    FigureSettings.objects.update_or_create(pk=1, defaults=values)


def stages() -> dict[int, str]:
    return dict(ContactStanding.objects.values_list("contact", "buying_stage"))


class TestRfm:
    @pytest.mark.parametrize("classes", [3, 5])
    def test_every_combination_of_scores_has_a_group(self, classes: int) -> None:
        scores = range(1, classes + 1)
        found = {rfm_group(*three, class_count=classes) for three in product(scores, repeat=3)}
        assert found <= set(RfmGroup)
        assert len(found) == {3: 9, 5: 11}[classes]

    def test_the_corners_are_called_what_everybody_calls_them(self) -> None:
        assert rfm_group(5, 5, 5) == RfmGroup.CHAMPIONS
        assert rfm_group(5, 1, 1) == RfmGroup.NEW
        assert rfm_group(1, 5, 5) == RfmGroup.CANNOT_LOSE
        assert rfm_group(1, 1, 1) == RfmGroup.LOST
        assert rfm_group(3, 3, 3, class_count=3) == RfmGroup.CHAMPIONS
        assert rfm_group(1, 1, 1, class_count=3) == RfmGroup.LOST

    def test_scores_follow_the_share_of_those_who_are_strictly_worse(self) -> None:
        contacts = [buyer(age) for age in (50, 40, 30, 20, 10)]
        refreshing.refresh_everybody(at=AT)
        scores = dict(ContactStanding.objects.values_list("contact", "recency_score"))
        assert [scores[contact.pk] for contact in contacts] == [1, 2, 3, 4, 5]

    def test_equal_customers_share_a_class(self) -> None:
        once = [buyer(age) for age in range(1, 8)]
        often = buyer(1, 2, 3)
        refreshing.refresh_everybody(at=AT)
        scores = dict(ContactStanding.objects.values_list("contact", "frequency_score"))
        assert {scores[contact.pk] for contact in once} == {1}
        assert scores[often.pk] == 1 + 5 * 7 // 8

    def test_monetary_value_is_net_of_refunds(self) -> None:
        kept, returned = buyer(5, price="50"), buyer(5, price="90")
        make_order(returned, [("TEA", -1, "80")], AT - timedelta(days=1), kind=Order.Kind.REFUND)
        refreshing.refresh_everybody(at=AT)
        scores = dict(ContactStanding.objects.values_list("contact", "monetary_score"))
        assert scores[kept.pk] > scores[returned.pk]

    def test_fixed_borders(self) -> None:
        choose(
            class_count=3,
            border_kind="fixed",
            recency_borders="10, 100",
            frequency_borders="2, 3",
            monetary_borders="15, 20.5",
        )
        first, second, third = buyer(101), buyer(100, 90), buyer(30, 20, 10)
        refreshing.refresh_everybody(at=AT)
        found = ContactStanding.objects.in_bulk()
        scores = {pk: (one.recency_score, one.frequency_score, one.monetary_score) for pk, one in found.items()}
        assert scores == {first.pk: (1, 1, 1), second.pk: (2, 2, 2), third.pk: (3, 3, 3)}
        assert found[third.pk].rfm_group == "champions"

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("recency_borders", "1, 2"),
            ("recency_borders", "4, 3, 2, 1"),
            ("frequency_borders", "one, 2, 3, 4"),
            ("frequency_borders", "1.5, 2, 3, 4"),
            ("monetary_borders", "1, 2, 3, NaN"),
            ("monetary_borders", ""),
        ],
    )
    def test_borders_that_make_no_classes_are_refused(self, name: str, text: str) -> None:
        right = dict.fromkeys(("recency_borders", "frequency_borders", "monetary_borders"), "1, 2, 3, 4")
        FigureSettings(border_kind="fixed", **right).full_clean()
        with pytest.raises(ValidationError) as caught:
            FigureSettings(border_kind="fixed", **{**right, name: text}).full_clean()
        assert set(caught.value.message_dict) == {name}


class TestStages:
    def test_defaults_hold_while_there_are_few_repeat_purchases(self) -> None:
        new, mature, at_risk, churned, edge = buyer(1), buyer(1, 30), buyer(181), buyer(366, 380), buyer(180)
        refused = make_contact()
        refreshing.refresh_everybody(at=AT)
        assert stages() == {
            new.pk: "new",
            mature.pk: "mature",
            at_risk.pk: "at_risk",
            churned.pk: "churned",
            edge.pk: "new",
        }
        assert refused.pk not in stages()
        rhythm = ShopRhythm.objects.get()
        assert (rhythm.is_calibrated, rhythm.at_risk_days, rhythm.churned_days) == (False, 180, 365)

    def test_from_enough_of_them_on_the_shop_sets_its_own_borders(self) -> None:
        histogram = [(days, 1) for days in range(1, LEAST_INTERVALS + 1)]
        borders = calibrate(histogram, FigureSettings())
        assert (borders.at_risk_days, borders.churned_days, borders.is_calibrated) == (75, 90, True)
        assert not calibrate(histogram[1:], FigureSettings()).is_calibrated

    def test_the_shops_own_rhythm_is_read_from_its_orders(self) -> None:
        for _one in range(LEAST_INTERVALS // 4):
            buyer(*[1, 11, 21, 31, 71])
        make_order(None, [("TEA", 1, "1")], AT - timedelta(days=60))
        refreshing.refresh_everybody(at=AT)
        rhythm = ShopRhythm.objects.get()
        assert rhythm.histogram == [[10, 75], [40, 25]]
        assert (rhythm.median_days, rhythm.p75_days, rhythm.p90_days) == (10, 10, 40)
        assert (rhythm.at_risk_days, rhythm.churned_days, rhythm.is_calibrated) == (10, 40, True)

    def test_a_person_may_set_them(self) -> None:
        choose(at_risk_days=5, churned_days=9)
        contact = buyer(6)
        refreshing.refresh_everybody(at=AT)
        assert stages() == {contact.pk: "at_risk"}

    def test_quantiles_of_nothing_are_none(self) -> None:
        assert quantile([], 50) is None

    def test_a_first_order_makes_a_prospect_new_at_once(self, django_capture_on_commit_callbacks: Any) -> None:
        refreshing.refresh_everybody(at=AT)
        contact = buyer(1)
        mark_due([contact.pk])
        heard: list[dict[str, Any]] = []

        def listen(**kwargs: Any) -> None:
            heard.append(kwargs)

        contacts_moved.connect(listen)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                refreshing.refresh_due(at=AT + timedelta(hours=1))
        finally:
            contacts_moved.disconnect(listen)
        standing = ContactStanding.objects.get()
        assert (standing.buying_stage, standing.rfm_group) == ("new", "")
        assert standing.stage_since == AT + timedelta(hours=1)
        move = Movement.objects.get()
        assert (move.axis, move.before, move.after) == ("buying_stage", "prospect", "new")
        (said,) = heard
        assert (said["axis"], said["before"], said["after"]) == ("buying_stage", "prospect", "new")
        assert said["contact_ids"] == [contact.pk]

    def test_who_sent_everything_back_has_bought_all_the_same(self) -> None:
        contact = buyer(5)
        make_order(contact, [("TEA", -1, "10")], AT - timedelta(days=1), kind=Order.Kind.REFUND)
        buyer(5)
        refreshing.refresh_everybody(at=AT)
        standing = ContactStanding.objects.get(contact=contact)
        assert (standing.buying_stage, standing.value_tier) == ("new", "low")


class TestValueTiers:
    def test_equal_revenue_and_another_margin_is_another_tier(self) -> None:
        """C027."""
        choose(top_percent=50, high_percent=1, middle_percent=1)
        rich = buyer(5, price="100", costed_total=100, cost_total=20)
        poor = buyer(5, price="100", costed_total=100, cost_total=90)
        refreshing.refresh_everybody(at=AT)
        assert len(set(ContactFigures.objects.values_list("net_revenue", flat=True))) == 1
        tiers = dict(ContactStanding.objects.values_list("contact", "value_tier"))
        assert tiers == {rich.pk: "top", poor.pk: "high"}

    def test_without_costs_revenue_decides(self) -> None:
        contacts = [buyer(5, price=str(price)) for price in range(100, 0, -10)]
        refreshing.refresh_everybody(at=AT)
        tiers = dict(ContactStanding.objects.values_list("contact", "value_tier"))
        assert [tiers[one.pk] for one in contacts] == ["top", *["high"] * 2, *["middle"] * 4, *["low"] * 3]

    def test_revenue_without_costs_counts_at_the_margin_of_the_rest(self) -> None:
        choose(top_percent=50, high_percent=1, middle_percent=1)
        known = buyer(5, price="100", costed_total=100, cost_total=50)
        unknown = buyer(5, price="101")  # at 50 percent a little more than the other
        refreshing.refresh_everybody(at=AT)
        tiers = dict(ContactStanding.objects.values_list("contact", "value_tier"))
        assert tiers == {known.pk: "high", unknown.pk: "top"}


class TestRuns:
    def test_the_same_run_again_writes_nothing(self) -> None:
        for age in (1, 50, 200, 400):
            buyer(age, age + 10)
        refreshing.refresh_everybody(at=AT)
        before = list(ContactStanding.objects.order_by("pk").values()), Movement.objects.count()
        refreshing.refresh_everybody(at=AT)
        assert (list(ContactStanding.objects.order_by("pk").values()), Movement.objects.count()) == before

    def test_only_who_moved_is_written(self) -> None:
        stays, moves = buyer(1), buyer(170)
        refreshing.refresh_everybody(at=AT)
        later = AT + timedelta(days=15)
        refreshing.refresh_everybody(at=later)
        written = dict(ContactStanding.objects.values_list("contact", "computed_at"))
        assert written == {stays.pk: AT, moves.pk: later}
        move = Movement.objects.get(moved_at=later)
        assert (move.contact_id, move.axis, move.before, move.after) == (moves.pk, "buying_stage", "new", "at_risk")

    def test_an_interrupted_run_goes_on_where_it_was(self, monkeypatch: pytest.MonkeyPatch) -> None:
        contacts = [buyer(5) for _one in range(5)]
        monkeypatch.setattr(refreshing, "NIGHTLY_BATCH", 2)
        steps: list[int] = []
        assert not refreshing.refresh_everybody(at=AT, seconds=0, on_progress=steps.append)
        assert ContactFigures.objects.count() == 2
        Order.objects.filter(contact=contacts[0]).delete()  # what is done is not done again
        assert refreshing.refresh_everybody(at=AT + timedelta(hours=1), on_progress=steps.append)
        assert steps == [2, 2, 1, 0, 0, 0]
        assert ContactFigures.objects.count() == 5
        assert JobRun.objects.get().succeeded_at == AT

    def test_changes_wait_while_a_run_is_under_way(self) -> None:
        contact = buyer(5)
        refreshing.refresh_everybody(at=AT, seconds=0)
        mark_due([contact.pk])
        assert refreshing.refresh_due(at=AT) == 0
        refreshing.refresh_everybody(at=AT)
        assert refreshing.refresh_due(at=AT) == 1

    def test_a_run_before_the_last_one_is_refused(self) -> None:
        refreshing.refresh_everybody(at=AT)
        with pytest.raises(InvalidTransition):
            refreshing.refresh_everybody(at=AT - timedelta(days=1))

    def test_the_number_of_queries_does_not_depend_on_how_many_contacts_there_are(
        self, django_assert_num_queries: Any
    ) -> None:
        def queries() -> int:
            from django.db import connection
            from django.test.utils import CaptureQueriesContext

            with CaptureQueriesContext(connection) as captured:
                refreshing.refresh_everybody(at=AT)
            return len(captured)

        buyer(1)
        queries()
        buyer(2)
        few = queries()
        for age in range(20):
            buyer(age)
        assert queries() == few


class TestAnnouncing:
    @pytest.fixture
    def heard(self) -> Iterator[list[dict[str, Any]]]:
        heard: list[dict[str, Any]] = []

        def listen(**kwargs: Any) -> None:
            heard.append({key: kwargs[key] for key in ("axis", "before", "after", "contact_ids", "at")})

        contacts_moved.connect(listen)
        yield heard
        contacts_moved.disconnect(listen)

    def test_what_a_process_that_died_left_unsaid_is_said_later(self, heard: list[dict[str, Any]]) -> None:
        """In tests nothing is said after a commit: as if the process died right after it."""
        contacts = [buyer(1), buyer(2)]
        refreshing.refresh_everybody(at=AT)
        assert not heard
        assert announce_left(at=timezone.now()) == 0  # somebody may still be at it
        assert announce_left(at=timezone.now() + 2 * ABANDONED_AFTER) == 1
        stages = [said for said in heard if said["axis"] == "buying_stage"]
        assert [said | {"contact_ids": sorted(said["contact_ids"])} for said in stages] == [
            {
                "axis": "buying_stage",
                "before": "prospect",
                "after": "new",
                "contact_ids": [contact.pk for contact in contacts],
                "at": AT,
            }
        ]
        assert {said["axis"] for said in heard} == {"rfm_group", "buying_stage", "value_tier"}
        assert not MovementNotice.objects.exists()

    def test_it_goes_on_where_it_was(self, heard: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(moving, "READ", 2)
        ids = {buyer(1).pk for _one in range(5)}
        refreshing.refresh_everybody(at=AT)
        calls, later = 0, timezone.now() + 2 * ABANDONED_AFTER
        while MovementNotice.objects.exists():
            announce_left(at=later, seconds=0)
            MovementNotice.objects.update(touched_at=AT)
            calls += 1
        assert calls > 5
        for axis in ("rfm_group", "buying_stage", "value_tier"):
            assert sorted(pk for said in heard if said["axis"] == axis for pk in said["contact_ids"]) == sorted(ids)

    def test_a_listener_that_raises_keeps_no_other_from_hearing(self, heard: list[dict[str, Any]]) -> None:
        def fail(**kwargs: Any) -> None:
            raise ValueError

        contacts_moved.connect(fail)
        try:
            buyer(1)
            refreshing.refresh_everybody(at=AT)
            announce_left(at=timezone.now() + 2 * ABANDONED_AFTER)
        finally:
            contacts_moved.disconnect(fail)
        assert len(heard) == 3
        assert not MovementNotice.objects.exists()

    def test_a_run_in_which_nobody_moved_has_nothing_to_say(self) -> None:
        buyer(1)
        refreshing.refresh_everybody(at=AT)
        MovementNotice.objects.all().delete()
        refreshing.refresh_everybody(at=AT + timedelta(hours=1))
        assert not MovementNotice.objects.exists()

    def test_the_worker_looks_every_minute(self) -> None:
        (found,) = [one for one in RECURRING if one.path.endswith("segments.tasks.announce_movements")]
        assert found.minutes == 1


class TestHistory:
    def test_the_matrix_counts_who_went_where_between_two_dates(self) -> None:
        choose(
            class_count=3,
            border_kind="fixed",
            recency_borders="30, 100",
            frequency_borders="2, 3",
            monetary_borders="15, 25",
        )
        stays, goes, comes = buyer(40), buyer(99), make_contact()
        refreshing.refresh_everybody(at=AT)
        make_order(comes, [("TEA", 1, "1")], AT + timedelta(days=1))
        later = AT + timedelta(days=5)
        refreshing.refresh_everybody(at=later)
        assert rfm_movements(AT, later) == {
            ("about_to_sleep", "about_to_sleep"): 1,
            ("about_to_sleep", "lost"): 1,
            ("", "new"): 1,
        }
        assert rfm_movements(later, later + timedelta(days=9)) == {
            ("about_to_sleep", "about_to_sleep"): 1,
            ("lost", "lost"): 1,
            ("new", "new"): 1,
        }
        assert {one.contact_id: one.after for one in standings_at("rfm_group", AT)} == {
            stays.pk: "about_to_sleep",
            goes.pk: "about_to_sleep",
        }
        assert not standings_at("rfm_group", AT - timedelta(days=1)).exists()


class TestCommand:
    def test_it_works_everything_out_as_of_a_moment(self) -> None:
        contact = buyer(5)
        out = StringIO()
        call_command("precise_mail_figures", "--all", "--at", "2026-03-01T00:00Z", verbosity=0, stdout=out)
        assert out.getvalue() == "Contacts: 1\n"
        assert stages() == {contact.pk: "new"}
        assert ContactStanding.objects.get().computed_at == AT

    def test_without_all_it_does_what_is_due(self) -> None:
        contact = buyer(5)
        buyer(5)
        mark_due([contact.pk])
        out = StringIO()
        call_command("precise_mail_figures", verbosity=0, stdout=out)
        assert out.getvalue() == "Contacts: 1\n"
        assert list(ContactFigures.objects.values_list("contact", flat=True)) == [contact.pk]

    @pytest.mark.parametrize("given", [["--at", "2026-03-01"], ["--all", "--at", "yesterday"]])
    def test_it_refuses_what_it_does_not_understand(self, given: list[str]) -> None:
        with pytest.raises(CommandError):
            call_command("precise_mail_figures", *given, verbosity=0)
