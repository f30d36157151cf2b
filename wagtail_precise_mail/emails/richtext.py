"""Rich text for mails: clean HTML with its styles inline, and the same as plain text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.element import PreformattedString
from django.utils.safestring import SafeString, mark_safe
from wagtail.rich_text import RichText, expand_db_html

from wagtail_precise_mail.emails.mjml import normalize
from wagtail_precise_mail.emails.soup import read_markup
from wagtail_precise_mail.emails.text import Note, paragraph_text

if TYPE_CHECKING:
    from wagtail_precise_mail.emails.context import RenderContext

FEATURES = ["bold", "italic", "link", "document-link", "ol", "ul", "hr", "wpm-merge"]
"""What the editor offers: everything that every mail client shows."""

_ALLOWED = {
    "p",
    "br",
    "b",
    "strong",
    "i",
    "em",
    "a",
    "ul",
    "ol",
    "li",
    "h2",
    "h3",
    "h4",
    "hr",
    "blockquote",
    "sub",
    "sup",
}
_DROPPED = ["script", "style", "template", "iframe", "object", "embed", "svg", "math", "noscript", "title", "textarea"]
_STYLES = {
    "p": "margin:0 0 16px",
    "ul": "margin:0 0 16px;padding:{indent}",
    "ol": "margin:0 0 16px;padding:{indent}",
    "li": "margin:0 0 6px",
    "h2": "margin:0 0 12px;font-size:24px;line-height:1.25",
    "h3": "margin:0 0 10px;font-size:20px;line-height:1.3",
    "h4": "margin:0 0 8px;font-size:17px;line-height:1.35",
    "blockquote": "margin:0 0 16px;padding:{inset};border-{start}:3px solid {line}",
    "hr": "margin:8px 0 24px;border:0;border-top:1px solid {line}",
    "a": "color:{link};text-decoration:underline",
}


@dataclass(frozen=True)
class MailText:
    """A piece of rich text, twice."""

    html: SafeString
    text: str


def mail_text(value: RichText, context: RenderContext) -> MailText:
    """Return rich text with absolute links, harmless elements, inline styles and merge tags as marks.

    Raises:
        ValidationError: a merge tag is wrong.
        RenderError: it is nested too deep.
    """
    soup = read_markup(normalize(expand_db_html(value.source)))
    _remove_foreign(soup)
    notes = _link(soup, context)
    text = paragraph_text(soup, notes, context.merge_text)
    _merge(soup, context)
    _style(soup, context)
    return MailText(mark_safe(normalize(str(soup))), text)


def _remove_foreign(soup: BeautifulSoup) -> None:
    for tag in soup.find_all(_DROPPED):
        tag.decompose()
    for string in soup.find_all(string=lambda string: isinstance(string, PreformattedString)):
        string.extract()  # comments, declarations, processing instructions
    for tag in soup.find_all(True):
        if tag.name not in _ALLOWED:
            tag.unwrap()
        elif tag.name == "a":
            tag.attrs = {"href": tag["href"]} if tag.get("href") else {}
        else:
            tag.attrs = {}


def _link(soup: BeautifulSoup, context: RenderContext) -> dict[int, Note]:
    """Turn addresses into marks; return the address of each link by the identity of its element."""
    notes: dict[int, Note] = {}
    numbers: dict[str, int] = {}
    for tag in soup.find_all("a"):
        label = " ".join(tag.get_text().split())
        original = str(tag.get("href", ""))
        href = context.editors_link(original, label) if original else ""
        if not href:
            context.warn(f"The link “{label}” leads nowhere.")
            tag.unwrap()
            continue
        tag["href"] = href
        shows_itself = label in (original, original.partition(":")[2].strip("/"))
        if href not in numbers and not shows_itself:
            numbers[href] = context.note_number()
        notes[id(tag)] = Note(numbers.get(href, 0), href)
    return notes


def _merge(soup: BeautifulSoup, context: RenderContext) -> None:
    for string in soup.find_all(string=lambda string: "{{" in string):
        string.replace_with(NavigableString(context.merge_text(str(string))))


def _style(soup: BeautifulSoup, context: RenderContext) -> None:
    words = {"link": context.brand.link_color, "line": context.brand.line_color, "start": context.start}
    # Mail programs do not know padding-inline-start.
    sides = "0 0 0 {}px" if context.start == "left" else "0 {}px 0 0"
    words |= {"indent": sides.format(22), "inset": sides.format(16)}
    for tag in soup.find_all(list(_STYLES)):
        tag["style"] = _STYLES[tag.name].format(**words)
    for tag in soup.find_all(["h2", "h3", "h4"]):
        tag["style"] = f"{tag['style']};{context.brand.heading_style}"
    for tag in soup.find_all("a"):
        tag["class"] = "wpm-link"
    last = soup.find_all(True, recursive=False)
    if last and isinstance(last[-1], Tag) and last[-1].name in ("p", "ul", "ol"):
        last[-1]["style"] = str(last[-1]["style"]).replace("0 0 16px", "0", 1)
