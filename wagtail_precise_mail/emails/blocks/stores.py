"""The store near each reader."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import BooleanBlock, CharBlock, StructValue
from wagtail.blocks.struct_block import BlockGroup

from wagtail_precise_mail.commerce.choosers import StoreChooserBlock
from wagtail_precise_mail.commerce.stores import HOURS_LINES, Store
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.blocks.items import pictures
from wagtail_precise_mail.emails.blocks.samples import sample_picture
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import PHONE_PIXELS, RenderContext
from wagtail_precise_mail.emails.links import absolute
from wagtail_precise_mail.emails.lists import ItemList
from wagtail_precise_mail.emails.marks import Place
from wagtail_precise_mail.emails.sources.stores import store_facts
from wagtail_precise_mail.emails.text import wrap


@email_blocks.register("store")
class StoreBlock(EmailBlock):
    """The store of the reader's city, else of their region, else of their country. Only the profile is looked at."""

    title = CharBlock(label=_("Title"), required=False, max_length=150, help_text=_("“Come and see us”"))
    default = StoreChooserBlock(
        label=_("For everybody else"),
        required=False,
        help_text=_("Shown to readers without a store near them, or of whom no place is known. Empty: nothing."),
    )
    show_picture = BooleanBlock(label=_("Show the picture"), required=False, default=True)
    link_label = CharBlock(label=_("Words of the link"), required=False, max_length=80, help_text=_("“Find us”"))

    align = None
    mjml_template = "wagtail_precise_mail/emails/blocks/store.mjml"
    merge_fields = ("title", "link_label")
    aida_role = "action"

    class Meta:
        icon = "home"
        label = _("Nearest store")
        group = _("Shop")
        description = _("The store of each reader's city, region or country: address, opening hours, link.")
        preview_value = {"title": "Come and see us", "show_picture": True}
        label_format = "{title}"
        form_layout = BlockGroup(children=["title", "default"], settings=["show_picture", "link_label"])

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        default = value.get("default")
        if not Store.objects.exists():
            context.warn(gettext("There is no store yet, so nothing is shown."))
        size = {"pixels": max(2 * context.width, PHONE_PIXELS), "ratio": 1.6}
        stores = context.item_list("nearest_store", count=1, default=default.pk if default else None, **size)
        return self._written(stores, value, context)

    def compile(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        stores: ItemList = facts["stores"]
        return stores.repeat(self.render_mjml(self.mjml_template, facts, context), Place.COLUMN)

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        return self._section(self.facts(value, context), context)

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        store: ItemList = facts["stores"]
        title = f"{wrap(facts['title_text'])}\n\n" if facts["title_text"] else ""
        hours = "".join(
            store.when(f"hours{number}", f"\n{store.value(f'hours{number}')}", Place.INLINE)
            for number in range(HOURS_LINES)
        )
        where = f"{store.value('name')}\n{store.value('address')}, {store.value('city')}"
        link = store.when("url", f"\n{store.link()}", Place.INLINE)
        return store.repeat(f"{title}{where}{hours}{link}", Place.INLINE)

    def preview_mjml(self, context: RenderContext) -> str:
        sample = Store(
            name="Fern & Kettle",
            address="12 Moss Lane",
            city="Bristol",
            opening_hours=gettext("Monday to Friday, 9–18\nSaturday, 10–16"),
            url="/",
        )
        picture = absolute(sample_picture(context, 0, 0).url, context.base_url)
        stores = context.item_list("fixed", count=1, items=[store_facts(sample, context.base_url, picture)])
        return self._section(self._written(stores, self.get_preview_value(), context), context)

    def _section(self, facts: dict[str, Any], context: RenderContext) -> SafeString:
        stores: ItemList = facts["stores"]
        return stores.repeat(self.as_section(self.render_mjml(self.mjml_template, facts, context)), Place.SECTION)

    def _written(self, stores: ItemList, value: StructValue, context: RenderContext) -> dict[str, Any]:
        title, label = value.get("title") or "", value.get("link_label") or gettext("Find us")
        return {
            "stores": stores,
            "title": context.merge(title),
            "title_text": context.merge_text(title),
            "picture": pictures(stores, context.brand, context.width) if value.get("show_picture") else "",
            "name": stores.value("name"),
            "where": mark_safe(f"{stores.value('address')}, {stores.value('city')}"),
            "hours": mark_safe("".join(_hours_line(stores, number) for number in range(HOURS_LINES))),
            "link": stores.when("url", _link(stores, context, context.merge(label)), Place.INLINE),
        }


def _hours_line(stores: ItemList, number: int) -> str:
    return stores.when(f"hours{number}", f"<br />{stores.value(f'hours{number}')}", Place.INLINE)


def _link(stores: ItemList, context: RenderContext, label: SafeString) -> SafeString:
    markup = (
        '<p style="margin:12px 0 0"><a href="{}" class="wpm-link" style="color:{};text-decoration:underline">{}</a></p>'
    )
    return format_html(f'<p style="margin:12px 0 0">{markup}</p>', stores.link(), context.brand.link_color, label)
