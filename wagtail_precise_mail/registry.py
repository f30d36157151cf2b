"""One small registry class, used for everything that other packages may add to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from wagtail_precise_mail.exceptions import RegistrationError, UnknownKey

T = TypeVar("T")

# Keys are stored in the database, so they are stable slugs.
_KEY = re.compile(r"[a-z][a-z0-9_]*\Z")


class Registry(Generic[T]):
    """Things of one kind by their key, in the order of their registration.

    Args:
        kind: what is registered, in the singular, for error messages ("condition").
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}

    def register(self, key: str) -> Callable[[T], T]:
        """Return a decorator that files a class or function under ``key``.

        Raises:
            RegistrationError: the key is no slug, or is taken.
        """

        def decorator(item: T) -> T:
            self._add(key, item)
            return item

        return decorator

    def get(self, key: str) -> T:
        """Return the item under ``key``.

        Raises:
            UnknownKey: nobody registered it.
        """
        try:
            return self._items[key]
        except KeyError:
            known = ", ".join(self._items) or "none"
            raise UnknownKey(f"There is no {self.kind} {key!r}; registered: {known}.") from None

    def items(self) -> Iterator[tuple[str, T]]:
        """Pairs of key and item."""
        return iter(list(self._items.items()))

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._items))

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __len__(self) -> int:
        return len(self._items)

    @contextmanager
    def temporarily(self, key: str, item: T) -> Iterator[T]:
        """Register for the length of a ``with``; an item already there steps aside. For tests."""
        before = dict(self._items)
        self._items.pop(key, None)
        self._add(key, item)
        try:
            yield item
        finally:
            self._items = before

    def _add(self, key: str, item: T) -> None:
        if not _KEY.match(key):
            raise RegistrationError(f"{key!r} cannot name a {self.kind}: use lower case, digits and underscores.")
        if key in self._items:
            raise RegistrationError(f"There is already a {self.kind} {key!r}: {self._items[key]!r}.")
        self._items[key] = item
