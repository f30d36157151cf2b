"""The words about a product in a mail, for cards and for lists: name, price, discount, stars, stock."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from wagtail_precise_mail.emails.blocks.items import Written
from wagtail_precise_mail.emails.brand import Brand, readable
from wagtail_precise_mail.emails.marks import Place

OPTIONAL = ("price", "rating", "stock", "description")
"""What an editor can leave out."""

_AMBER, _RED = "#b7791f", "#b3361e"


def product_words(
    item: Written, brand: Brand, *, show: Collection[str], size: int, link_label: str = ""
) -> dict[str, SafeString]:
    """Return the pieces that templates arrange, each "" or in a region where the product lacks it.

    Args:
        show: the names among :data:`OPTIONAL` that are wanted.
        size: of the type in pixels.
        link_label: HTML; "" has no link but the name and the picture.
    """
    red = readable(_RED, brand.panel_color)
    pieces = {
        "title": _title(item, brand),
        "brand_line": _line(item, "brand", "wpm-soft", size - 2, brand.muted_color),
        "reason": _line(item, "reason", "wpm-soft", size - 2, brand.muted_color),
        "summary": _summary(item, size) if "description" in show else "",
        "rating": _rating(item, brand, size) if "rating" in show else "",
        "price": _price(item, brand, size) if "price" in show else "",
        "amount": _two_lines(item, brand) if "price" in show else "",
        "more": more_link(item, brand, link_label, size) if link_label else "",
        "stock": _line(item, "stock", "wpm-low", size - 1, red) if "stock" in show else "",
    }
    return {name: mark_safe(piece) for name, piece in pieces.items()}


def product_text(item: Written, *, show: Collection[str], link: str) -> str:
    """Return the lines of the text part, without line breaks at the ends.

    Args:
        link: the address, or its mark.
    """
    plain = item.value
    price = item.when("price", f", {plain('price')}", Place.INLINE) if "price" in show else ""
    before = _("before %(price)s, %(discount)s") % {"price": plain("old_price"), "discount": plain("discount")}
    price += item.when("old_price", f" ({before})", Place.INLINE) if "price" in show else ""
    lines = [f"{plain('name')}{price}"]
    lines += [item.when("reason", f"\n{plain('reason')}", Place.INLINE)]
    lines += [item.when("summary", f"\n{plain('summary')}", Place.INLINE)] if "description" in show else []
    lines += [item.when("rating", f"\n{plain('rating')}", Place.INLINE)] if "rating" in show else []
    lines += [item.when("stock", f"\n{plain('stock')}", Place.INLINE)] if "stock" in show else []
    return "".join(lines) + item.when("url", f"\n{link}", Place.INLINE)


def more_link(item: Written, brand: Brand, label: str, size: int) -> SafeString:
    """Return the link below the words of an item."""
    markup = '<a href="{}" class="wpm-link" style="color:{};text-decoration:underline;font-size:{}px">{}</a>'
    return item.when("url", format_html(markup, item.link(), brand.link_color, size, mark_safe(label)), Place.INLINE)


def _title(item: Written, brand: Brand) -> SafeString:
    link = format_html(
        '<a href="{}" class="wpm-plain" style="color:{};text-decoration:none">{}</a>',
        item.link(),
        brand.heading_color,
        item.value("name"),
    )
    return item.when("url", link, Place.INLINE) + item.when("plain_name", item.value("plain_name"), Place.INLINE)


def _line(item: Written, fact: str, css_class: str, size: int, color: str) -> SafeString:
    markup = '<p class="{}" style="margin:0 0 6px;font-size:{}px;color:{}">{}</p>'
    return item.when(fact, format_html(markup, css_class, size, color, item.value(fact)), Place.INLINE)


def _summary(item: Written, size: int) -> SafeString:
    markup = '<p style="margin:0 0 12px;font-size:{}px;line-height:1.55">{}</p>'
    return item.when("summary", format_html(markup, size, item.value("summary")), Place.INLINE)


def _rating(item: Written, brand: Brand, size: int) -> SafeString:
    # Screen readers would spell out the stars; the words beside them say it all.
    markup = (
        '<p class="wpm-soft" style="margin:0 0 6px;font-size:{}px;color:{}">'
        '<span class="wpm-stars" aria-hidden="true" style="color:{};letter-spacing:1px">{}</span> '
        '<span style="white-space:nowrap">{}</span></p>'
    )
    amber = readable(_AMBER, brand.panel_color)
    pieces = (size - 2, brand.muted_color, amber, item.value("stars"), item.value("rating"))
    return item.when("rating", format_html(markup, *pieces), Place.INLINE)


def _price(item: Written, brand: Brand, size: int) -> SafeString:
    line = format_html(
        '<p class="wpm-price" style="margin:0 0 10px;font-size:{}px;color:{};font-weight:bold">{} {}</p>',
        size,
        brand.accent_color,
        _amount(item),
        _offer(item, brand),
    )
    return item.when("price", line, Place.INLINE)


def _amount(item: Written) -> SafeString:
    return format_html('<span style="white-space:nowrap">{}</span>', item.value("price"))


def _offer(item: Written, brand: Brand) -> SafeString:
    """The price before, struck through, and the discount."""
    before = format_html(
        '<s class="wpm-was" style="color:{};font-weight:normal">{}</s>', brand.muted_color, item.value("old_price")
    )
    badge = format_html(
        '<span style="display:inline-block;background-color:{};color:#ffffff;border-radius:4px;padding:1px 7px;'
        'font-size:13px;line-height:1.5;font-weight:bold">{}</span>',
        readable(_RED, "#ffffff"),
        item.value("discount"),
    )
    both = format_html('<span style="white-space:nowrap">{} {}</span>', before, badge)
    return item.when("old_price", both, Place.INLINE)


def _two_lines(item: Written, brand: Brand) -> SafeString:
    small = format_html('<span style="display:block;padding-top:4px;font-size:14px">{}</span>', _offer(item, brand))
    return _amount(item) + item.when("old_price", small, Place.INLINE)
