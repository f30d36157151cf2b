"""MJML that a person wrote, made ready for a mail: checked, with absolute and counted links, and as plain text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from bs4 import BeautifulSoup, Comment, NavigableString, Tag
from bs4.element import PreformattedString, Stylesheet
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from wagtail_precise_mail.emails.links import absolute
from wagtail_precise_mail.emails.markup import LINKS, PICTURES, SECTIONS, is_conditional, problems_of
from wagtail_precise_mail.emails.mjml import clean_markup, normalize
from wagtail_precise_mail.emails.soup import read_markup
from wagtail_precise_mail.emails.text import RULE, Note, join, paragraph_text, plain_address, wrap
from wagtail_precise_mail.exceptions import RenderError

if TYPE_CHECKING:
    from wagtail_precise_mail.emails.context import RenderContext

# Social elements put the address into one of their own, unless their name says that they do not: an address that is
# counted cannot stand inside another one. So we write the outer address. Source: MJML 4.18, mj-social-element.
_SHARING = {
    "facebook": "https://www.facebook.com/sharer/sharer.php?u={}",
    "google": "https://plus.google.com/share?url={}",
    "linkedin": "https://www.linkedin.com/shareArticle?mini=true&url={}&title=&summary=&source=",
    "pinterest": "https://pinterest.com/pin/create/button/?url={}&media=&description=",
    "tumblr": "https://www.tumblr.com/widgets/share/tool?canonicalUrl={}",
    "twitter": "https://twitter.com/intent/tweet?url={}",
    "x": "https://twitter.com/intent/tweet?url={}",
    "xing": "https://www.xing.com/app/user?op=share&url={}",
}
_IN_COMMENT = re.compile(r"""\b(href|src)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


@dataclass(frozen=True)
class MailMjml:
    """A piece of MJML, twice.

    Attributes:
        has_sections: it stands in the body; otherwise in a column.
    """

    mjml: SafeString
    text: str
    has_sections: bool


def mail_mjml(source: str, context: RenderContext) -> MailMjml:
    """Return a piece of MJML with absolute links, merge tags as marks, and nothing that runs.

    Raises:
        RenderError: it is wrong; the error has the line.
        ValidationError: a merge tag is wrong.
    """
    source = clean_markup(source)
    for problem in problems_of(source):
        raise RenderError(problem.message, block=context.block_label, line=problem.line)
    soup = read_markup(source, string_containers={"mj-style": Stylesheet})
    roots = {tag.name for tag in soup.find_all(True, recursive=False)}
    reader = _Reader(soup, context)
    reader.read()
    text = join(*_texts(soup, reader.notes))
    return MailMjml(mark_safe(normalize(str(soup))), text, bool(roots & SECTIONS))


class _Reader:
    """Walks through the soup and puts marks in the place of merge tags and addresses."""

    def __init__(self, soup: BeautifulSoup, context: RenderContext) -> None:
        self.soup = soup
        self.context = context
        self.notes: dict[int, Note] = {}
        self.numbers: dict[str, int] = {}

    def read(self) -> None:
        for tag in self.soup.find_all(True):
            self.prepare(tag)
            for name in list(tag.attrs):
                self.attribute(tag, name)
        for string in list(self.soup.find_all(string=True)):
            self.string(string)

    def prepare(self, tag: Tag) -> None:
        base = str(tag.attrs.pop("base-url", "")) if tag.name == "mj-navbar" else ""
        for link in tag.find_all("mj-navbar-link") if base else []:
            link["href"] = base + str(link.get("href", ""))
        sharing = _SHARING.get(str(tag.get("name"))) if tag.name == "mj-social-element" else None
        if sharing and tag.get("href"):
            tag["href"] = sharing.format(quote(str(tag["href"]), safe=""))
            tag["name"] = f"{tag['name']}-noshare"

    def attribute(self, tag: Tag, name: str) -> None:
        value = str(tag[name])
        if name in LINKS:
            label = _label(tag)
            tag[name] = href = self.href(value, label, tag)
            self.note(tag, href, label, value)
        elif name in PICTURES:
            tag[name] = self.picture(value, tag)
        elif "{{" in value:
            tag[name] = self.context.merge_text(value)

    def href(self, value: str, label: str, tag: Tag | None = None) -> str:
        if not (href := self.context.editors_link(value, label)):
            raise self.error(_("“%(url)s” is not an address for a mail.") % {"url": value[:100]}, tag)
        return href

    def picture(self, value: str, tag: Tag | None = None) -> str:
        url = absolute(value, self.context.base_url)
        if not url.startswith(("http://", "https://")):
            raise self.error(_("“%(url)s” is not the address of a picture.") % {"url": value[:100]}, tag)
        return url

    def error(self, message: str, tag: Tag | None) -> RenderError:
        line = tag.sourceline if tag is not None else None
        return RenderError(message, block=self.context.block_label, line=line)

    def note(self, tag: Tag, href: str, label: str, original: str) -> None:
        if tag.name != "a":
            return
        shows_itself = label in (original, original.partition(":")[2].strip("/"))
        if href not in self.numbers and not shows_itself:
            self.numbers[href] = self.context.note_number()
        self.notes[id(tag)] = Note(self.numbers.get(href, 0), href)

    def string(self, string: NavigableString) -> None:
        if isinstance(string, Comment) and is_conditional(string):
            string.replace_with(Comment(_IN_COMMENT.sub(self.in_comment, string)))
        elif isinstance(string, PreformattedString):
            string.extract()
        elif "{{" in string and not isinstance(string, Stylesheet):
            string.replace_with(NavigableString(self.context.merge_text(string)))

    def in_comment(self, match: re.Match[str]) -> str:
        name, double, single = match.groups()
        value = double if double is not None else single
        write: Callable[[str], str] = self.picture if name.lower() == "src" else lambda url: self.href(url, "")
        return f'{name}="{escape(write(value))}"'


def _label(tag: Tag) -> str:
    return " ".join(tag.get_text().split()) or str(tag.get("alt") or tag.get("title") or "")


def _texts(parent: Tag, notes: dict[int, Note]) -> Iterator[str]:
    """Return the text of each element of MJML inside another one."""
    for child in parent.children:
        if not isinstance(child, Tag) or child.name == "mj-style":
            continue
        words, href = _label(child), plain_address(str(child.get("href") or ""))
        if child.name == "mj-divider":
            yield RULE
        elif child.name == "mj-button":
            yield "\n".join(filter(None, [wrap(words, first="→ ", rest="  "), href]))
        elif child.name in ("mj-navbar-link", "mj-social-element"):
            yield "\n".join(filter(None, [wrap(words or str(child.get("name", ""))), href]))
        elif child.name in ("mj-image", "mj-carousel-image"):
            yield "\n".join(filter(None, [wrap(f"[{words}]") if words else "", href]))
        elif child.name == "mj-table":
            yield paragraph_text(read_markup(f"<table>{child.decode_contents()}</table>"), {}, str)
        elif child.find(lambda tag: tag.name.startswith("mj-")):
            yield join(*_texts(child, notes))
        else:
            yield paragraph_text(child, notes, str)
