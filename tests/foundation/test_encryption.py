"""Values encrypted by themselves, and the settings that say how."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError
from pytest_django import Settings

from tests.factories.contacts import make_contact
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.encryption import MARK, current_mark, decrypt, decrypt_bytes, encrypt, encrypt_bytes
from wagtail_precise_mail.exceptions import ConfigurationError, EncryptionError

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRET = "a secret that is long enough to be one"


def use(settings: Settings, *keys: str, **more: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"encryption_keys": list(keys), "address_keys": [SECRET], **more}


def test_nothing_is_encrypted_without_keys(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {}
    assert (encrypt("Zelda"), decrypt("Zelda"), encrypt_bytes(b"\x02x")) == ("Zelda", "Zelda", b"\x02x")


@pytest.mark.parametrize("text", ["Zelda", "姓名", "a" * 5000, "  ", "Q-EK_Z-u:gAAAA="])
def test_a_text_comes_back(settings: Settings, text: str) -> None:
    use(settings, NEW)
    kept = encrypt(text)
    assert text not in kept
    assert encrypt(text) != kept, "equal values look different"
    assert decrypt(kept) == text
    assert decrypt_bytes(encrypt_bytes(text.encode())) == text.encode()


def test_what_is_empty_stays_empty(settings: Settings) -> None:
    use(settings, NEW)
    assert (encrypt(""), encrypt_bytes(b"")) == ("", b"")


def test_old_values_are_read_and_new_ones_written_with_the_first_key(settings: Settings) -> None:
    use(settings, OLD)
    old = encrypt("Zelda")
    use(settings, NEW, OLD)
    assert decrypt(old) == "Zelda"
    assert not old.startswith(current_mark())
    assert encrypt("Zelda").startswith(current_mark())


def test_an_empty_first_key_writes_in_clear_and_reads_on(settings: Settings) -> None:
    use(settings, OLD)
    old = encrypt("Zelda")
    use(settings, "", OLD)
    assert (encrypt("Zelda"), decrypt(old)) == ("Zelda", "Zelda")


def test_a_missing_key_says_so_and_names_no_key(settings: Settings) -> None:
    use(settings, OLD)
    old = encrypt("Zelda")
    use(settings, NEW)
    with pytest.raises(EncryptionError, match="Put the key back") as caught:
        decrypt(old)
    assert OLD not in str(caught.value)


@pytest.mark.parametrize("change", [lambda kept: kept[:-6] + "AAAAA=", lambda kept: kept[:40], lambda kept: kept[:12]])
def test_a_changed_value_is_refused(settings: Settings, change: Any) -> None:
    use(settings, NEW)
    with pytest.raises(EncryptionError):
        decrypt(change(encrypt("Zelda")))


@pytest.mark.parametrize("keys", [[], [NEW]])
@pytest.mark.django_db
def test_somebody_else_s_encrypted_value_as_a_name_is_not_read_for_them(settings: Settings, keys: list[str]) -> None:
    use(settings, NEW)
    stolen = encrypt("zelda@example.com")
    use(settings, *keys)
    contact = make_contact(first_name=stolen)
    contact.refresh_from_db()
    assert contact.first_name == stolen.lstrip(MARK)


@pytest.mark.parametrize(
    "given",
    [
        {"encryption_keys": ["short"], "address_keys": [SECRET]},
        {"encryption_keys": NEW, "address_keys": [SECRET]},
        {"encryption_keys": [b"bytes"], "address_keys": [SECRET]},
        {"address_keys": ["short"]},
        {"address_keys": SECRET},
        {"encryption_keys": [NEW]},
    ],
)
def test_settings_that_cannot_work_are_refused_without_their_keys(settings: Settings, given: dict[str, Any]) -> None:
    settings.WAGTAIL_PRECISE_MAIL = given
    with pytest.raises(ConfigurationError) as caught:
        options()
    assert NEW not in str(caught.value)
    assert SECRET not in str(caught.value)
    assert NEW not in repr(given) or "address_keys" in str(caught.value) or "encryption_keys" in str(caught.value)


def test_keys_stay_out_of_what_is_printed(settings: Settings) -> None:
    use(settings, NEW)
    assert NEW not in repr(options())
    assert SECRET not in repr(options())


def test_without_the_package_the_extra_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("cryptography"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    use(settings, NEW)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match=r"wagtail-precise-mail\[encrypt\]"):
        encrypt("Zelda")


@pytest.mark.parametrize("lookup", [{"email": "a@example.com"}, {"email__icontains": "a"}, {"last_name__in": ["Fitz"]}])
def test_a_question_that_would_silently_find_nobody_is_refused(settings: Settings, lookup: dict[str, Any]) -> None:
    use(settings, NEW)
    with pytest.raises(FieldError, match="encrypted"):
        Contact.objects.filter(**lookup)


@pytest.mark.django_db
def test_whether_there_is_a_value_can_be_asked(settings: Settings) -> None:
    use(settings, NEW)
    named, nameless = make_contact(first_name="Zelda"), make_contact()
    assert list(Contact.objects.filter(first_name="")) == [nameless]
    assert list(Contact.objects.exclude(first_name="")) == [named]
