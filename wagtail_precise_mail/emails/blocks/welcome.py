"""The reader's welcome coupon, for the mails that welcome them."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import StructValue

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.editions import OWN
from wagtail_precise_mail.emails.lists import ItemList
from wagtail_precise_mail.emails.marks import Place

_TITLE = _("A tenth off your first order")


@email_blocks.register("welcome_coupon")
class WelcomeCouponBlock(EmailBlock):
    """The code that a contact got for signing up, with what it gives; nothing for those who have none.

    Codes are given when a sign-up is confirmed, and only shown here: a second mail shows the same one.
    """

    align = None
    fits_on_page = False
    editions = OWN
    mjml_template = "wagtail_precise_mail/emails/blocks/coupon.mjml"
    nature = "promotion"

    class Meta:
        icon = "pick"
        label = _("Welcome coupon")
        group = _("Shop")
        description = _("The code that the reader got for signing up, if their source gives one.")
        preview_value: dict[str, Any] = {}

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        return self._written(context.item_list("welcome_coupon", count=1, sample=str(_TITLE)), context)

    def compile(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        coupon: ItemList = facts["coupon"]
        return coupon.repeat(self.render_mjml(self.mjml_template, facts, context), Place.COLUMN)

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        coupon: ItemList = facts["coupon"]
        return coupon.repeat(self.as_section(self.render_mjml(self.mjml_template, facts, context)), Place.SECTION)

    def text(self, value: StructValue, context: RenderContext) -> str:
        coupon: ItemList = self.facts(value, context)["coupon"]
        code = gettext("Your code: %(code)s") % {"code": coupon.value("code")}
        more = (coupon.when(name, f"\n{coupon.value(name)}", Place.INLINE) for name in ("until", "terms"))
        return coupon.repeat(f"{coupon.value('title')}\n\n    {code}{''.join(more)}", Place.INLINE)

    def preview_mjml(self, context: RenderContext) -> str:
        sample = {"title": str(_TITLE), "code": "FERN-7K2M", "until": "", "terms": ""}
        coupon = context.item_list("fixed", count=1, items=[sample])
        box = self.render_mjml(self.mjml_template, self._written(coupon, context), context)
        return coupon.repeat(self.as_section(box), Place.SECTION)

    def _written(self, coupon: ItemList, context: RenderContext) -> dict[str, Any]:
        style = f"margin:10px 0 0;font-size:14px;line-height:1.5;color:{context.brand.muted_color}"
        lines = (
            coupon.when(name, f'<p class="wpm-soft" style="{style}">{coupon.value(name)}</p>', Place.INLINE)
            for name in ("until", "terms")
        )
        return {
            "coupon": coupon,
            "title": coupon.value("title"),
            "code": coupon.value("code"),
            "until": mark_safe("".join(lines)),
        }
