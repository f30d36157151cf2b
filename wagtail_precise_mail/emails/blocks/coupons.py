"""A coupon: one code for all, or one of its own for each reader."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, DateTimeBlock, StructValue, TextBlock
from wagtail.blocks.struct_block import BlockGroup, StructBlockValidationError

from wagtail_precise_mail.commerce.choosers import CouponPoolChooserBlock
from wagtail_precise_mail.commerce.coupons import free_count
from wagtail_precise_mail.commerce.models import CouponPool
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.lists import ItemList
from wagtail_precise_mail.emails.marks import Place
from wagtail_precise_mail.emails.text import wrap
from wagtail_precise_mail.exceptions import RenderError


@email_blocks.register("coupon")
class CouponBlock(EmailBlock):
    """A code in a box that looks like something to cut out.

    A code out of a pool is taken when a mail leaves, one per message; previews and test mails take none. Where it has
    expired or the pool is empty, the words for that stand in its place, or nothing.
    """

    title = CharBlock(label=_("What it gives"), max_length=150, help_text=_("“10% off everything in the shop”"))
    code = CharBlock(label=_("One code for all"), required=False, max_length=40)
    pool = CouponPoolChooserBlock(
        label=_("or a code of their own"), required=False, help_text=_("A pool of codes, of which each mail takes one.")
    )
    expires_at = DateTimeBlock(
        label=_("Valid until"), required=False, help_text=_("Empty: what the pool says, else for good.")
    )
    terms = TextBlock(label=_("Small print"), required=False, max_length=500, rows=2)
    empty_words = CharBlock(
        label=_("Words when there is no code"),
        required=False,
        max_length=300,
        help_text=_("When it has expired, or the pool is empty. Empty: it disappears."),
    )

    untranslated = ("code",)
    align = None
    mjml_template = "wagtail_precise_mail/emails/blocks/coupon.mjml"
    merge_fields = ("title", "terms", "empty_words")

    nature = "promotion"

    class Meta:
        icon = "pick"
        label = _("Coupon")
        group = _("Shop")
        description = _("A code to redeem: the same for all, or one for each reader out of a pool.")
        preview_value = {"title": "10% off everything", "code": "FERN-10", "terms": "From £30. Once per customer."}
        label_format = "{title}"
        form_layout = BlockGroup(children=["title", "code", "pool", "expires_at", "terms", "empty_words"], settings=[])

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        if not self.is_deferred_validation and bool(cleaned["code"]) == bool(cleaned["pool"]):
            message = ValidationError(_("Write a code, or choose a pool: one of the two."))
            raise StructBlockValidationError(block_errors={"code": message})
        return cleaned

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        pool, code = value.get("pool"), (value.get("code") or "").strip()
        if not pool and not code:
            raise RenderError(gettext("Write a code, or choose a pool: there is none, or it was deleted."))
        expires_at = value.get("expires_at")
        if pool:
            _warn(pool, context)
        words = {"expires_at": expires_at.isoformat() if expires_at else None}
        words |= {"pool": pool.pk} if pool else {"code": code}
        source = "pool_coupon" if pool else "coupon"
        empty = value.get("empty_words") or ""
        return {
            "coupon": context.item_list(source, count=1, **words),
            **self._words(value, context),
            "empty": mark_safe(f"<mj-text>{context.merge(empty)}</mj-text>") if empty else "",
            "empty_text": context.merge_text(empty),
        }

    def compile(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        coupon: ItemList = facts["coupon"]
        empty = coupon.empty(facts["empty"], Place.COLUMN) if facts["empty"] else ""
        return mark_safe(coupon.repeat(self._box(facts, context), Place.COLUMN) + empty)

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        coupon: ItemList = facts["coupon"]
        empty = coupon.empty(self.as_section(facts["empty"]), Place.SECTION) if facts["empty"] else ""
        return mark_safe(coupon.repeat(self.as_section(self._box(facts, context)), Place.SECTION) + empty)

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        coupon: ItemList = facts["coupon"]
        code = gettext("Your code: %(code)s") % {"code": coupon.value("code")}
        until = coupon.when("until", f"\n{coupon.value('until')}", Place.INLINE)
        terms = f"\n{wrap(facts['terms_text'])}" if facts["terms_text"] else ""
        box = f"{wrap(facts['title_text'])}\n\n    {code}{until}{terms}"
        return coupon.repeat(box, Place.INLINE) + coupon.empty(wrap(facts["empty_text"]), Place.INLINE)

    def _words(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        title, terms = value.get("title") or "", value.get("terms") or ""
        return {
            "title": context.merge(title),
            "title_text": context.merge_text(title),
            "terms": context.merge(terms),
            "terms_text": context.merge_text(terms),
        }

    def _box(self, facts: dict[str, Any], context: RenderContext) -> SafeString:
        coupon: ItemList = facts["coupon"]
        until = (
            f'<p class="wpm-soft" style="margin:12px 0 0;font-size:14px;color:{context.brand.muted_color}">'
            f"{coupon.value('until')}</p>"
        )
        written = {"code": coupon.value("code"), "until": coupon.when("until", until, Place.INLINE)}
        return self.render_mjml(self.mjml_template, {**facts, **written}, context)


def _warn(pool: CouponPool, context: RenderContext) -> None:
    """Say that a pool runs out before the email goes out; the checks of offers look at its end."""
    left = free_count(pool)
    if left == 0:
        context.warn(gettext("“%(pool)s” has no codes left.") % {"pool": pool})
    elif left < pool.low_stock_at:
        words = ngettext("“%(pool)s” has %(count)s code left.", "“%(pool)s” has %(count)s codes left.", left)
        context.warn(words % {"pool": pool, "count": left})
