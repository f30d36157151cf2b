"""How well a yes is known: the grades of consent, from the weakest to the strongest."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ConsentBasis(models.TextChoices):
    """What a yes rests on. The order is that of their strength."""

    IMPORTED = "imported", _("imported with evidence")
    STAFF = "staff", _("recorded by a colleague")
    SINGLE = "single", _("single opt-in")
    DOUBLE = "double", _("double opt-in")


class OptIn(models.TextChoices):
    """What a topic asks of somebody who signs up."""

    SINGLE = "single", _("the form is enough")
    DOUBLE = "double", _("a mail asks them to confirm")


class Actor(models.TextChoices):
    """Who brought a change of consent about."""

    CONTACT = "contact", _("the contact")
    COLLEAGUE = "colleague", _("a colleague")
    IMPORT = "import", _("an import")
    SYSTEM = "system", _("a rule of the site")


_STRENGTH = {"": 0, **{basis.value: number for number, basis in enumerate(ConsentBasis, 1)}}


def is_stronger(basis: str, *, than: str) -> bool:
    """Whether one grade says more than another; "" says nothing."""
    return _STRENGTH[basis] > _STRENGTH[than]


def reaches(basis: str, minimum: str) -> bool:
    """Whether a grade is enough where ``minimum`` is asked for; "" asks for none."""
    return _STRENGTH[basis] >= _STRENGTH[minimum]


def grades_below(minimum: str) -> list[str]:
    """Return every grade, "" included, that is not enough where ``minimum`` is asked for."""
    return [basis for basis in _STRENGTH if not reaches(basis, minimum)]
