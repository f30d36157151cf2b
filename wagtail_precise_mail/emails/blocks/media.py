"""Videos, files, and pictures side by side."""

from __future__ import annotations

from typing import Any

from django.template.defaultfilters import filesizeformat
from django.urls import NoReverseMatch
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, ListBlock, PageChooserBlock, StructValue
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.documents.models import AbstractDocument
from wagtail.images.blocks import ImageBlock as WagtailImageBlock

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.blocks.basic import LinkChildren
from wagtail_precise_mail.emails.blocks.images import alt_of
from wagtail_precise_mail.emails.blocks.samples import sample_picture
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import BODY_WIDTH, GUTTER, RenderContext
from wagtail_precise_mail.emails.effects import play_badge
from wagtail_precise_mail.emails.rights import credit_of
from wagtail_precise_mail.emails.text import wrap
from wagtail_precise_mail.exceptions import RenderError

GAP = 6
"""Pixels around each picture of a gallery."""


@email_blocks.register("video")
class VideoBlock(LinkChildren):
    """A still of a video that leads to it: mail programs play none."""

    image = WagtailImageBlock(label=_("Picture"))
    url = CharBlock(
        label=_("Address of the video"), max_length=2000, help_text=_("Such as its page at YouTube or Vimeo.")
    )
    title = CharBlock(label=_("Title"), required=False, max_length=150)
    duration = CharBlock(label=_("Length"), required=False, max_length=12, help_text=_("Such as 4:12."))

    mjml_template = "wagtail_precise_mail/emails/blocks/video.mjml"
    merge_fields = ("title", "url")
    untranslated = ("duration",)
    nature = "editorial"

    class Meta:
        icon = "media"
        label = _("Video")
        group = _("Pictures")
        description = _("A picture with a play button that opens the video in the browser.")
        preview_value = {"title": "How to warm a pot", "duration": "4:12"}
        label_format = "{title}"

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        if not (image := value.get("image")):
            raise RenderError(gettext("Choose an image: there is none, or it was deleted."))
        title = value.get("title") or ""
        if not (href := self.href(value, context, title or image.title)):
            raise RenderError(gettext("A video needs its address."))
        plain = context.merge_text(title)
        alt = alt_of(image) or gettext("Play the video: %(title)s") % {"title": plain or image.title}
        badge = play_badge(context.brand.primary_color, context.brand.on_primary_color)
        return {
            "picture": context.picture(image, alt, ratio=16 / 9, effect=badge),
            "href": href,
            "title": context.merge(title),
            "plain": plain,
            "watch": gettext("Watch the video"),
            "duration": value.get("duration") or "",
            "credit": credit_of(image, context),
            "align": value.get("align") or context.start,
        }

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        length = f" ({facts['duration']})" if facts["duration"] else ""
        words = f"{facts['watch']}: {facts['plain']}{length}" if facts["plain"] else f"{facts['watch']}{length}"
        return f"{wrap(words, first='▶ ', rest='  ')}\n{facts['href']}"

    def preview_mjml(self, context: RenderContext) -> str:
        facts = {
            **self.get_preview_value(),
            "picture": sample_picture(context, context.width, round(context.width * 9 / 16), name="video"),
            "href": "#",
            "watch": gettext("Watch the video"),
            "align": context.start,
        }
        return self.as_section(self.render_mjml(self.mjml_template, facts, context))


@email_blocks.register("file")
class FileBlock(EmailBlock):
    """A document of the site to load down: a white paper, a price list."""

    document = DocumentChooserBlock(label=_("File"))
    title = CharBlock(label=_("Title"), required=False, max_length=150, help_text=_("Empty: the title of the file."))
    words = CharBlock(label=_("Words"), required=False, max_length=300)
    link_label = CharBlock(label=_("Words of the link"), required=False, max_length=80, help_text=_("“Download”"))

    mjml_template = "wagtail_precise_mail/emails/blocks/file.mjml"
    merge_fields = ("title", "words", "link_label")
    align = None
    nature = "editorial"

    class Meta:
        icon = "download"
        label = _("File")
        group = _("From the site")
        description = _("A white paper, a price list or another document, with its type and size.")
        preview_value = {"words": "Twelve pages on water, heat and patience."}

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        document = value.get("document")
        if document is None:
            raise RenderError(gettext("Choose a file: there is none, or it was deleted."))
        title = value.get("title") or ""
        label = value.get("link_label") or gettext("Download")
        if not (href := context.link(_address(document), title or document.title)):
            raise RenderError(gettext("The file “%(title)s” has no address.") % {"title": document.title})
        if document.collection.get_view_restrictions():
            message = gettext("“%(title)s” is in a private collection: readers need a login or a password to open it.")
            context.warn(message % {"title": document.title})
        return {
            # The title of a document is data; braces in it stay as they are.
            "title": context.merge(title) if title else document.title,
            "plain_title": context.merge_text(title) if title else document.title,
            "words": context.merge(value.get("words") or ""),
            "plain_words": context.merge_text(value.get("words") or ""),
            "link_label": context.merge(label),
            "href": href,
            "kind": (document.file_extension or gettext("file")).upper()[:5],
            "size": filesizeformat(document.get_file_size()) if document.get_file_size() else "",
        }

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        kind = ", ".join(filter(None, [facts["kind"], facts["size"]]))
        return "\n".join(
            filter(None, [wrap(f"{facts['plain_title']} ({kind})"), wrap(facts["plain_words"]), facts["href"]])
        )

    def preview_mjml(self, context: RenderContext) -> str:
        facts = {
            "title": "A small book of tea",
            "words": self.get_preview_value()["words"],
            "kind": "PDF",
            "size": filesizeformat(1_363_149),
            "href": "#",
            "link_label": gettext("Download"),
        }
        return self.as_section(self.render_mjml(self.mjml_template, facts, context))


class GalleryItemBlock(LinkChildren):
    """One picture of a gallery."""

    image = WagtailImageBlock(label=_("Picture"))
    caption = CharBlock(label=_("Caption"), required=False, max_length=120)
    page = PageChooserBlock(label=_("Leads to a page"), required=False)
    url = CharBlock(label=_("or to an address"), required=False, max_length=2000)

    merge_fields = ("caption", "url")
    audience = padding = background = align = aida = None

    class Meta:
        icon = "image"
        label = _("Picture")
        label_format = "{caption}"


_ITEM = GalleryItemBlock()


@email_blocks.register("gallery")
class GalleryBlock(EmailBlock):
    """Two to six pictures in rows: what a carousel shows one after the other, and most mail programs do not."""

    mjml_template = "wagtail_precise_mail/emails/blocks/gallery_column.mjml"
    align = None

    class Meta:
        icon = "grid"
        label = _("Gallery")
        group = _("Pictures")
        description = _("Two to six pictures side by side, each with a link and a caption if wanted.")
        preview_value: dict[str, Any] = {}

    pictures = ListBlock(_ITEM, label=_("Pictures"), min_num=2, max_num=6)

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        items = [item for item in value.get("pictures") or [] if item.get("image")]
        if not items:
            raise RenderError(gettext("Choose at least two pictures."))
        remaining = iter(items)
        rows = [[next(remaining) for _place in range(size)] for size in row_sizes(len(items))]
        return {"rows": [[self._cell(item, len(row), context) for item in row] for row in rows]}

    def compile(self, value: StructValue, context: RenderContext) -> SafeString:
        cells = [cell for row in self.facts(value, context)["rows"] for cell in row]
        return self.render_mjml(self.mjml_template, {"cells": cells}, context)

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        return self._rows(self.facts(value, context), context)

    def text(self, value: StructValue, context: RenderContext) -> str:
        lines = []
        for cell in (cell for row in self.facts(value, context)["rows"] for cell in row):
            words = cell["plain"] or cell["picture"].alt
            lines += [wrap(words, first="- ", rest="  ")] if words else []
            lines += [f"  {cell['href']}" if words else f"- {cell['href']}"] if cell["href"] else []
        return "\n".join(lines)

    def preview_mjml(self, context: RenderContext) -> str:
        motifs = {"leaf": "A young fig", "cup": "The morning cup", "": "Above the mill"}
        row = [
            {"picture": sample_picture(context, 165, 124, name=name), "caption": caption, "href": "#"}
            for name, caption in motifs.items()
        ]
        return self._rows({"rows": [row]}, context)

    def _cell(self, item: StructValue, per_row: int, context: RenderContext) -> dict[str, Any]:
        """One picture; in a column, where all stand below each other, it is as wide as the column."""
        image, caption = item["image"], item.get("caption") or ""
        is_stacked = context.width < BODY_WIDTH - 2 * GUTTER
        width = context.width if is_stacked else (context.width + 2 * GAP) // per_row - 2 * GAP
        alt = alt_of(image)
        return {
            "picture": context.picture(image, alt, ratio=1 if per_row == 3 else 4 / 3, width=width),
            "caption": context.merge(caption),
            "plain": context.merge_text(caption),
            "href": _ITEM.href(item, context, caption or alt or image.title),
            "credit": credit_of(image, context),
        }

    def _rows(self, facts: dict[str, Any], context: RenderContext) -> SafeString:
        more = {**facts, "gutter": GUTTER - GAP, "gap": GAP}
        return self.render_mjml("wagtail_precise_mail/emails/blocks/gallery.mjml", more, context)


def row_sizes(count: int) -> list[int]:
    """Return how many pictures stand in each row: two or three, so that no row has a hole."""
    if count <= 3:
        return [count]
    return [2, *row_sizes(count - 2)] if count in (4, 5) else [3, *row_sizes(count - 3)]


def _address(document: AbstractDocument) -> str:
    try:
        return str(document.url)
    except NoReverseMatch as error:
        message = gettext("Files have no addresses: include “wagtail.documents.urls” in the site's URLs.")
        raise RenderError(message) from error
