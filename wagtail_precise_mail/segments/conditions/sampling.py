"""The condition on a share drawn at random, that stays the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from django.db.models import CharField, Q, Value
from django.db.models.functions import MD5, Cast, Concat, Left
from django.db.models.lookups import LessThan
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions.base import Condition, conditions
from wagtail_precise_mail.segments.conditions.parameters import Amount, Text

_DIGITS = 8
_ALL = 16**_DIGITS


@conditions.register("random_share")
@dataclass(frozen=True)
class RandomShare(Condition):
    """So many percent of all contacts, always the same ones.

    A contact's place is the MD5 of seed and id: equal on every database, whenever it is asked. Who is in 10 percent is
    in 20 percent of the same seed; shares of two seeds know nothing of each other. MD5 is no secret here.
    """

    label = gettext_lazy("Random share")
    description = gettext_lazy("Always the same contacts. A larger share contains the smaller one of the same name.")
    icon = "decimal"
    is_profiling = False

    percent: Annotated[Decimal, Amount(label=gettext_lazy("Percent"), help_text=gettext_lazy("Of all contacts."))]
    seed: Annotated[
        str,
        Text(
            label=gettext_lazy("Name of the draw"),
            help_text=gettext_lazy("Another name draws anew, such as spring-test."),
            max_length=50,
        ),
    ] = ""

    def problems(self) -> Iterator[tuple[str, str]]:
        if not 0 < self.percent <= 100:
            yield "percent", _("must be above 0 and at most 100")

    def as_q(self, at: datetime) -> Q:
        border = int(self.percent * _ALL / 100)
        if border >= _ALL:
            return Q(pk__isnull=False)
        text = Concat(Value(f"{self.seed}:"), Cast("pk", CharField()), output_field=CharField())
        # Digits come before letters in every collation, so texts of one length compare as their numbers do.
        return Q(LessThan(Left(MD5(text), _DIGITS), Value(f"{border:0{_DIGITS}x}")))

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        words = {"percent": format(self.percent.normalize(), "f"), "seed": self.seed}
        if self.seed:
            return _("are among the %(percent)s percent of the draw “%(seed)s”") % words
        return _("are among %(percent)s percent drawn at random") % words

    def explain(self, contact: Contact, at: datetime) -> str:
        return ""
