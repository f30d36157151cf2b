"""Page types that the example site does not have: one for each way a card is made."""

from __future__ import annotations

from django.db import models
from wagtail.blocks import (
    BlockQuoteBlock,
    CharBlock,
    ListBlock,
    PageChooserBlock,
    RawHTMLBlock,
    RichTextBlock,
    StreamBlock,
    StructBlock,
    TextBlock,
)
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.fields import RichTextField, StreamField
from wagtail.images import get_image_model_string
from wagtail.images.blocks import ImageBlock, ImageChooserBlock
from wagtail.models import Page

from wagtail_precise_mail.commerce.choosers import ProductChooserBlock
from wagtail_precise_mail.emails.bridge import EmailableMixin
from wagtail_precise_mail.emails.cards import Card


class StoryPage(Page):
    """Has an introduction and an image, as most page types do."""

    intro = models.TextField(blank=True)
    body = RichTextField(blank=True)
    hero_image = models.ForeignKey(get_image_model_string(), models.SET_NULL, null=True, blank=True, related_name="+")


class StreamPage(Page):
    """Has nothing but a stream."""

    content = StreamField([("title", CharBlock()), ("words", RichTextBlock())], blank=True)


class SelfMadeCardPage(Page):
    """Says itself what a mail shows of it."""

    def get_email_card(self) -> Card:
        return Card(title=f"Recipe: {self.title}", summary="Twelve minutes.", url="https://recipes.example.org/1")


_WORDS = [
    ("heading", CharBlock()),
    ("h3", CharBlock()),
    ("claim", CharBlock(form_classname="title")),
    ("anchor", CharBlock()),
    ("words", RichTextBlock()),
    ("plain", TextBlock()),
    ("quote", BlockQuoteBlock()),
]


class MixedPage(EmailableMixin, Page):
    """Has a block of every kind that the bridge to emails treats in a way of its own."""

    lead = models.TextField(blank=True)
    before = RichTextField(blank=True)
    content = StreamField(
        [
            *_WORDS,
            ("image", ImageChooserBlock()),
            ("described_image", ImageBlock()),
            ("page", PageChooserBlock()),
            ("product", ProductChooserBlock()),
            ("document", DocumentChooserBlock()),
            ("markup", RawHTMLBlock()),
            ("box", StructBlock([("title", CharBlock()), ("text", RichTextBlock())])),
            ("several", ListBlock(RichTextBlock())),
            ("inside", StreamBlock(_WORDS)),
        ],
        blank=True,
    )
