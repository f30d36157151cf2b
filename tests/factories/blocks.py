"""Values for any email block, whatever its fields are: everything filled in, and each choice once.

A new block needs nothing here, unless one of its fields takes something special: then name it in :data:`SPECIAL`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid5

from django.apps import apps
from django.db import models
from django.db.models import Model
from django.utils.text import slugify
from wagtail import blocks
from wagtail.blocks.field_block import ChooserBlock
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.images.blocks import ImageBlock
from wagtail.models import Page

from tests.factories.commerce import make_category, make_product
from tests.factories.emails import COMPILED_AT, default_site, make_image, make_saved_block, raw_block
from tests.factories.segments import make_segment
from tests.testapp.models import StoryPage
from wagtail_precise_mail.commerce.coupons import add_codes
from wagtail_precise_mail.commerce.models import Category, CouponPool, Product
from wagtail_precise_mail.commerce.reviews import Review
from wagtail_precise_mail.commerce.stores import Store
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.models import Email, SavedBlock
from wagtail_precise_mail.emails.settings_group import SETTINGS
from wagtail_precise_mail.emails.starters import starters
from wagtail_precise_mail.emails.starters.making import draft_of
from wagtail_precise_mail.segments.models import Segment

RICH_TEXT = (
    "<h2>Two &amp; two</h2><p>Dear <b>friend</b>, see "
    '<a href="https://example.org/a?b=1&amp;c=2">what is <i>new</i></a>.'
    "<br/>Really.</p><ul><li>one<ul><li>inside</li></ul></li><li>two</li></ul><ol><li>first</li></ol><hr/>"
    "<blockquote><p>Said so.</p></blockquote>"
)

SPECIAL: dict[tuple[str, str], Callable[[], Any]] = {}
"""By block and field: returns the stored value of a field for which the general rules find no valid one."""

_NAMESPACE = UUID(int=0)


def samples_of(kind: str) -> Iterator[dict[str, Any]]:
    """Return raw blocks of a kind: one with everything filled in, one for each other choice of its fields, and one
    with all settings.
    """
    block = email_blocks.get(kind)()
    full = _struct(block, kind)
    yield _raw(kind, full)
    for name, child in block.child_blocks.items():
        for choice in [] if name in SETTINGS else _choices(child):
            if choice != full.get(name):
                yield _raw(kind, {**full, name: choice})
    audience = {"show": "only", "segments": [_item(make_segment().pk, "audience")]}
    settings = {"audience": audience, "padding": "large", "background": "dark", "align": "center"}
    if own := {name: value for name, value in settings.items() if name in block.child_blocks}:
        yield _raw(kind, {**full, **own})


def sample_of(kind: str) -> dict[str, Any]:
    """Return a raw block of a kind with everything filled in."""
    return next(samples_of(kind))


def starter_email(key: str) -> Email:
    """A starter email on a site that has pages, products and pictures for it."""
    site = default_site()
    _page()
    for number in range(3):
        make_product(f"TEA-{number}", image=make_image(f"Tea {number}"), price=8)
    return draft_of(starters.get(key), site)


def _struct(block: blocks.StructBlock, path: str) -> dict[str, Any]:
    shown = getattr(block.meta, "preview_value", None) or {}
    values = {}
    for name, child in block.child_blocks.items():
        if special := SPECIAL.get((path, name)):
            values[name] = special()
        elif name == "audience":
            continue  # everybody
        elif name in SETTINGS and path in email_blocks:
            values[name] = ""
        else:
            words = shown.get(name) if isinstance(shown, dict) else None
            is_plain = isinstance(words, str) and isinstance(child, blocks.CharBlock | blocks.TextBlock)
            values[name] = words if is_plain else _value(child, f"{path}.{name}", name)
    return values


def _value(block: blocks.Block, path: str, name: str) -> Any:
    if isinstance(block, ImageBlock):
        return {"image": make_image().pk, "alt_text": "Ferns & <moss>", "decorative": False}
    if isinstance(block, blocks.StructBlock):
        return _struct(block, path)
    if isinstance(block, blocks.ListBlock):
        count = min(block.meta.max_num or 3, max(block.meta.min_num or 0, 3))
        return [_item(_value(block.child_block, path, name), f"{path}{number}") for number in range(count)]
    if isinstance(block, blocks.StreamBlock):
        return [_raw(kind, _struct(block.child_blocks[kind], kind)) for kind in _kinds(block)]
    if isinstance(block, ChooserBlock):
        return _chosen(block.target_model)
    return _field_value(block, name)


def _kinds(block: blocks.StreamBlock) -> list[str]:
    """What to put into a stream: not everything, and nothing that holds streams."""
    return [kind for kind in ("heading", "rich_text", "image", "button") if kind in block.child_blocks]


def _raw(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {**raw_block(kind), "value": value}


def _item(value: Any, path: str) -> dict[str, Any]:
    return {"type": "item", "value": value, "id": str(uuid5(_NAMESPACE, path))}


def _choices(block: blocks.Block) -> list[Any]:
    if not isinstance(block, blocks.ChoiceBlock):
        return [True, False] if isinstance(block, blocks.BooleanBlock) else []
    return [value for value, _label in block.field.choices]


def _field_value(block: blocks.Block, name: str) -> Any:
    if isinstance(block, blocks.RichTextBlock):
        return RICH_TEXT
    if isinstance(block, blocks.ChoiceBlock):
        return block.get_default() or next(value for value, _label in block.field.choices if value)
    if isinstance(block, blocks.BooleanBlock):
        return True
    if isinstance(block, blocks.DateTimeBlock):
        return f"{'2020' if 'start' in name else '2099'}-01-31T12:00:00+00:00"
    if isinstance(block, blocks.DateBlock):
        return f"{'2020' if 'start' in name else '2099'}-01-31"
    if isinstance(block, blocks.MultipleChoiceBlock):
        return [value for value, _label in block.field.choices]
    if isinstance(block, blocks.IntegerBlock | blocks.DecimalBlock | blocks.FloatBlock):
        return _number(block)
    if isinstance(block, blocks.URLBlock) or "url" in name or "address" in name:
        return "https://example.org/tea?a=1&b=2"
    if isinstance(block, blocks.EmailBlock):
        return "hello@example.org"
    if isinstance(block, blocks.CharBlock | blocks.TextBlock):
        return f'{name} — “words” & <more>, {{{{ contact.first_name | default: "friend" }}}}'[: _length(block)]
    default = block.get_default()
    return block.get_prep_value(default) if default is not None else None


def _length(block: blocks.Block) -> int:
    longest = getattr(block.field, "max_length", None) or 1000
    return longest if longest >= 80 else min(longest, 12)


def _number(block: blocks.Block) -> int:
    lowest, highest = getattr(block.field, "min_value", None), getattr(block.field, "max_value", None)
    return int(min(max(3, lowest or 0), highest if highest is not None else 3))


def _chosen(model: type[Model] | str) -> Any:
    model = apps.get_model(model) if isinstance(model, str) else model
    makers: dict[type[Model], Callable[[], Model]] = {
        get_image_model(): make_image,
        get_document_model(): lambda: get_document_model().objects.create(title="White paper", file="paper.pdf"),
        Product: lambda: make_product(
            name="Teapot & <lid>", image=make_image(), url="/shop/teapot/", description="Holds a litre. " * 20
        ),
        Category: make_category,
        CouponPool: _pool,
        Segment: make_segment,
        Review: _review,
        Store: lambda: Store.objects.create(name="Mill <Lane>", address="4 Mill Lane", city="Bath", country="GB"),
        SavedBlock: lambda: make_saved_block(raw_block("rich_text", content=RICH_TEXT)),
    }
    if issubclass(model, Page):
        return _page().pk
    return makers[model]().pk if model in makers else _any(model).pk


def _any(model: type[Model]) -> Model:
    """A row of any table, with something in each field that must have something."""
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.primary_key or field.has_default() or field.null:
            continue
        if field.is_relation:
            values[field.attname] = _chosen(field.related_model)
        elif isinstance(field, models.CharField | models.TextField):
            words = "https://example.org/tea" if isinstance(field, models.URLField) else f"{field.name} of <a> & b"
            values[field.name] = slugify(words) if isinstance(field, models.SlugField) else words[: field.max_length]
        elif isinstance(field, models.DateTimeField | models.DateField):
            values[field.name] = COMPILED_AT
        else:
            values[field.name] = 3
    return model._default_manager.create(**values)


def _review() -> Review:
    words = "It pours & never <drips>. " * 5
    facts = {"name": "Ada M.", "words": words, "stars": 5, "state": Review.State.APPROVED}
    return Review.objects.create(product=make_product(name="Teapot & <lid>", image=make_image()), **facts)


def _pool() -> CouponPool:
    pool = CouponPool.objects.get_or_create(name="Welcome")[0]
    add_codes(pool, [(1, "TEA-1234"), (2, "TEA-5678")])
    return pool


def _page() -> Page:
    root = default_site().root_page
    known = root.get_children().type(StoryPage).first()
    if known:
        return known
    story = StoryPage(title="Seven <ferns> & more", intro="They ask for little. " * 20, hero_image=make_image())
    return root.add_child(instance=story)
