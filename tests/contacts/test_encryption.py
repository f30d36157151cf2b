"""Personal data at rest: what a dump of the database shows, new keys, and what still works."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from wagtail.models import ModelLogEntry

import wagtail_precise_mail
from tests.contacts.test_rights import SECRETS, make_person
from tests.factories.contacts import make_contact
from tests.factories.delivery import make_message, make_send
from tests.factories.imports import described
from wagtail_precise_mail.contacts import address_keys, merging, rekeying, services, suppressing
from wagtail_precise_mail.contacts.addresses import address_hash
from wagtail_precise_mail.contacts.duplicates import find_duplicates
from wagtail_precise_mail.contacts.imports import ImportPiece
from wagtail_precise_mail.contacts.merges import ContactMerge, DuplicatePair
from wagtail_precise_mail.contacts.models import Contact, Suppression, SuppressionReason
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.seeds.models import SeedAddress
from wagtail_precise_mail.exceptions import ConfigurationError
from wagtail_precise_mail.renewing import encrypted_columns
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.services import record_click

pytestmark = pytest.mark.django_db

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
FIRST, SECOND = "the first secret, long enough to be one", "the second secret, long enough to be one"
# The ledger only grows, and segments ask for cities and further fields: these stay in clear, as the docs say.
HIDDEN = [word for word in SECRETS if word not in ("quince", "xk-4711", "198.51.100.7")]
# A field in the body of a model, with or without its type.
_ENCRYPTED = re.compile(r"^    (\w+)(?:: \w+)? = Encrypted\w+Field\(", re.MULTILINE)
IN_CLEAR = {"wagtail_precise_mail_consentchange"}


def use(settings: Settings, *keys: str, secrets: tuple[str, ...] = (FIRST,)) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"encryption_keys": list(keys), "address_keys": list(secrets)}


def renew(*args: str) -> str:
    out = StringIO()
    call_command("precise_mail_encrypt", *args, stdout=out)
    return out.getvalue()


def dump() -> dict[str, str]:
    """Every table as the database has it, in lower case."""
    tables = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows = [[bytes(cell) if isinstance(cell, memoryview) else cell for cell in row] for row in cursor]
            tables[table] = str(rows).lower()
    return tables


def leaks(*words: str) -> dict[str, list[str]]:
    found = {table: [word for word in words if word in text] for table, text in dump().items() if table not in IN_CLEAR}
    return {table: words for table, words in found.items() if words}


@pytest.fixture
def encrypted(settings: Settings) -> None:
    use(settings, NEW)


@pytest.fixture
def boss() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss", "boss@shop.example", "x"))
    return client


def make_traces() -> Contact:
    """Somebody whose words are in every table that may have them."""
    contact = make_person()
    ModelLogEntry.objects.all().delete()  # made by the test for the erasure, with an address of its own
    twin = make_contact(email="zelda.fitz@example.org", first_name="Zelda", last_name="Fitz")
    merging.merge_contacts(contact, [twin], by=None)
    described("email,first_name\nzelda.fitz@example.net,Zelda\n")
    suppressing.suppress("zelda.fitz@example.info", reason=SuppressionReason.MANUAL, detail="Zelda asked")
    return contact


class TestDump:
    def test_the_words_are_there_in_clear_without_keys(self, settings: Settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {}
        make_traces()
        assert {"wagtail_precise_mail_contact", "wagtail_precise_mail_outboxmessage"} <= set(leaks(*HIDDEN))

    @pytest.mark.usefixtures("encrypted")
    def test_no_address_and_no_name_is_in_clear(self) -> None:
        contact = make_traces()
        # Made by hand in the test; the next one follows a real click.
        MessageEvent.objects.update(url="", user_agent="")
        assert leaks(*HIDDEN) == {}
        contact.refresh_from_db()
        assert (contact.email, contact.full_name) == ("Zelda.Fitz@example.com", "Zelda Fitz")

    @pytest.mark.usefixtures("encrypted")
    def test_a_click_keeps_where_it_led_and_not_who_the_link_names(self) -> None:
        contact = make_contact(email="zelda.fitz@example.com")
        message = make_message(make_send(), contact, state=OutboxMessage.State.ACCEPTED)
        for url in ("https://shop.example.com/tea/?mail=zelda.fitz%40example.com", "https://shop.example.com/?q=tea"):
            record_click(message.pk, link_index=0, url=url)
        urls = MessageEvent.objects.order_by("pk").values_list("url", flat=True)
        assert list(urls) == ["https://shop.example.com/tea/", "https://shop.example.com/?q=tea"]

    def test_addresses_cannot_be_guessed_from_their_keys(self, settings: Settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {}
        guess = address_hash("zelda@example.com")
        use(settings, NEW)
        make_contact(email="zelda@example.com")
        suppressing.suppress("zelda@example.com", reason=SuppressionReason.MANUAL)
        assert leaks(guess) == {}


class TestRenewal:
    def test_what_was_in_clear_is_encrypted_and_everything_is_found(self, settings: Settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {}
        contact = make_traces()
        MessageEvent.objects.update(url="", user_agent="")
        message = OutboxMessage.objects.get(contact=contact)
        use(settings, NEW)
        with pytest.raises(CommandError, match="Run"):
            renew("--check")

        renew()

        assert leaks(*HIDDEN) == {}
        assert "as the settings say" in renew("--check")
        assert Contact.objects.with_address("ZELDA.fitz@example.com").get().first_name == "Zelda"
        assert services.upsert_contact("zelda.fitz@example.com").pk == contact.pk
        assert OutboxMessage.objects.get(pk=message.pk).address == message.address
        assert suppressing.suppress("zelda.fitz@example.info", reason=SuppressionReason.MANUAL).pk
        assert Suppression.objects.filter(address_hash=address_hash("zelda.fitz@example.info")).count() == 1
        assert b"zelda.fitz@example.net" in bytes(ImportPiece.objects.get().data)

    def test_a_merge_from_before_is_undone(self, settings: Settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {}
        keep, other = make_contact(), make_contact(email="zelda@example.com")
        merging.merge_contacts(keep, [other], by=None)
        use(settings, NEW)
        renew()

        (back,) = merging.undo_merge(ContactMerge.objects.get(), by=None)

        assert Contact.objects.with_address("zelda@example.com").get() == back

    def test_a_new_key_takes_the_place_of_the_old_and_can_be_alone(self, settings: Settings) -> None:
        use(settings, OLD)
        contact = make_traces()
        use(settings, NEW, OLD)
        renew()
        use(settings, NEW)
        contact.refresh_from_db()
        assert contact.email == "Zelda.Fitz@example.com"
        assert ContactMerge.objects.get().record["others"][0]["first_name"] == "Zelda"
        assert "as the settings say" in renew("--check")

    def test_a_second_run_has_nothing_to_do(self, settings: Settings) -> None:
        use(settings, OLD)
        make_traces()
        use(settings, NEW, OLD)
        renew()
        assert {line.rpartition(": ")[2] for line in renew().split("\n") if line.strip()} == {"0"}

    def test_a_second_secret_keeps_every_lookup(self, settings: Settings) -> None:
        use(settings, NEW)
        contact = make_contact(email="zelda@example.com")
        gone = make_contact(email="gone@example.com")
        suppressing.suppress(gone.email, reason=SuppressionReason.MANUAL)
        gone.delete()
        use(settings, NEW, secrets=(FIRST, SECOND))
        assert rekeying.count_stale_keys() == 2

        renew()

        assert Contact.objects.with_address("zelda@example.com").get() == contact
        assert Suppression.objects.get().address_hash == address_hash("gone@example.com")
        assert Suppression.objects.get().address_hash.startswith("2:")

    def test_a_message_of_an_erased_person_stays_as_it_is(self, settings: Settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {}
        message = make_message(make_send(), make_contact(), recipient_key="erased-7")
        use(settings, NEW)
        renew()
        message.refresh_from_db()
        assert message.recipient_key == "erased-7"

    def test_back_to_clear(self, settings: Settings) -> None:
        use(settings, NEW)
        contact = make_traces()
        use(settings, "", NEW)
        renew()
        use(settings)
        contact.refresh_from_db()
        assert contact.email == "Zelda.Fitz@example.com"
        assert "wagtail_precise_mail_contact" in leaks("zelda.fitz@example.com")

    def test_all_keys_of_addresses_or_none(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {}
        contact = make_contact()
        before = contact.address_hash
        suppressing.suppress(contact.email, reason=SuppressionReason.MANUAL)
        use(settings, NEW)
        real, done = rekeying.keyed, []

        def fail_later(key: str) -> str:
            done.append(key)
            if len(done) > 1:
                raise IntegrityError
            return real(key)

        monkeypatch.setattr(rekeying, "keyed", fail_later)
        with pytest.raises(IntegrityError):
            rekeying.rekey()
        contact.refresh_from_db()
        assert contact.address_hash == before

    def test_the_columns_of_keys_are_known(self) -> None:
        found = {f"{model.__name__}.{name}" for model, name in rekeying.key_columns()}
        assert found == {
            "Bounce.recipient_key",
            "Contact.address_hash",
            "FormerContact.address_hash",
            "ImportedRow.address_hash",
            "OutboxMessage.recipient_key",
            "SubjectRequest.address_hash",
            "Suppression.address_hash",
            "WelcomeCoupon.address_hash",
        }

    def test_every_encrypted_field_that_is_written_down_is_renewed(self) -> None:
        package = Path(wagtail_precise_mail.__file__).parent
        paths = [path for path in package.rglob("*.py") if "migrations" not in path.parts]
        written = [name for path in paths for name in _ENCRYPTED.findall(path.read_text())]
        walked = [field.name for fields in encrypted_columns().values() for field in fields]
        assert sorted(walked) == sorted(written)
        assert SeedAddress._meta.get_field("mailbox") in encrypted_columns()[SeedAddress]

    def test_the_password_of_a_seed_mailbox_follows_the_keys(self, settings: Settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {}
        url = "imaps://seed:s3cret@imap.example.com/INBOX"
        seed = SeedAddress.objects.create(address="seed@example.com", mailbox=url)
        assert leaks("s3cret")
        for keys in ([OLD], [NEW, OLD], [NEW]):
            use(settings, *keys)
            renew()
            seed.refresh_from_db()
            assert seed.mailbox == url
            assert leaks("s3cret") == {}

    def test_a_new_key_is_one(self, settings: Settings) -> None:
        key = renew("--new-key").strip()
        use(settings, key)
        contact = make_contact(first_name="Zelda")
        contact.refresh_from_db()
        assert contact.first_name == "Zelda"


class TestGuard:
    @pytest.fixture(autouse=True)
    def _fresh(self) -> None:
        address_keys.require_fitting_keys.cache_clear()

    def test_other_keys_than_those_of_the_stored_addresses_stop_everything(self, settings: Settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {}
        make_contact()
        use(settings, NEW)
        with pytest.raises(ConfigurationError, match="precise_mail_encrypt"):
            address_keys.require_fitting_keys()
        renew()
        address_keys.require_fitting_keys()

    def test_a_key_that_was_taken_away_does_too(self, settings: Settings) -> None:
        use(settings, NEW)
        suppressing.suppress("zelda@example.com", reason=SuppressionReason.MANUAL)
        settings.WAGTAIL_PRECISE_MAIL = {}
        with pytest.raises(ConfigurationError, match="Never take a key away"):
            address_keys.require_fitting_keys()

    def test_it_looks_once(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(4):
            address_keys.require_fitting_keys()
            address_keys.require_fitting_keys()


@pytest.mark.usefixtures("encrypted")
class TestAdmin:
    def test_a_whole_address_finds_its_contact(self, boss: Client) -> None:
        make_contact(email="zelda@example.com", first_name="Zelda")
        make_contact(email="bo@example.com", first_name="Bo")
        html = boss.get(reverse("precise-mail-contacts:index"), {"q": "Zelda@Example.com"}).content.decode()
        assert "zelda@example.com" in html
        assert "bo@example.com" not in html

    def test_a_name_finds_nobody_and_is_told_why(self, boss: Client) -> None:
        make_contact(email="zelda@example.com", first_name="Zelda")
        html = boss.get(reverse("precise-mail-contacts:index"), {"q": "zelda"}).content.decode()
        assert "Names and addresses are encrypted here" in html

    def test_the_listing_offers_no_order_by_what_is_encrypted(self, boss: Client) -> None:
        make_contact()
        html = boss.get(reverse("precise-mail-contacts:index")).content.decode()
        assert "ordering=created_at" in html
        assert "ordering=email" not in html
        assert "ordering=last_name" not in html

    def test_suppressed_addresses_are_shown(self, boss: Client) -> None:
        contact = make_contact(email="zelda@example.com")
        suppressing.suppress(contact.email, reason=SuppressionReason.MANUAL)
        assert "zelda@example.com" in boss.get(reverse("precise-mail-suppressions:index")).content.decode()

    def test_messages_are_found_by_a_whole_address(self, boss: Client) -> None:
        send = make_send()
        for name in ("zelda", "bo"):
            contact = make_contact(email=f"{name}@example.com")
            make_message(send, contact, recipient_key=contact.address_hash)
        html = boss.get(reverse("precise_mail_outbox", args=[send.pk]), {"q": "zelda@example.com"}).content.decode()
        assert "zelda" in html
        assert ">bo" not in html

    def test_changing_a_name_logs_no_name(self, boss: Client) -> None:
        contact = make_contact(email="zelda@example.com", first_name="Zelda")
        url = reverse("precise-mail-contacts:edit", args=[contact.pk])
        form = boss.get(url).context["form"]
        values = {name: form[name].value() for name in form.fields}
        data = {name: "" if value is None else value for name, value in values.items()}
        answer = boss.post(url, {**data, "first_name": "Zelma", "attributes": "{}"})
        assert answer.status_code == 302, answer.context["form"].errors
        assert leaks("zelda", "zelma") == {}

    def test_duplicates_are_found(self) -> None:
        make_contact(email="zelda.fitz@gmail.com")
        make_contact(email="zeldafitz+shop@googlemail.com")
        make_contact(email="zelda@example.com")
        make_contact(email="zеlda@example.com")  # with a Cyrillic letter
        assert find_duplicates() == 2
        assert set(DuplicatePair.objects.values_list("reason", flat=True)) == {"same_mailbox", "lookalike"}
