"""What a block gets to render itself: the site, the brand, the room it has, and safe ways to write things."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from wagtail.images.models import AbstractImage, AbstractRendition, SourceImageIOError
from wagtail.models import Site

from wagtail_precise_mail.emails.audience import Expression
from wagtail_precise_mail.emails.brand import Brand
from wagtail_precise_mail.emails.editions import Edition, only_in
from wagtail_precise_mail.emails.languages import direction, locale_id_of, translation_of
from wagtail_precise_mail.emails.links import absolute, with_tags
from wagtail_precise_mail.emails.lists import ItemList
from wagtail_precise_mail.emails.marks import Marks, Place
from wagtail_precise_mail.emails.merge import Tag, parse
from wagtail_precise_mail.emails.merge_fields import brand_values
from wagtail_precise_mail.emails.pictures import rendition_spec
from wagtail_precise_mail.emails.values import one_line
from wagtail_precise_mail.exceptions import RenderError

T = TypeVar("T")

BODY_WIDTH = 600
"""Pixels: what every mail client has room for."""

GUTTER = 40
"""Pixels left and right of the text."""

PHONE_PIXELS = 680
"""What a picture gets at least: phones show small ones over the whole width, with two pixels for one."""


@dataclass(frozen=True)
class Picture:
    """An image, ready for a mail; sizes in CSS pixels, the file has twice as many."""

    url: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class UsedPicture:
    """An image that a block shows, with the file that goes out."""

    block_id: str
    image: AbstractImage
    rendition: AbstractRendition


@dataclass
class Shared:
    """What the blocks of one email share while it is rendered."""

    marks: Marks = field(default_factory=Marks)
    memo: dict[tuple[int, int], Any] = field(default_factory=dict)
    kept_alive: list[Any] = field(default_factory=list)
    note_count: int = 0
    # Products that the email shows somewhere: a replacement must not be one of them.
    product_ids: set[int] = field(default_factory=set)
    # Keys of everything that all readers see, such as "page:5": lists leave it out.
    shown: set[str] = field(default_factory=set)
    # Each with the id and the name of the block it is about.
    warnings: list[tuple[str, str, str]] = field(default_factory=list)
    # Every picture that the email shows, as it goes out: for checks of its weight and its rights.
    pictures: list[UsedPicture] = field(default_factory=list)
    # By the key of the image, see emails.rights.
    credits: dict[int, str] = field(default_factory=dict)
    # The id of the email's locale, once somebody asked, and translations by the page or saved block that was chosen.
    locale_id: int | None = None
    translations: dict[tuple[type, int], Any] = field(default_factory=dict)
    # Why blocks of a draft show a note.
    failures: list[RenderError] = field(default_factory=list)
    # What blocks put in the place of the email's own "preheader", "header" (MJML), "footer" (MJML), "footer_text";
    # "" for a block that is yet to be rendered.
    frame: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RenderContext:
    """One email being rendered, seen from one of its blocks.

    Attributes:
        base_url: scheme and host in front of every address, without a slash at the end.
        language: code of the language that the email is written in.
        is_draft: incomplete blocks show a note in place of an error: for previews.
        is_page: it becomes a page of the site and no mail: nobody got it, so nobody can leave it.
        width: pixels that the block has.
        block_id: the id of the block in its stream; clicks are counted by it.
        block_label: how the block is called when something is wrong with it.
    """

    site: Site
    base_url: str
    brand: Brand
    language: str
    at: datetime
    is_draft: bool = False
    is_page: bool = False
    shared: Shared = field(default_factory=Shared)
    width: int = BODY_WIDTH - 2 * GUTTER
    block_id: str = ""
    block_label: str = ""

    @property
    def marks(self) -> Marks:
        """The marks of this email."""
        return self.shared.marks

    @property
    def start(self) -> str:
        """The side where lines begin: "left", or "right" in languages that are written from there."""
        return "right" if direction(self.language) == "rtl" else "left"

    def at_block(self, block_id: str, label: str) -> RenderContext:
        """Return this context for one of the blocks."""
        return replace(self, block_id=block_id, block_label=label)

    def in_column(self, width: int) -> RenderContext:
        """Return this context for the blocks of a column."""
        return replace(self, width=width)

    def on(self, background: str) -> RenderContext:
        """Return this context for a block on a background of the brand; its colors can be read there."""
        return replace(self, brand=self.brand.on(background)) if background else self

    def only_for(self, audience: Expression, content: str, place: Place) -> SafeString:
        """Return content that only some readers get."""
        return mark_safe(self.marks.region({"if": audience}, content, place))

    def localized(self, thing: T) -> T:
        """Return a page or saved block in its published translation into the email's language, else as it is.

        What is in that language already costs one query for the whole email.
        """
        locale_id = getattr(thing, "locale_id", None)
        if locale_id is None:
            return thing
        if self.shared.locale_id is None:
            self.shared.locale_id = locale_id_of(self.language) or 0
        if locale_id == self.shared.locale_id:
            return thing
        key = (type(thing), thing.pk)  # type: ignore[attr-defined]
        if key not in self.shared.translations:
            self.shared.translations[key] = translation_of(thing, self.language)
        found: T = self.shared.translations[key]
        return found

    def only_in(self, editions: Collection[Edition], content: str, place: Place) -> SafeString:
        """Return content that some editions show, such as the mail and not the copies for others."""
        return mark_safe(self.marks.region(only_in(editions), content, place))

    def keep(self, facts: dict[str, Any]) -> None:
        """Keep facts about this block in the compiled email, as JSON, for the pages that its links lead to."""
        self.marks.kept[self.block_id] = facts

    def item_list(self, source: str, *, count: int, **words: Any) -> ItemList:
        """Return a list whose items are chosen for each reader when the email leaves.

        Args:
            source: key of the source in ``item_sources``.
            count: items at the most.
            words: what the source should know, as JSON.
        """
        spec = {"source": source, "count": count, "block_id": self.block_id, **words}
        return ItemList(self.marks, self.marks.add_list(spec), self.block_id)

    def personal_link(self, name: str, argument: str = "") -> str:
        """Return the ``href`` of an address of ours that is signed for each message.

        Args:
            name: its key in ``personal_links``.
            argument: what it says beside the message and the block, such as an answer.
        """
        return self.marks.personal(name, block_id=self.block_id, argument=argument)

    def once(self, value: Any, compute: Callable[[], T]) -> T:
        """Return what ``compute`` gives for a block's value: HTML and text are made of the same facts."""
        return self._once(value, self.width, compute)

    def once_per_email(self, value: Any, compute: Callable[[], T]) -> T:
        """Return what ``compute`` gives for a block's value, whatever the width: for choices that must not differ."""
        return self._once(value, 0, compute)

    def _once(self, value: Any, width: int, compute: Callable[[], T]) -> T:
        key = (id(value), width)
        if key not in self.shared.memo:
            self.shared.kept_alive.append(value)  # an id is of use as long as its object lives
            self.shared.memo[key] = compute()
        result: T = self.shared.memo[key]
        return result

    def merge(self, text: str) -> SafeString:
        """Return what an editor typed as HTML, its merge tags as marks.

        Raises:
            ValidationError: a merge tag is wrong.
        """
        return mark_safe(
            "".join(escape(part) if isinstance(part, str) else self._tag(part, escape) for part in parse(text))
        )

    def merge_text(self, text: str) -> str:
        """Return what an editor typed as plain text, its merge tags as marks.

        Raises:
            ValidationError: a merge tag is wrong.
        """
        return "".join(part if isinstance(part, str) else self._tag(part, str) for part in parse(text))

    def link(self, url: str, label: str = "") -> str:
        """Return the ``href`` of an address from data; "" when it must not stand in a mail."""
        return self._link([target] if (target := absolute(url, self.base_url)) else [], label)

    def editors_link(self, url: str, label: str = "") -> str:
        """Return the ``href`` of an address that an editor typed, in which merge tags count.

        Raises:
            ValidationError: a merge tag is wrong.
        """
        return self._link(with_tags(url, self.base_url), label)

    def picture(
        self, image: AbstractImage, alt: str, *, ratio: float | None = None, width: int = 0, effect: str = ""
    ) -> Picture:
        """Return an image in a format that every mail client shows, with twice the pixels of its size.

        Args:
            ratio: width by height; the image is cut around its focal point. None keeps its own.
            width: CSS pixels; 0 takes the width of the block.
            effect: an operation of :mod:`.effects`; its result is a JPEG.

        Raises:
            RenderError: the file is missing, or is a vector graphic.
        """
        if image.is_svg():
            raise RenderError("SVG images are not shown by mail programs.", block=self.block_label)
        width = min(width or self.width, image.width)
        pixels = min(max(width * 2, PHONE_PIXELS), image.width)
        try:
            rendition = image.get_rendition(rendition_spec(image, pixels, ratio, effect=effect))
        except (SourceImageIOError, OSError) as error:
            raise RenderError(f"The file of the image “{image.title}” is missing.", block=self.block_label) from error
        self.shared.pictures.append(UsedPicture(self.block_id, image, rendition))
        height = round(width * rendition.height / max(rendition.width, 1))
        return Picture(absolute(rendition.url, self.base_url), width, height, alt)

    def note_number(self) -> int:
        """Return the next number for an address that stands below its paragraph in the text part."""
        self.shared.note_count += 1
        return self.shared.note_count

    def warn(self, message: str) -> None:
        """Keep something about this block that the editor should know before sending."""
        warning = (self.block_id, self.block_label, message)
        if warning not in self.shared.warnings:
            self.shared.warnings.append(warning)

    def _tag(self, tag: Tag, write: Callable[[str], str]) -> str:
        # The brand is the same for all contacts, so its fields are written at once.
        if tag.field.startswith("brand."):
            return write(tag.fill(brand_values(self.brand)[tag.field], self.language))
        return self.marks.merge(tag)

    def _link(self, url: list[str | Tag], label: str) -> str:
        if not url:
            return ""
        if isinstance(url[0], str) and not url[0].startswith(("http://", "https://")):
            return url[0]  # mailto, tel and fragments stay as they are
        return self.marks.link(url, block_id=self.block_id, label=one_line(label))
