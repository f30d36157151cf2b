"""What a buyer says, after somebody approved it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import BooleanBlock, ChoiceBlock, StructValue
from wagtail.blocks.struct_block import BlockGroup, StructBlockValidationError

from wagtail_precise_mail.commerce.choosers import ProductChooserBlock, ReviewChooserBlock
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.commerce.reviews import Review, newest_approved
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.blocks.words import marks_of
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.brand import readable
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.text import wrap
from wagtail_precise_mail.emails.values import clean, one_line
from wagtail_precise_mail.exceptions import RenderError

SELECTIONS = [
    ("picked", _("The review picked below")),
    ("product", _("The newest of a product")),
    ("newest", _("The newest of any product")),
]
_AMBER = "#b7791f"


@email_blocks.register("review")
class ReviewBlock(EmailBlock):
    """An approved review, read when the email is compiled: one that was rejected meanwhile makes room for another."""

    selection = ChoiceBlock(label=_("Which review"), choices=SELECTIONS, default="newest")
    review = ReviewChooserBlock(
        label=_("Review"),
        required=False,
        help_text=_("When it is rejected later, the newest approved one of its product is shown."),
    )
    product = ProductChooserBlock(label=_("Product"), required=False)
    show_product = BooleanBlock(label=_("Name the product"), required=False, default=True)

    mjml_template = "wagtail_precise_mail/emails/blocks/review.mjml"
    aida_role = "desire"

    class Meta:
        icon = "openquote"
        label = _("Review")
        group = _("Shop")
        description = _("What a buyer says of a product, with stars. Only approved reviews are shown.")
        preview_value = {"selection": "newest", "show_product": True}
        form_layout = BlockGroup(children=["selection", "review", "product"], settings=["show_product"])

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        needed = {"picked": "review", "product": "product"}.get(cleaned["selection"])
        if needed and not cleaned[needed] and not self.is_deferred_validation:
            words = {"review": _("Choose the review."), "product": _("Choose the product of the review.")}
            raise StructBlockValidationError(block_errors={needed: ValidationError(words[needed])})
        return cleaned

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        review = context.once_per_email(value, lambda: _find(value, context))
        return _facts(review, value, context) if review else {"review": None}

    def compile(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        return self.render_mjml(self.mjml_template, facts, context) if facts["review"] else SafeString("")

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        if not facts["review"]:
            return ""
        before, after = facts["marks"]
        said = wrap(f"{before}{' '.join(facts['lines'])}{after}", first="> ", rest="> ")
        said_by = ", ".join(filter(None, [facts["name"], facts["about"]]))
        link = f"\n{facts['href']}" if facts["href"] else ""
        return f"{facts['rating']}\n{said}\n> — {said_by}{link}"

    def preview_mjml(self, context: RenderContext) -> str:
        product = Product(name=gettext("Stoneware teapot"))
        words = gettext("The first pot I did not have to think about. It simply pours.")
        sample = Review(product=product, name="Ada M.", words=words, stars=5)
        facts = _facts(sample, self.get_preview_value(), context)
        return self.as_section(self.render_mjml(self.mjml_template, facts, context))


def stars_words(stars: int) -> str:
    """Return what stars say to people who listen."""
    return gettext("%(stars)d of 5 stars") % {"stars": stars}


def _find(value: StructValue, context: RenderContext) -> Review | None:
    selection = value.get("selection") or "newest"
    picked, product = value.get("review"), value.get("product")
    if (selection == "picked" and not picked) or (selection == "product" and not product):
        raise RenderError(gettext("Choose a review or its product: there is none, or it was deleted."))
    # Asked of the database: the value may be older than the last word on it.
    if selection == "picked" and (still := newest_approved(only=picked.pk)):
        return still
    product_id = {"picked": picked and picked.product_id, "product": product and product.pk}.get(selection)
    found = newest_approved(product_id)
    if found is None:
        context.warn(gettext("There is no approved review, so nothing is shown."))
    elif selection == "picked":
        names = {"review": picked, "other": found}
        context.warn(gettext("“%(review)s” is not approved; “%(other)s” is shown in its place.") % names)
    return found


def _facts(review: Review, value: StructValue, context: RenderContext) -> dict[str, Any]:
    is_named = value.get("show_product", True)
    about = clean(str(review.product)) if is_named else ""
    amber = readable(_AMBER, context.brand.panel_color)
    stars = format_html('<span style="color:{}">{}</span>', amber, "★" * review.stars + "☆" * (5 - review.stars))
    return {
        "review": review,
        # Their words stay words: no merge tag counts in them.
        "lines": [line for line in map(one_line, review.words.splitlines()) if line],
        "marks": marks_of(context.language),
        "name": clean(review.name),
        "about": about,
        "href": context.link(review.product.url, about) if is_named and review.product.url else "",
        "stars": stars,
        "rating": stars_words(review.stars),
        "size": 17 if context.width < 300 else 20,
    }
