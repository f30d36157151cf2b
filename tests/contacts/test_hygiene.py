"""Addresses good and bad, and cleaning them: what a look finds, what is suppressed or corrected, and back again."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from dns import resolver as dns

from tests.factories.contacts import make_contact
from wagtail_precise_mail.contacts.cleanups import Cleanup
from wagtail_precise_mail.contacts.hygiene import addresses, cleaning, domains
from wagtail_precise_mail.contacts.hygiene.addresses import Flaw, examine
from wagtail_precise_mail.contacts.models import Suppression, SuppressionReason
from wagtail_precise_mail.contacts.services import suppress
from wagtail_precise_mail.exceptions import ConfigurationError, InvalidTransition

TABLE = [
    ("ann@example.com", ""),
    ("Ann.Smith@Example.COM", ""),
    ("ann+tea@example.com", ""),
    ("o'neil@example.ie", ""),
    ("a@b.co", ""),
    ("first_last@sub.example.co.uk", ""),
    ("1234567890@qq.com", ""),
    ("jürgen@example.de", ""),
    ("ann@müller.de", ""),
    ("ann@xn--mller-kva.de", ""),
    ("用户@例子.公司", ""),
    ("иван@пример.рф", ""),
    ("x-y@gmail.com", ""),
    ("ann@gmx.net", ""),
    ("ann@mail.com", ""),
    ("", "syntax"),
    ("ann", "syntax"),
    ("ann@", "syntax"),
    ("@example.com", "syntax"),
    ("ann@example", "syntax"),
    ("ann@@example.com", "syntax"),
    ("ann smith@example.com", "syntax"),
    ("ann@exa mple.com", "syntax"),
    (".ann@example.com", "syntax"),
    ("ann..smith@example.com", "syntax"),
    ("ann.@example.com", "syntax"),
    ("ann@-example.com", "syntax"),
    ("ann@example..com", "syntax"),
    ("ann,bo@example.com", "syntax"),
    ("ann@" + "a" * 64 + ".com", "syntax"),
    ("ann@localhost", "syntax"),
    ("info@example.com", "role"),
    ("no-reply@example.com", "role"),
    ("Sales+eu@example.com", "role"),
    ("ann@mailinator.com", "disposable"),
    ("ann@box.yopmail.com", "disposable"),
    ("ann@outlok.com", "typo"),
    ("ann@hotmail.con", "typo"),
    ("ann@pаypal.com", "lookalike"),  # the second letter is Cyrillic
    ("ann@аррӏе.com", "lookalike"),  # all of them are
]


def test_the_table_has_40_addresses() -> None:
    assert len(TABLE) == 40


@pytest.mark.parametrize(("address", "flaw"), TABLE)
def test_each_address_is_classified(address: str, flaw: str) -> None:
    found = examine(address)

    assert (found.flaws[0] if found.flaws else "") == flaw, found
    assert found.is_useless == (flaw == "syntax")


def test_a_slip_comes_with_the_address_that_is_meant() -> None:
    assert examine("ann@outlok.com").suggestion == "ann@outlook.com"
    assert examine("ann@gmial.com").suggestion == "ann@gmail.com"


def test_a_domain_that_takes_no_mail_makes_an_address_useless() -> None:
    found = examine("ann@dead.example.com", resolver=lambda domain: False)

    assert found.flaws == (Flaw.NO_MAIL,)
    assert found.is_useless


def test_a_name_system_that_does_not_answer_blames_nobody() -> None:
    assert examine("ann@example.com", resolver=lambda domain: None).flaws == ()


def test_without_the_extra_the_most_common_disposable_domains_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "disposable_email_domains":
            raise ImportError
        return imported(name, *args, **kwargs)

    addresses._disposable_domains.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    try:
        assert addresses.is_disposable("mailinator.com")
        assert len(addresses._disposable_domains()) < 100
    finally:
        addresses._disposable_domains.cache_clear()


class _Names:
    """A name system of two domains."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def __call__(self, name: str, kind: str, lifetime: float) -> Any:
        answer = self.answers.get(f"{name.partition('.')[0]}_{kind}", dns.NXDOMAIN)
        if isinstance(answer, type) and issubclass(answer, Exception):
            raise answer
        return answer


class _Mx:
    def __init__(self, exchange: str) -> None:
        self.exchange = exchange


@pytest.mark.parametrize(
    ("answers", "takes"),
    [
        ({"shop_MX": [_Mx("mx.example.com.")]}, True),
        ({"shop_MX": [_Mx(".")]}, False),
        ({}, False),
        ({"shop_MX": dns.NoAnswer, "shop_A": ["192.0.2.1"]}, True),
        ({"shop_MX": dns.NoAnswer, "shop_A": dns.NoAnswer}, False),
        ({"shop_MX": dns.LifetimeTimeout}, None),
        ({"shop_MX": dns.NoNameservers}, None),
    ],
)
def test_the_resolver_reads_the_answers_of_the_name_system(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any], takes: bool | None
) -> None:
    domains.resolve_mail_domain.cache_clear()
    monkeypatch.setattr(dns, "resolve", _Names(**answers))

    assert domains.resolve_mail_domain("shop.example.com") is takes
    domains.resolve_mail_domain.cache_clear()


def looked(**given: Any) -> Cleanup:
    cleanup = cleaning.begin_cleanup(**given)
    while cleaning.look_on(cleanup.pk):
        pass
    cleanup.refresh_from_db()
    return cleanup


def nobody_home(domain: str) -> bool | None:
    """A resolver that knows one dead domain."""
    return domain != "dead.example.com"


@pytest.fixture
def dead_domains(settings: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"domain_resolver": f"{__name__}.nobody_home"}


@pytest.mark.django_db
class TestCleanup:
    def test_a_look_changes_nothing_and_what_is_applied_is_what_it_listed(self, dead_domains: None) -> None:
        for number in range(3):
            make_contact(email=f"p{number}@dead.example.com")
        make_contact(email="ann@example.com")
        make_contact(email="info@example.com")
        suppress("gone@dead.example.com", reason=SuppressionReason.MANUAL)
        make_contact(email="gone@dead.example.com")

        cleanup = looked(asks_domains=True)
        assert cleaning.counts(cleanup) == {Flaw.NO_MAIL: 3, Flaw.ROLE: 1}
        assert (cleanup.checked_count, Suppression.objects.count()) == (5, 1)
        assert cleaning.apply_cleanup(cleanup) == 3

        made = Suppression.objects.filter(reason=SuppressionReason.INVALID)
        assert made.count() == cleanup.applied_count == 3

    def test_undoing_lifts_its_suppressions_and_no_other(self, dead_domains: None) -> None:
        make_contact(email="a@dead.example.com")
        cleanup = looked(asks_domains=True)
        cleaning.apply_cleanup(cleanup)
        suppress("b@dead.example.com", reason=SuppressionReason.INVALID)

        assert cleaning.undo_cleanup(cleanup) == (1, 0)

        assert Suppression.objects.count() == 1
        assert cleanup.state == Cleanup.State.UNDONE

    def test_slips_are_corrected_and_the_history_of_the_contact_says_so(self) -> None:
        ann = make_contact(email="ann@outlok.com")
        bo, _twin = make_contact(email="bo@outlok.com"), make_contact(email="bo@outlook.com")
        cleanup = looked()

        assert cleaning.correct_typos(cleanup) == 1

        ann.refresh_from_db()
        bo.refresh_from_db()
        assert (ann.email, bo.email) == ("ann@outlook.com", "bo@outlok.com")
        entry = ann.changes.get()
        assert (entry.field, entry.old_value, entry.new_value) == ("email", "ann@outlok.com", "ann@outlook.com")
        cleaning.undo_cleanup(cleanup)
        ann.refresh_from_db()
        assert ann.email == "ann@outlok.com"

    def test_an_address_that_was_changed_once_more_is_left_alone(self) -> None:
        ann = make_contact(email="ann@outlok.com")
        cleanup = looked()
        cleaning.correct_typos(cleanup)
        ann.refresh_from_db()
        ann.email = "ann@example.com"
        ann.save()

        cleaning.undo_cleanup(cleanup)

        ann.refresh_from_db()
        assert ann.email == "ann@example.com"

    def test_looking_goes_on_in_slices_and_counts_everybody_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cleaning, "CHUNK", 2)
        for number in range(5):
            make_contact(email=f"info@x{number}.example.com")
        cleanup = cleaning.begin_cleanup()

        while cleaning.look_on(cleanup.pk, seconds=0):
            pass

        cleanup.refresh_from_db()
        assert (cleanup.checked_count, cleanup.findings.count(), cleanup.state) == (5, 5, Cleanup.State.READY)

    def test_what_was_not_found_yet_cannot_be_applied(self) -> None:
        with pytest.raises(InvalidTransition):
            cleaning.apply_cleanup(cleaning.begin_cleanup())

    def test_domains_are_asked_only_when_somebody_can(self) -> None:
        with pytest.raises(ConfigurationError, match="domain_resolver"):
            cleaning.begin_cleanup(asks_domains=True)

    def test_the_buttons_need_the_right_to_change(self) -> None:
        make_contact(email="ann@mailinator.com")
        cleanup = looked()
        user = User.objects.create_user("somebody")
        client = Client()
        client.force_login(user)
        rights = Permission.objects.filter(codename__in=["access_admin", "view_contact", "view_cleanup"])
        user.user_permissions.set(rights)
        url = reverse("precise-mail-cleanups:apply", args=[cleanup.pk])

        assert "ann@mailinator.com" in client.get(url.replace("/apply", "")).content.decode()
        assert client.post(url, {"flaws": ["disposable"]})["Location"] == "/admin/"
        assert not Suppression.objects.exists()
        user.user_permissions.add(Permission.objects.get(codename="change_cleanup"))
        client.post(url, {"flaws": ["disposable", "role"]})

        assert Suppression.objects.get().reason == SuppressionReason.INVALID
