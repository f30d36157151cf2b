"""The order that a mail is about, as a table."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import BooleanBlock, CharBlock, StructValue

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.blocks.items import thumbnail, thumbnail_size
from wagtail_precise_mail.emails.blocks.samples import sample_order, sample_order_lines
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.lists import ItemList
from wagtail_precise_mail.emails.marks import Place
from wagtail_precise_mail.emails.sources.orders import LINES_LIMIT
from wagtail_precise_mail.emails.text import wrap

_TEMPLATES = "wagtail_precise_mail/emails/blocks"


@email_blocks.register("order_summary")
class OrderSummaryBlock(EmailBlock):
    """What was ordered: lines with pictures, quantities and amounts, and the sums. Nothing for those without an order.

    It is the order that the send is about, else the contact's latest one.
    """

    title = CharBlock(label=_("Heading"), required=False, max_length=150, help_text=_("“Your order”"))
    show_pictures = BooleanBlock(label=_("Show pictures"), required=False, default=True)

    align = None
    # Who comes back to a page a year later would find another order.
    fits_on_page = False
    mjml_template = f"{_TEMPLATES}/order.mjml"
    merge_fields = ("title",)

    class Meta:
        icon = "clipboard-list"
        label = _("Order summary")
        group = _("Shop")
        description = _("What the reader ordered, with quantities and sums: for order confirmations and the like.")
        preview_value = {"show_pictures": True}

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        order = context.item_list("order", count=1)
        lines = context.item_list("order_lines", count=LINES_LIMIT)
        return self._written(value, order, lines, context)

    def compile(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        order: ItemList = facts["order"]
        return order.repeat(self.render_mjml(self.mjml_template, facts, context), Place.COLUMN)

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        order: ItemList = facts["order"]
        table = self.render_mjml(self.mjml_template, facts, context)
        return order.repeat(self.as_section(table), Place.SECTION)

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        return str(facts["text"])

    def preview_mjml(self, context: RenderContext) -> str:
        order = context.item_list("fixed", count=1, items=[sample_order(context)])
        lines = context.item_list("fixed", count=3, items=sample_order_lines(context))
        value = self.get_preview_value()
        facts = self._written(value, order, lines, context)
        return order.repeat(self.as_section(self.render_mjml(self.mjml_template, facts, context)), Place.SECTION)

    def _written(self, value: StructValue, order: ItemList, lines: ItemList, context: RenderContext) -> dict[str, Any]:
        title = value.get("title") or gettext("Your order")
        thumb = thumbnail_size(context)
        line = {**_line(lines, context), "thumb": thumb}
        line["picture"] = thumbnail(lines, context.brand, thumb) if value.get("show_pictures") else ""
        row = self.render_mjml(f"{_TEMPLATES}/order_line.html", line, context)
        names = {"goods": gettext("Goods"), "charges": order.value("charges_name"), "total": gettext("Total")}
        return {
            "order": order,
            "title": context.merge(title),
            "number": order.value("number"),
            "date": order.value("date"),
            "rows": lines.repeat(row, Place.ROW),
            "hidden": order.when("hidden", self._sum(_more(order), "", "hidden", context), Place.ROW),
            "subtotal": order.when(
                "subtotal", self._sum(names["goods"], order.value("subtotal"), "subtotal", context), Place.ROW
            ),
            "charges": order.when(
                "charges", self._sum(names["charges"], order.value("charges"), "charges", context), Place.ROW
            ),
            "total": self._sum(names["total"], order.value("total"), "total", context),
            "text": _text(context.merge_text(title), order, lines),
        }

    def _sum(self, name: str, amount: str, kind: str, context: RenderContext) -> SafeString:
        return self.render_mjml(f"{_TEMPLATES}/order_sum.html", {"name": name, "amount": amount, "kind": kind}, context)


def _line(lines: ItemList, context: RenderContext) -> dict[str, SafeString]:
    linked = (
        f'<a href="{lines.link()}" class="wpm-plain" style="color:{context.brand.text_color};text-decoration:none">'
        f"{lines.value('name')}</a>"
    )
    name = lines.when("url", linked, Place.INLINE) + lines.when("plain_name", lines.value("name"), Place.INLINE)
    each = lines.when("unit_price", f" × {lines.value('unit_price')}", Place.INLINE)
    return {"name": name, "quantity": lines.value("quantity"), "each": each, "amount": lines.value("amount")}


def _more(order: ItemList) -> SafeString:
    return mark_safe(gettext("and %(count)s more lines") % {"count": order.value("hidden")})


def _text(title: str, order: ItemList, lines: ItemList) -> str:
    number = gettext("No. %(number)s, %(date)s") % _number(order)
    head = f"{wrap(title)}\n{number}\n\n"
    body = lines.repeat(f"{lines.value('line')}\n", Place.INLINE)
    body += order.when("hidden", f"{_more(order)}\n", Place.INLINE)
    sums = order.when("subtotal", f"{order.value('subtotal_line')}\n", Place.INLINE)
    sums += order.when("charges", f"{order.value('charges_line')}\n", Place.INLINE)
    return order.repeat(f"{head}{body}{'-' * 64}\n{sums}{order.value('total_line')}", Place.INLINE)


def _number(order: ItemList) -> dict[str, SafeString]:
    return {"number": order.value("number"), "date": order.value("date")}
