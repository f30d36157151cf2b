"""A block for emails of one's own: what docs/how-to/add-a-block.md explains."""

from typing import Any

from wagtail.blocks import CharBlock, ListBlock, StructBlock, StructValue

from wagtail_precise_mail.emails.blocks import EmailBlock, email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.text import join, wrap


class HoursBlock(StructBlock):
    """One line."""

    days = CharBlock(max_length=60)
    hours = CharBlock(max_length=60)


@email_blocks.register("opening_hours")
class OpeningHoursBlock(EmailBlock):
    """When the shop is open."""

    title = CharBlock(max_length=100, default="Come by")
    lines = ListBlock(HoursBlock())
    note = CharBlock(required=False, max_length=200)

    mjml_template = "shop/emails/opening_hours.mjml"
    merge_fields = ("note",)

    class Meta:
        icon = "time"
        group = "From the site"
        description = "When the shop is open, as a small table."
        preview_value = {
            "title": "Come by",
            "lines": [{"days": "Tuesday to Friday", "hours": "9–17"}, {"days": "Saturday", "hours": "10–16"}],
            "note": "The kettle is on from eight.",
        }

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        note = value.get("note") or ""
        return {**value, "note": context.merge(note), "plain_note": context.merge_text(note)}

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        lines = [f"{line['days']}: {line['hours']}" for line in facts["lines"]]
        return join(facts["title"], "\n".join(lines), wrap(facts["plain_note"]))
