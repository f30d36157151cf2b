"""Personal data encrypted at rest, as an option: a dump of the database then shows no address, no name, no letter.

Fernet (AES-128-CBC with HMAC-SHA256, https://github.com/fernet/spec) by the ``cryptography`` package. Every value is
encrypted by itself, with the first of ``encryption_keys``, and says which key it needs; the others keep old values
readable until ``precise_mail_encrypt`` has renewed them. Equal values look different, so the database can neither
search nor sort them: addresses are found by their keyed hash. An empty value stays empty.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError
from django.core.signals import setting_changed
from django.db import models
from django.db.models.lookups import IsNull

from wagtail_precise_mail.conf import SETTING, options
from wagtail_precise_mail.exceptions import ConfigurationError, EncryptionError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

# A control character that no form lets in, and that is taken off whatever is written.
MARK = "\x02"
BYTES_MARK = b"\x02precise-mail\x02"
_NAME_LENGTH = 8


def is_encrypting() -> bool:
    """Whether what is written now is encrypted."""
    return bool(options().encryption_keys and options().encryption_keys[0])


def require_package() -> None:
    """Make sure that the keys can be used.

    Raises:
        ConfigurationError: there are keys, and the package is missing.
    """
    _fernets()


def current_mark() -> str:
    """Return how text starts that needs no renewal: "" while nothing is encrypted."""
    return f"{MARK}{next(iter(_fernets()))}:" if is_encrypting() else ""


def encrypt(text: str) -> str:
    """Return a text as it is kept: encrypted, or as it is where no key says so."""
    plain = text.lstrip(MARK)  # nobody writes what would later be read as encrypted
    if not plain or not is_encrypting():
        return plain
    name, fernet = next(iter(_fernets().items()))
    return f"{MARK}{name}:{fernet.encrypt(plain.encode()).decode()}"


def decrypt(kept: str) -> str:
    """Return the text behind what is kept; what was never encrypted comes back as it is.

    Raises:
        EncryptionError: the key is not in the settings, or somebody changed the value.
    """
    if not kept.startswith(MARK):
        return kept
    name, _colon, token = kept[len(MARK) :].partition(":")
    return _open(name, token.encode()).decode()


def encrypt_bytes(data: bytes) -> bytes:
    """Return bytes as they are kept, see :func:`encrypt`."""
    if not data or not is_encrypting():
        return data
    name, fernet = next(iter(_fernets().items()))
    return BYTES_MARK + name.encode() + b":" + fernet.encrypt(data)


def decrypt_bytes(kept: bytes) -> bytes:
    """Return the bytes behind what is kept, see :func:`decrypt`."""
    if not kept.startswith(BYTES_MARK):
        return kept
    name, _colon, token = kept[len(BYTES_MARK) :].partition(b":")
    return _open(name.decode(), token)


def _open(name: str, token: bytes) -> bytes:
    from cryptography.fernet import InvalidToken

    fernet = _fernets().get(name)
    if fernet is None:
        raise EncryptionError(
            f"A value was encrypted with the key {name!r}, which {SETTING}['encryption_keys'] does not list. Put the "
            "key back, behind the newest."
        )
    try:
        return fernet.decrypt(token)
    except InvalidToken:
        raise EncryptionError(f"A value encrypted with the key {name!r} was changed or cut off.") from None


@cache
def _fernets() -> dict[str, Fernet]:
    """Return what opens and closes values, by the name of the key; the first closes."""
    keys = [key for key in options().encryption_keys if key]
    if not keys:
        return {}
    try:
        from cryptography.fernet import Fernet
    except ImportError as error:
        raise ConfigurationError(
            f"{SETTING}['encryption_keys'] needs the package cryptography: install wagtail-precise-mail[encrypt]."
        ) from error
    return {_name_of(key): Fernet(key) for key in keys}


def _name_of(key: str) -> str:
    # The name tells keys apart and gives nothing away: a hash of 256 random bits.
    digest = hashlib.sha256(b"wagtail_precise_mail.encryption\0" + key.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_NAME_LENGTH]


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting == SETTING:
        _fernets.cache_clear()


setting_changed.connect(_forget)


class EncryptedField:
    """What the encrypted fields share: the database can only say whether there is a value."""

    if TYPE_CHECKING:
        name: str

    def get_lookup(self, lookup_name: str) -> Any:
        lookup = super().get_lookup(lookup_name)  # type: ignore[misc]
        if not is_encrypting() or lookup is None or issubclass(lookup, IsNull):
            return lookup
        if lookup_name == "exact":
            return type("IsBlank", (_OnlyBlank, lookup), {})
        raise FieldError(
            f"{self.name!r} is encrypted: the database cannot look into it. Find contacts by address_hash."
        )


class _OnlyBlank:
    """A comparison with the empty value, which stays empty; nothing else can be asked."""

    if TYPE_CHECKING:
        rhs: Any

    def get_prep_lookup(self) -> Any:
        if self.rhs not in ("", b"", [], {}):
            raise FieldError("An encrypted field can only be compared with the empty value.")
        return super().get_prep_lookup()  # type: ignore[misc]


class _EncryptedText(EncryptedField):
    def get_internal_type(self) -> str:
        return "TextField"  # encrypted, a text is longer than what a person may write

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)  # type: ignore[misc]
        return encrypt(value) if isinstance(value, str) else value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return decrypt(value) if isinstance(value, str) else value


class EncryptedCharField(_EncryptedText, models.CharField):
    """A line of text; ``max_length`` counts what people write."""


class EncryptedEmailField(_EncryptedText, models.EmailField):
    """An address; it is found by its hash beside it."""


class EncryptedTextField(_EncryptedText, models.TextField):
    """A text of any length."""


class EncryptedJSONField(EncryptedField, models.JSONField):
    """JSON that is read as a whole; encrypted, it is one string to the database."""

    def encrypted(self, value: Any) -> Any:
        """Return what is stored of a value, as JSON still: the value itself, or a string where it is encrypted."""
        return encrypt(json.dumps(value, cls=self.encoder)) if value and is_encrypting() else value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if not hasattr(value, "as_sql"):
            value = self.encrypted(value)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        value = super().from_db_value(value, expression, connection)
        if isinstance(value, str) and value.startswith(MARK):
            return json.loads(decrypt(value), cls=self.decoder)
        return value


class EncryptedBinaryField(EncryptedField, models.BinaryField):
    """Bytes, a third longer when encrypted."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None and not hasattr(value, "as_sql"):
            value = encrypt_bytes(bytes(value))
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else decrypt_bytes(bytes(value))
