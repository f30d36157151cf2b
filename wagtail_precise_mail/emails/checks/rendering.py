"""What composing and compiling found: blocks that cannot be rendered, notes of blocks, and the size of the result."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.facts import EmailFacts
from wagtail_precise_mail.exceptions import RenderError

_FIELDS = ("subject", "preheader")


@email_checks.register("rendering")
class Rendering(EmailCheck):
    """Every block can be rendered: nothing it shows is missing, its merge tags are right, its MJML is valid."""

    label = gettext_lazy("Blocks can be rendered")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        for failure in facts.context.shared.failures:
            remedy = _("Correct this block: the email cannot be sent with it.")
            yield self._at(facts, failure.block_id, failure.block, failure.message, remedy)
        if isinstance(facts.rendered, RenderError):
            error = facts.rendered
            yield self._at(
                facts, error.block_id, error.block, str(error), _("Remove this block, or ask your developer.")
            )

    def _at(self, facts: EmailFacts, block_id: str, label: str, message: str, remedy: str) -> Finding:
        block = facts.block(block_id)
        return self.finding(
            message,
            remedy,
            block=block,
            place="" if block else label,
            field=block_id if block_id in _FIELDS else "",
        )


@email_checks.register("block_notes")
class BlockNotes(EmailCheck):
    """What blocks have to say about themselves: a sold-out product, a link that leads nowhere."""

    label = gettext_lazy("Notes of blocks")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        for block_id, label, message in facts.context.shared.warnings:
            block = facts.block(block_id)
            yield self.finding(message, _("Look at this block once more."), block=block, place="" if block else label)


@email_checks.register("html_size")
class HtmlSize(EmailCheck):
    """The HTML, as it is sent, is small enough (`html_size_limit`) that Gmail shows it to its end."""

    label = gettext_lazy("Size of the HTML")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        size, limit = facts.html_size, options().html_size_limit
        if size > limit:
            yield self.finding(
                _("The email has %(size)s kB of HTML.") % {"size": size // 1000},
                _("Gmail cuts off what is above %(limit)s kB, and the unsubscribe link with it: shorten it.")
                % {"limit": limit // 1000},
                place=_("Body"),
            )
