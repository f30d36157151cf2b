"""Natural keys in rules: each is looked up once, and remembers its row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.fields import blocked_keys
from wagtail_precise_mail.exceptions import InvalidRules

# Given a key, its place and what is being read, returns what the key stands for.
Meaning = Callable[["Key", str, "References"], Any]
MakeBranches = Callable[[Iterable[int]], Mapping[int, tuple[int, ...]]]

# What SQLite takes in one statement (an expression may be 1,000 deep there), and more than anybody understands.
MAX_CONDITIONS = 500


class Key(str):
    """A natural key that remembers its row, once it was looked up.

    Attributes:
        pk: queries by id are planned better than queries by key.
        name: what people call it, or "".
        meaning: what its parameter made of the row, such as the rules of another segment, or None.
        pks: its row and those below it, for keys that stand for a whole branch; its own alone for others.
    """

    pk: int | None = None
    name: str = ""
    meaning: Any = None
    pks: tuple[int, ...] = ()


class References:
    """Natural keys met while rules are read, so that each model is asked once for all of them.

    Args:
        path: the slugs of the segments that are being read, the outermost first.
        outer: what reads the segment that names this one; both count their conditions together.
        limit: of conditions, for one query; None for rules that are never one query together, or were counted before.
    """

    def __init__(
        self, path: tuple[str, ...] = (), outer: References | None = None, *, limit: int | None = MAX_CONDITIONS
    ) -> None:
        self.path = path
        self._limit: int | None = outer._limit if outer else limit
        self._met: dict[tuple[str, str], list[tuple[Key, str]]] = {}
        self._meanings: list[tuple[Key, str, Meaning]] = []
        self._further: dict[str, list[str]] = {}
        self._branches: dict[tuple[str, str], MakeBranches] = {}
        self._counter: list[int] = outer._counter if outer else [0]

    @property
    def has_limits(self) -> bool:
        """Whether rules may be too long or too deep."""
        return self._limit is not None

    def count_condition(self, place: str) -> None:
        """Count one more condition.

        Raises:
            InvalidRules: there are too many for one query, those of nested segments included.
        """
        self._counter[0] += 1
        if self._limit is not None and self._counter[0] > self._limit:
            message = _("there are more than %(limit)s conditions, those of nested segments included")
            raise InvalidRules(message % {"limit": self._limit}, place=place)

    def add_meaning(self, key: Key, place: str, meaning: Meaning) -> None:
        """Remember to ask what the row of a key means, once it was looked up."""
        self._meanings.append((key, place, meaning))

    def add(self, model: str, attribute: str, key: Key, place: str, *, branches: MakeBranches | None = None) -> None:
        """Remember that ``place`` names the row of ``model`` whose ``attribute`` is ``key``.

        Args:
            branches: returns what lies below each of some rows; asked once for all keys of the model.
        """
        self._met.setdefault((model, attribute), []).append((key, place))
        if branches:
            self._branches[model, attribute] = branches

    def add_further_field(self, key: str, place: str) -> None:
        """Remember that ``place`` asks for one of the contact's further fields."""
        self._further.setdefault(key, []).append(place)

    def check(self) -> None:
        """Look every key up.

        Raises:
            InvalidRules: a row is not there (a filter over nothing would widen a "none of"), or a further field is
                sensitive and its use was not allowed.
        """
        for key in sorted(blocked_keys(self._further)) if self._further else []:
            message = _('the field "%(key)s" is sensitive: somebody who may allow its use has to say why')
            raise InvalidRules(message % {"key": key}, place=self._further[key][0])
        for (label, attribute), met in self._met.items():
            model = apps.get_model(label)
            rows = model._default_manager.filter(**{f"{attribute}__in": {key for key, _place in met}})
            found = {str(getattr(row, attribute)): row for row in rows}
            for key, place in met:
                if key not in found:
                    names = {"kind": model._meta.verbose_name, "key": key}
                    raise InvalidRules(_('there is no %(kind)s "%(key)s"') % names, place=place)
                key.pk, key.name, key.pks = found[key].pk, str(found[key]), (found[key].pk,)
            if branches := self._branches.get((label, attribute)):
                below = branches({key.pk for key, _place in met if key.pk})
                for key, _place in met:
                    key.pks = below[key.pk or 0]
        for key, place, meaning in self._meanings:
            key.meaning = meaning(key, place, self)
