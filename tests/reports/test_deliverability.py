"""The page about deliverability, the notice on the home page, and the command that prints the same."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from tests.delivery.domains.test_services import SHOP_NAMES
from wagtail_precise_mail.checks import check_deliverability
from wagtail_precise_mail.delivery.domains.findings import Finding, Record
from wagtail_precise_mail.delivery.domains.models import DomainDay
from wagtail_precise_mail.delivery.domains.services import check_domains
from wagtail_precise_mail.emails.senders import SenderIdentity
from wagtail_precise_mail.models import DomainReport

pytestmark = pytest.mark.django_db

AT = timezone.now()
URL = "/admin/reports/precise-mail-deliverability/"


@pytest.fixture(autouse=True)
def _shop(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {
        **settings.WAGTAIL_PRECISE_MAIL,
        "base_url": "https://www.shop.example",
        "dns_resolver": SHOP_NAMES,
    }
    SenderIdentity.objects.all().delete()
    SenderIdentity.objects.create(name="Shop", address="hello@shop.example")


def client_of(*codenames: str) -> Client:
    user = User.objects.create_user("somebody")
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", *codenames]))
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, query: str = "") -> str:
    return client.get(URL + query).content.decode()


def add_broken_sender() -> None:
    SenderIdentity.objects.create(name="Gone", address="hello@gone.example")
    check_domains(at=AT)


def test_the_page_is_for_those_who_may_see_it() -> None:
    assert reverse("precise_mail_deliverability") == URL
    client = client_of("view_campaign")
    assert client.get(URL)["Location"] == "/admin/"
    assert "precise-mail-deliverability" not in client.get("/admin/reports/site-history/").content.decode()

    User.objects.get(username="somebody").user_permissions.add(Permission.objects.get(codename="view_domainreport"))

    assert "shop.example" in page(client)


def test_before_the_first_check_the_page_says_so() -> None:
    text = page(client_of("view_domainreport"))

    assert "Nothing was checked yet" in text
    assert "Not checked yet." in text


def test_each_check_says_what_was_found_why_it_matters_and_what_to_do() -> None:
    DomainReport.objects.all().delete()
    check_domains(at=AT)
    report = DomainReport.objects.get(name="shop.example")
    record = Record("_dmarc.shop.example", "TXT", "v=DMARC1; p=none")
    finding = Finding("dmarc", "dmarc_missing", {"domain": "shop.example"}, publish=record)
    report.findings = [finding.to_json()]
    report.save()

    text = page(client_of("view_domainreport"))

    assert "shop.example has no DMARC record." in text
    assert "Gmail and Yahoo ask for one" in text
    assert "What to do:" in text
    assert "<code>_dmarc.shop.example</code>" in text
    assert "<code>v=DMARC1; p=none</code>" in text


def test_records_of_strangers_are_escaped() -> None:
    check_domains(at=AT)
    report = DomainReport.objects.get(name="shop.example")
    report.findings = [
        {
            "check": "spf",
            "code": "spf_invalid",
            "params": {"domain": "a", "term": "<script>x"},
            "found": "<b>",
            "publish": None,
        }
    ]
    report.save()

    text = page(client_of("view_domainreport"))

    assert "<script>x" not in text
    assert "&lt;script&gt;x" in text
    assert "&lt;b&gt;" in text


def test_the_worst_domain_comes_first() -> None:
    SenderIdentity.objects.create(name="Zoo", address="hello@zoo.example")
    check_domains(at=AT)

    text = page(client_of("view_domainreport"))

    assert text.index(">zoo.example<") < text.index(">shop.example<")


def test_a_view_asks_nobody_and_the_number_of_queries_is_constant() -> None:
    check_domains(at=AT)
    client = client_of("view_domainreport")
    page(client)
    with CaptureQueriesContext(connection) as first:
        page(client)
    for number in range(30):
        SenderIdentity.objects.create(name=f"S{number}", address=f"a@s{number}.example")
        for day in range(5):
            DomainDay.objects.create(
                on=timezone.localdate() - timedelta(days=day),
                sender="shop.example",
                domain=f"d{number}.example",
                outcome="accepted",
                count=3,
            )
    check_domains(at=AT)

    with CaptureQueriesContext(connection) as then:
        text = page(client)

    assert len(then) == len(first)
    assert "10 further domains" in text


def test_the_table_of_domains_has_counts_and_shares() -> None:
    today = timezone.localdate()
    for outcome, count in (("accepted", 990), ("policy", 10), ("complaint", 3)):
        DomainDay.objects.create(on=today, sender="shop.example", domain="tea.example", outcome=outcome, count=count)
    DomainDay.objects.create(on=today, sender="b.example", domain="pot.example", outcome="accepted", count=5)
    client = client_of("view_domainreport")

    text = page(client)
    assert "tea.example" in text
    assert "1.00%" in text
    assert "0.30%" in text
    assert 'href="?sender=b.example"' in text

    assert "tea.example" not in page(client, "?sender=b.example")
    assert "tea.example" in page(client, "?sender=nobody.example")


def test_the_picture_of_weeks_names_its_unit() -> None:
    DomainDay.objects.create(
        on=timezone.localdate(), sender="shop.example", domain="tea.example", outcome="accepted", count=10
    )

    chart = BeautifulSoup(page(client_of("view_domainreport")), "html.parser").find("figure", id="reputation")

    assert chart.select_one(".wpm-chart__unit").get_text() == "percent"
    assert chart.find_parent(class_="wpm-card") is None


def test_only_a_post_of_those_who_may_checks_now(django_capture_on_commit_callbacks) -> None:
    client = client_of("view_domainreport")
    check = reverse("precise_mail_deliverability_check")
    assert "Check now" not in page(client)
    assert client.post(check)["Location"] == "/admin/"

    User.objects.get(username="somebody").user_permissions.add(Permission.objects.get(codename="check_domainreport"))
    assert "Check now" in page(client)
    assert client.get(check).status_code == 405
    assert not OrmQ.objects.exists()

    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(check)["Location"] == URL

    assert OrmQ.objects.count() == 2
    assert not DomainReport.objects.exists()


def test_without_the_extra_the_page_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wagtail_precise_mail.delivery.domains.services.PACKAGES", ("not_installed_anywhere",))

    text = page(client_of("view_domainreport", "check_domainreport"))

    assert "wagtail-precise-mail[deliverability]" in text
    assert "Check now" not in text


def test_the_home_page_tells_of_broken_domains_to_those_who_may_see_them() -> None:
    add_broken_sender()

    text = client_of("view_domainreport").get("/admin/").content.decode()

    assert "Mail may not arrive" in text
    assert "<strong>gone.example</strong>: The domain itself" in text
    assert "<strong>shop.example</strong>" not in text


@pytest.mark.parametrize("codename", ["view_campaign", "view_domainreport"])
def test_the_home_page_is_silent_otherwise(codename: str) -> None:
    if codename == "view_campaign":
        add_broken_sender()
    else:
        check_domains(at=AT)

    assert "Mail may not arrive" not in client_of(codename).get("/admin/").content.decode()


def command(*args: str) -> str:
    out = StringIO()
    call_command("precise_mail_check_domains", *args, stdout=out)
    return out.getvalue()


def test_the_command_prints_what_the_page_shows() -> None:
    text = command()

    assert "shop.example (mail comes from it): not known" in text
    assert "  good: Who may send (SPF)" in text
    assert "    Found: v=spf1 ip4:192.0.2.10 mx -all" in text
    assert command("--stored") == text


def test_the_stored_report_asks_nobody() -> None:
    assert command("--stored") == ""


def test_the_command_fails_for_a_monitor_when_something_is_broken() -> None:
    command("--fail")
    add_broken_sender()

    with pytest.raises(SystemExit) as caught:
        command("--fail", "--stored")

    assert caught.value.code == 1


def test_the_command_names_the_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wagtail_precise_mail.delivery.domains.services.PACKAGES", ("not_installed_anywhere",))

    with pytest.raises(CommandError, match="deliverability"):
        command()


def test_a_site_without_the_extra_is_told_by_check(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_deliverability(None) == []

    monkeypatch.setattr("wagtail_precise_mail.delivery.domains.services.PACKAGES", ("not_installed_anywhere",))

    assert [message.id for message in check_deliverability(None)] == ["wagtail_precise_mail.I007"]
