"""What we know of the reader, and two links: it is still right, or it has to be changed."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, MultipleChoiceBlock, StructValue
from wagtail.blocks.struct_block import BlockGroup, StructBlockValidationError

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.preferences import DETAILS
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.editions import OWN
from wagtail_precise_mail.emails.lists import ItemList
from wagtail_precise_mail.emails.marks import Place
from wagtail_precise_mail.emails.sources.details import details_of, field_label
from wagtail_precise_mail.emails.text import join, wrap

_BLOCKS = "wagtail_precise_mail/emails/blocks"


def _field_choices() -> list[tuple[str, str]]:
    return [(name, field_label(name)) for name in DETAILS]


@email_blocks.register("confirm_details")
class ConfirmDetailsBlock(EmailBlock):
    """The reader's own details, to be confirmed with one press on the page behind the link.

    The links open a page with these details and nothing else; copies for others leave the block out.
    """

    title = CharBlock(label=_("Heading"), required=False, max_length=150, help_text=_("“Is this still right?”"))
    words = CharBlock(label=_("Words above the details"), required=False, max_length=300)
    fields = MultipleChoiceBlock(label=_("Details"), choices=_field_choices, default=list(DETAILS[:4]))
    yes_label = CharBlock(
        label=_("Words of the first button"), required=False, max_length=60, help_text=_("“Yes, still right”")
    )
    change_label = CharBlock(
        label=_("Words of the second button"), required=False, max_length=60, help_text=_("“Change”")
    )

    align = None
    fits_on_page = False
    editions = OWN
    mjml_template = f"{_BLOCKS}/details.mjml"
    merge_fields = ("title", "words")
    aida_role = "action"

    class Meta:
        icon = "user"
        label = _("Is this still right?")
        group = _("Reader")
        description = _("What we know of the reader, to confirm with one press or to correct.")
        preview_value = {"fields": list(DETAILS[:4])}
        label_format = "{title}"
        form_layout = BlockGroup(children=["title", "words", "fields"], settings=["yes_label", "change_label"])

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        if not self.is_deferred_validation and not cleaned.get("fields"):
            raise StructBlockValidationError(block_errors={"fields": ValidationError(_("Choose at least one."))})
        return cleaned

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        names = [name for name in DETAILS if name in (value.get("fields") or [])]
        details = context.item_list("own_details", count=len(DETAILS), fields=names)
        yes, change = context.personal_link("confirm_details"), context.personal_link("change_details")
        return self._written(value, details, yes, change, context)

    def text(self, value: StructValue, context: RenderContext) -> str:
        return str(self.facts(value, context)["text"])

    def preview_mjml(self, context: RenderContext) -> str:
        value = self.get_preview_value()
        sample = Contact(first_name="Alex", last_name="Sample", city="London", country="GB", job_title=gettext("Baker"))
        items = [dict(item) for item in details_of(sample, value["fields"], context.language)]
        details = context.item_list("fixed", count=len(items), items=items)
        facts = self._written(value, details, "#", "#", context)
        return self.as_section(self.render_mjml(self.mjml_template, facts, context))

    def _written(
        self, value: StructValue, details: ItemList, yes: str, change: str, context: RenderContext
    ) -> dict[str, Any]:
        title = value.get("title") or gettext("Is this still right?")
        words = value.get("words") or ""
        labels = [value.get("yes_label") or gettext("Yes, still right"), value.get("change_label") or gettext("Change")]
        line = {"label": details.value("label"), "value": details.value("value")}
        row: SafeString = self.render_mjml(f"{_BLOCKS}/details_row.html", line, context)
        plain = details.repeat(f"{line['label']}: {line['value']}\n", Place.INLINE)
        links = "\n".join(f"→ {label}:\n{href}" for label, href in zip(labels, (yes, change), strict=True))
        return {
            "title": context.merge(title),
            "words": context.merge(words),
            "rows": details.repeat(row, Place.ROW),
            "align": context.start,
            "buttons": [
                {"label": labels[0], "href": yes, "is_outline": False},
                {"label": labels[1], "href": change, "is_outline": True},
            ],
            "text": join(wrap(context.merge_text(title)), wrap(context.merge_text(words)), plain, links),
        }
