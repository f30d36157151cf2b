"""A check of the shop's own: docs/how-to/add-a-check.md explains it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.checks import EmailCheck, EmailFacts, Finding, Level, email_checks

_PROMISE = re.compile(r"free (?:delivery|shipping)", re.IGNORECASE)
_AMOUNT = re.compile(r"[£€$]\s?\d")


@email_checks.register("shop_free_delivery")
class FreeDelivery(EmailCheck):
    """Whoever promises free delivery says from which amount."""

    label = gettext_lazy("Free delivery says from when")
    level = Level.WARNING

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        for paragraph in facts.text.split("\n\n"):
            promise = _PROMISE.search(paragraph)
            if promise and not _AMOUNT.search(paragraph):
                yield self.finding(
                    _("“%(promise)s” does not say from which amount.") % {"promise": promise.group()},
                    _("Write it beside the promise, such as “from £40”."),
                    block=facts.top_block_with(promise.group()),
                )
