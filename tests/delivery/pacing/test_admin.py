"""The screens of limits, plans, seeds and alarms: who may open them, and what they do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories.delivery import make_send
from tests.factories.emails import make_identity
from tests.factories.pacing import limit, make_alarm, make_plan
from wagtail_precise_mail.delivery.admin.pacing.limits import hosted_words
from wagtail_precise_mail.delivery.channels import MemoryChannel, channel_label, channels
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.delivery.pacing.models import Alarm, HostedDomain, SendingLimit, WarmUp
from wagtail_precise_mail.delivery.pacing.slowing import slow_down
from wagtail_precise_mail.delivery.pacing.warming import take_volume
from wagtail_precise_mail.delivery.seeds.models import SeedAddress

pytestmark = pytest.mark.django_db


def client(*codenames: str) -> Client:
    user = User.objects.create_user(f"user{User.objects.count()}")
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", *codenames]))
    client = Client()
    client.force_login(user)
    return client


def test_a_limit_is_added_by_one_choice() -> None:
    data = {"target": "group:gmail", "count": "20000", "period": "hour"}
    client("add_sendinglimit").post(reverse("precise-mail-limits:add"), data)
    row = SendingLimit.objects.get()
    assert (row.scope, row.key, row.count, row.period) == ("group", "gmail", 20_000, "hour")


def test_senders_and_their_domains_can_be_chosen() -> None:
    make_identity(address="news@shop.example")
    body = client("add_sendinglimit").get(reverse("precise-mail-limits:add")).content.decode()
    assert 'value="sender:shop.example"' in body
    assert 'value="sender:news@shop.example"' in body


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"target": "group:gmail", "count": "5", "period": "hour"}, "There is such a limit"),
        ({"target": "group:nobody", "count": "5", "period": "hour"}, "Select a valid choice"),
        ({"target": "group:qq", "count": "0", "period": "hour"}, "greater than or equal to 1"),
    ],
)
def test_a_wrong_limit_is_refused_beside_its_field(data: dict[str, str], words: str) -> None:
    limit("gmail", 10)
    response = client("add_sendinglimit").post(reverse("precise-mail-limits:add"), data)
    assert words in response.content.decode()
    assert SendingLimit.objects.count() == 1


def test_limits_read_as_sentences_with_what_is_left() -> None:
    limit("gmail", 20_000)
    slow_down("gmail", reply="421 4.7.0 slower", at=timezone.now())
    body = client("view_sendinglimit").get(reverse("precise-mail-limits:index")).content.decode()
    assert "Gmail: 20,000 mails per hour" in body
    assert "1,000 of 1,000; slowed to 50%, as the provider asked" in body


def test_the_list_names_some_of_the_domains_that_a_provider_hosts() -> None:
    limit("gmail", 20_000)
    limit("yahoo", 10_000)
    for name in ["d", "b", "a", "c", "e"]:
        HostedDomain.objects.create(domain=f"{name}.example", group="gmail", looked_at=timezone.now())
    HostedDomain.objects.create(domain="own.example", looked_at=timezone.now())
    body = client("view_sendinglimit").get(reverse("precise-mail-limits:index")).content.decode()
    assert "a.example, b.example, c.example and 2 more" in body
    assert "own.example" not in body
    assert body.count("also counted:") == 1


def test_few_hosted_domains_are_all_named() -> None:
    assert hosted_words([]) == ""
    assert hosted_words(["a.example", "b.example", "c.example"]) == "a.example, b.example, c.example"


@pytest.mark.parametrize(
    ("scope", "key", "count", "period", "words"),
    [
        ("group", "gmail", 20_000, "hour", "Gmail: 20,000 mails per hour"),
        ("group", "gone", 1, "second", "gone: 1 mail per second"),
        ("sender", "shop.example", 500, "minute", "From shop.example: 500 mails per minute"),
        ("channel", "smtp", 100_000, "day", "Channel SMTP server: 100,000 mails per day"),
    ],
)
def test_a_limit_is_a_sentence_with_its_unit(scope: str, key: str, count: int, period: str, words: str) -> None:
    assert str(limit(key, count, period, scope)) == words


@pytest.mark.parametrize(
    ("name", "codename", "words"),
    [
        ("limits", "sendinglimit", "is a sane first one"),
        ("warm-ups", "warmup", "A new sender domain needs one"),
        ("seeds", "seedaddress", "Open a mailbox of your own at each provider"),
    ],
)
def test_an_empty_list_says_what_to_do(name: str, codename: str, words: str) -> None:
    body = client(f"view_{codename}").get(reverse(f"precise-mail-{name}:index")).content.decode()
    assert words in body


def test_a_limit_offers_channels_by_their_labels_and_those_of_others_by_their_keys() -> None:
    class PigeonChannel(MemoryChannel):
        label = ""

    with channels.temporarily("pigeon", PigeonChannel):
        page = client("add_sendinglimit").get(reverse("precise-mail-limits:add")).content.decode()
    assert '<option value="channel:smtp">SMTP server</option>' in page
    assert '<option value="channel:pigeon">pigeon</option>' in page


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("django", "Django's email backend"),
        ("django:newsletters", "Django's email backend (newsletters)"),
        ("gone", "gone"),
        ("gone:away", "gone:away"),
    ],
)
def test_a_channel_is_called_by_its_label_and_its_argument(name: str, words: str) -> None:
    assert channel_label(name) == words


def test_phones_read_below_the_title_what_has_no_column_there() -> None:
    limit("gmail", 100)
    make_plan([500, 1000])
    SeedAddress.objects.create(address="me@gmail.com", problem="no login", mailbox="imaps://a:b@c.example/")
    small = '<small class="wpm-narrow-only">'
    for name, codename, details in [
        ("limits", "sendinglimit", ["may leave at once: 10 of 10"]),
        ("warm-ups", "warmup", ["day 1 of 2"]),
        ("seeds", "seedaddress", ["Gmail", "no login"]),
    ]:
        body = client(f"view_{codename}").get(reverse(f"precise-mail-{name}:index")).content.decode()
        for detail in details:
            assert f"{small}{detail}</small>" in body


def test_a_changed_limit_wakes_what_waits() -> None:
    row = limit("gmail", 1, "day")
    send = make_send(held_until=timezone.now() + timedelta(hours=5), held_by="provider")
    data = {"target": "group:gmail", "count": "5000", "period": "day"}
    client("change_sendinglimit").post(reverse("precise-mail-limits:edit", args=[row.pk]), data)
    send.refresh_from_db()
    assert send.held_until is None


def test_a_plan_is_written_as_numbers_with_commas() -> None:
    make_identity(address="news@shop.example")
    data = {"domain": "shop.example", "volumes": "50, 100,200", "started_on": "2026-03-02", "is_active": "on"}
    client("add_warmup").post(reverse("precise-mail-warm-ups:add"), data)
    assert WarmUp.objects.get().volumes == [50, 100, 200]


@pytest.mark.parametrize("volumes", ["", "50, many", "50, 0", "-5", "1.5"])
def test_a_plan_of_something_else_is_refused(volumes: str) -> None:
    make_identity(address="news@shop.example")
    data = {"domain": "shop.example", "volumes": volumes, "started_on": "2026-03-02", "is_active": "on"}
    response = client("add_warmup").post(reverse("precise-mail-warm-ups:add"), data)
    assert (response.status_code, WarmUp.objects.count()) == (200, 0)


def test_the_list_of_plans_shows_what_is_left_of_today() -> None:
    plan = make_plan([500, 1000])
    take_volume(plan, 120, at=timezone.now())
    body = client("view_warmup").get(reverse("precise-mail-warm-ups:index")).content.decode()
    assert "day 1 of 2" in body
    assert "380 of 500" in body


def test_the_mailbox_of_a_seed_is_stored_and_never_shown() -> None:
    url = "imaps://me:s3cret@imap.example.com/INBOX"
    someone = client("add_seedaddress", "change_seedaddress")
    someone.post(reverse("precise-mail-seeds:add"), {"address": "Me@Gmail.com", "mailbox_url": url, "is_active": "on"})
    seed = SeedAddress.objects.get()
    assert (seed.address, seed.mailbox) == ("me@gmail.com", url)
    edit = reverse("precise-mail-seeds:edit", args=[seed.pk])
    assert "s3cret" not in someone.get(edit).content.decode()
    someone.post(edit, {"address": "me@gmail.com", "mailbox_url": "", "is_active": "on"})
    seed.refresh_from_db()
    assert seed.mailbox == url
    someone.post(edit, {"address": "me@gmail.com", "mailbox_url": "", "forgets_mailbox": "on"})
    seed.refresh_from_db()
    assert (seed.mailbox, seed.is_active) == ("", False)


def test_alarms_are_shown_to_whoever_may_see_them() -> None:
    make_alarm()
    assert client("view_alarm").get(reverse("precise_mail_alarms")).status_code == 200
    assert client("view_domainreport").get(reverse("precise_mail_alarms")).status_code == 302


def test_only_whoever_may_lets_a_sender_go_on() -> None:
    alarm = make_alarm()
    address = reverse("precise_mail_alarms_resume", args=[alarm.pk])
    assert b"Let this sender go on" not in client("view_alarm").get(reverse("precise_mail_alarms")).content
    client("view_alarm").post(address)
    assert Alarm.objects.get().ended_at is None
    allowed = client("view_alarm", "resume_alarm")
    assert allowed.get(address).status_code == 405
    allowed.post(address)
    assert Alarm.objects.get().ended_by is not None


def test_the_page_of_alarms_names_what_is_paused() -> None:
    make_alarm()
    send = make_send(state=Send.State.PAUSED)
    body = client("view_alarm").get(reverse("precise_mail_alarms")).content.decode()
    assert reverse("precise_mail_outbox", args=[send.pk]) in body


def test_the_home_page_warns_of_a_stopped_sender() -> None:
    make_alarm()
    assert (
        "called mail from example.com spam" in client("view_alarm").get(reverse("wagtailadmin_home")).content.decode()
    )
    assert "called mail" not in client().get(reverse("wagtailadmin_home")).content.decode()
