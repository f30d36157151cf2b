"""Looking at every domain, and keeping what was found."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from wagtail.models import Site

from tests.delivery.domains.zones import resolver
from wagtail_precise_mail.contacts.freshness import stale_jobs
from wagtail_precise_mail.delivery import tasks
from wagtail_precise_mail.delivery.domains.dns import MemoryResolver, configured_resolver
from wagtail_precise_mail.delivery.domains.services import check_domains, is_available
from wagtail_precise_mail.emails.senders import SenderIdentity
from wagtail_precise_mail.exceptions import ConfigurationError
from wagtail_precise_mail.models import DomainReport

pytestmark = pytest.mark.django_db

AT = timezone.now()


class ShopNames(MemoryResolver):
    """What the settings name in these tests."""

    def __init__(self) -> None:
        super().__init__(resolver().zones)


SHOP_NAMES = f"{__name__}.ShopNames"


@pytest.fixture(autouse=True)
def _shop(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {
        **settings.WAGTAIL_PRECISE_MAIL,
        "base_url": "https://www.shop.example",
        "sending_hosts": ["mail.shop.example"],
        "dns_resolver": SHOP_NAMES,
    }
    SenderIdentity.objects.all().delete()
    SenderIdentity.objects.create(name="Shop", address="hello@shop.example")


def report_of(name: str) -> DomainReport:
    return DomainReport.objects.get(name=name)


def test_senders_links_and_servers_are_looked_at() -> None:
    reports = check_domains(at=AT)

    assert {(report.role, report.name): report.level for report in reports} == {
        ("hosts", ""): "good",
        ("sender", "shop.example"): "unknown",  # nothing has left yet, so of its headers nothing is known
        ("links", "https://www.shop.example"): "good",
    }
    assert report_of("shop.example").checked_at == AT


def test_senders_of_one_domain_are_one_report() -> None:
    SenderIdentity.objects.create(name="Ruth", address="ruth@shop.example")

    check_domains(at=AT)

    assert DomainReport.objects.filter(role="sender").count() == 1


def test_a_domain_in_other_letters_is_asked_about_as_it_stands_in_the_name_system() -> None:
    SenderIdentity.objects.create(name="Müller", address="post@müller.example")

    check_domains(at=AT)

    assert [finding.code for finding in report_of("xn--mller-kva.example").found][:1] == ["domain_missing"]


def test_the_next_look_replaces_the_last_and_forgets_domains_that_are_gone() -> None:
    check_domains(at=AT)
    SenderIdentity.objects.all().delete()
    SenderIdentity.objects.create(name="New", address="hello@new.example")

    check_domains(at=AT + timedelta(days=1))

    senders = DomainReport.objects.filter(role="sender")
    assert [(report.name, report.level) for report in senders] == [("new.example", "broken")]


def test_two_sites_without_a_common_address_are_two_places_of_links(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "base_url": ""}
    site = Site.objects.get(is_default_site=True)
    Site.objects.create(hostname="tea.example", port=443, root_page=site.root_page)

    check_domains(at=AT)

    assert DomainReport.objects.filter(role="links").count() == 2


def test_the_task_of_the_night_needs_no_extra(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks.check_domains()
    assert DomainReport.objects.exists()
    DomainReport.objects.all().delete()

    monkeypatch.setattr("wagtail_precise_mail.delivery.domains.services.PACKAGES", ("not_installed_anywhere",))
    tasks.check_domains()

    assert not is_available()
    assert not DomainReport.objects.exists()


def test_the_home_page_warns_when_nobody_looked_for_days() -> None:
    check_domains(at=AT)

    assert "check_domains" not in [job.key for job in stale_jobs(AT + timedelta(hours=47))]
    assert "check_domains" in [job.key for job in stale_jobs(AT + timedelta(hours=49))]


def test_the_settings_choose_who_is_asked(settings: Settings) -> None:
    assert isinstance(configured_resolver(), ShopNames)

    settings.WAGTAIL_PRECISE_MAIL = {"dns_resolver": "tests.nowhere.Names"}
    with pytest.raises(ConfigurationError, match="dns_resolver"):
        configured_resolver()

    settings.WAGTAIL_PRECISE_MAIL = {"dns_resolver": "collections.Counter"}
    with pytest.raises(ConfigurationError, match="Resolver"):
        configured_resolver()
