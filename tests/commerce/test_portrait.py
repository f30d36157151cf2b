"""The portrait on a contact's profile, the settings of figures, and the warning of old ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from tests.contacts.colleagues import client_with
from tests.factories.commerce import make_category, make_order, make_product
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.figuring import refreshing
from wagtail_precise_mail.commerce.figuring.rfm import RfmGroup
from wagtail_precise_mail.commerce.models import ContactForecast, ForecastModel
from wagtail_precise_mail.commerce.personal_data import FigureData
from wagtail_precise_mail.contacts.freshness import note_success, stale_jobs
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.portrait import PortraitPanel
from wagtail_precise_mail.segments.axes import axes
from wagtail_precise_mail.segments.moving import contacts_moved

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def facts_of(contact: Contact) -> dict[str, tuple[str, str]]:
    return {str(fact.label): (fact.value, fact.evidence) for fact in PortraitPanel().context(contact)["facts"]}


def a_buyer() -> Contact:
    contact = make_contact(time_zone="Europe/Berlin")
    tea = make_product(category=make_category(name="Tea"), brand_name="Leaf")
    for days in (40, 20):
        make_order(contact, [(tea, 2, "10")], AT - timedelta(days=days), discount_total=5)
    refreshing.refresh_everybody(at=AT)
    return contact


def test_each_fact_has_its_evidence_and_when_it_was_worked_out() -> None:
    """C037."""
    contact = a_buyer()
    model = ForecastModel.objects.create(fitted_at=AT)
    ContactForecast.objects.create(
        contact=contact,
        model=model,
        next_order_on=date(2026, 3, 11),
        next_order_from=date(2026, 3, 2),
        next_order_until=date(2026, 4, 1),
    )
    facts = facts_of(contact)
    assert facts["Buying stage"][0] == "mature"
    assert "180 days" in facts["Buying stage"][1]
    assert facts["RFM group"] == ("lost", "Recency 1, frequency 1, monetary value 1")
    assert facts["Value"][0] == "top"
    assert facts["Favorite category"] == ("Tea", "4 of 4 pieces")
    assert facts["Favorite brand"] == ("Leaf", "4 of 4 pieces")
    assert facts["Price band"] == ("about £10.00 a piece", "4 pieces")
    assert facts["Discounts"] == ("20.0 percent off on average", "£10.00 in all")
    assert facts["Preferred hour"] == ("13:00–14:00", "Most of 2 orders, on the clocks of Europe/Berlin")
    assert facts["Own rhythm"][0] == "an order every 20.0 days"
    assert facts["Next order"][0] == "March 11, 2026"
    assert all(fact.computed_at == AT for fact in PortraitPanel().context(contact)["facts"])


def test_a_prospect_is_called_one() -> None:
    assert facts_of(make_contact()) == {"Buying stage": ("prospect", "No order")}


def test_the_panel_is_for_those_who_may_see_contacts() -> None:
    url = reverse("precise-mail-contacts:panel", args=[a_buyer().pk, "portrait"])
    page = client_with("view_contact").get(url)
    assert page.status_code == 200
    assert "an order every 20.0 days" in page.content.decode()
    assert client_with("view_product").get(url).status_code in (302, 403)


def test_an_export_has_what_was_worked_out() -> None:
    contact = a_buyer()
    found = FigureData().collect(contact)
    assert found["figures"][0]["favorite_category__name"] == "Tea"
    assert found["standing"][0]["buying_stage"] == "mature"
    assert {row["axis"] for row in found["movements"]} == {"rfm_group", "buying_stage", "value_tier"}


def test_old_figures_are_told_on_the_home_page() -> None:
    """C079: older than twice the cycle of a day."""
    now = timezone.now()
    note_success(refreshing.JOB, now - timedelta(hours=49))
    page = client_with("view_contact").get(reverse("wagtailadmin_home")).content.decode()
    assert "precise-mail-stale-jobs" in page
    assert (
        "precise-mail-stale-jobs" not in client_with("view_product").get(reverse("wagtailadmin_home")).content.decode()
    )
    note_success(refreshing.JOB, now - timedelta(hours=47))
    page = client_with("view_contact").get(reverse("wagtailadmin_home")).content.decode()
    assert "precise-mail-stale-jobs" not in page


def test_what_was_never_worked_out_is_old_once_there_are_orders() -> None:
    def names(at: datetime) -> list[str]:
        return [job.key for job in stale_jobs(at)]

    assert refreshing.JOB not in names(AT)
    make_order(make_contact(), [("TEA", 1, "1")], recorded_at=AT)
    assert refreshing.JOB not in names(AT + timedelta(hours=47))
    assert refreshing.JOB in names(AT + timedelta(hours=48))


def test_settings_show_the_borders_that_hold_and_need_permission() -> None:
    a_buyer()
    url = reverse("wagtailsettings:edit", args=["wagtail_precise_mail", "figuresettings"])
    page = client_with("change_figuresettings").get(url, follow=True)
    assert "180 days" in page.content.decode()
    assert client_with("view_contact").get(url).status_code in (302, 403)


def test_a_shift_of_the_main_category_is_flagged_on_the_profile_and_named_in_the_export(
    django_capture_on_commit_callbacks: Any,
) -> None:
    """C047."""
    contact, heard = a_buyer(), []
    pots = make_product(category=make_category(name="Pots"))
    make_order(contact, [(pots, 9, "10")], AT)

    def listen(axis: str, contact_ids: list[int], **kwargs: Any) -> None:
        heard.append((axis, contact_ids))

    contacts_moved.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            refreshing.refresh_everybody(at=AT + timedelta(days=1))
    finally:
        contacts_moved.disconnect(listen)
    with time_machine.travel(AT + timedelta(days=2)):
        facts = {fact.label: fact for fact in PortraitPanel().context(contact)["facts"]}
    assert facts["Main category shifted"].value == "Tea → Pots"
    assert facts["Main category shifted"].is_flagged
    moves = [row for row in FigureData().collect(contact)["movements"] if row["axis"] == "category"]
    assert [(row["before"], row["after"]) for row in moves] == [("Tea", "Pots")]
    assert ("category", [contact.pk]) in heard


def test_places_have_names() -> None:
    category = make_category(name="Tea")
    assert axes.get("category").name_of(str(category.pk)) == "Tea"
    assert axes.get("rfm_group").choices() == list(RfmGroup.choices)
