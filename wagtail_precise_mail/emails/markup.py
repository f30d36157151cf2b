"""What may stand in MJML that a person writes, and what is wrong with a piece of it, line by line.

The grammar is that of MJML 4 for the inside of a body: https://documentation.mjml.io/#components. What it does not
name is refused, because mjml-python copies unknown elements into the mail, and so that no script gets into the web
version of an email.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser

from django.utils.translation import gettext as _

SECTIONS = {"mj-section", "mj-hero"}
"""Roots that stand in the body; a column has no room for them."""

CONTENTS = {
    "mj-accordion",
    "mj-button",
    "mj-carousel",
    "mj-divider",
    "mj-image",
    "mj-navbar",
    "mj-social",
    "mj-spacer",
    "mj-table",
    "mj-text",
}
"""Roots that stand in a column."""

CHILDREN: dict[str, set[str]] = {
    "mj-section": {"mj-column", "mj-group", "mj-raw"},
    "mj-group": {"mj-column", "mj-raw"},
    "mj-column": CONTENTS | {"mj-raw"},
    "mj-hero": CONTENTS | {"mj-raw"},
    "mj-accordion": {"mj-accordion-element", "mj-raw"},
    "mj-accordion-element": {"mj-accordion-title", "mj-accordion-text", "mj-raw"},
    "mj-carousel": {"mj-carousel-image"},
    "mj-navbar": {"mj-navbar-link", "mj-raw"},
    "mj-social": {"mj-social-element", "mj-raw"},
}
"""The elements that hold only other elements of MJML."""

HOLDS_HTML = {
    "mj-accordion-text",
    "mj-accordion-title",
    "mj-button",
    "mj-navbar-link",
    "mj-raw",
    "mj-social-element",
    "mj-table",
    "mj-text",
}
HOLDS_NOTHING = {"mj-carousel-image", "mj-divider", "mj-image", "mj-spacer"}
HTML = {
    *("a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption"),
    *("center", "cite", "code", "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em"),
    *("figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img"),
    *("ins", "kbd", "li", "main", "mark", "nav", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp"),
    *("section", "small", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot"),
    *("th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr"),
}
_KNOWN = {*SECTIONS, *CONTENTS, *CHILDREN, *HOLDS_HTML, *HOLDS_NOTHING, "mj-style", "mj-wrapper"}
_VOIDS = {"br", "col", "hr", "img", "wbr"}

LINKS = {"href"}
PICTURES = {
    *("src", "background", "background-url", "thumbnails-src"),
    *("left-icon", "right-icon", "icon-wrapped-url", "icon-unwrapped-url"),
}
REFUSED_ATTRIBUTES = {"action", "formaction", "http-equiv", "ping", "poster", "srcdoc", "srcset", "xlink:href"}

PROBLEM_LIMIT = 10
DEPTH_LIMIT = 100

_ATTRIBUTE = re.compile(r"[a-z_:][a-z0-9_:.-]*", re.IGNORECASE)
_IGNORED_BY_BROWSERS = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_SCRIPT_ADDRESS = re.compile(r"(?:javascript|vbscript|livescript|data|file|blob|about):", re.IGNORECASE)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SCRIPT_IN_CSS = re.compile(
    r"expression\(|behavior:|-moz-binding|@import|@charset|javascript:|vbscript:|</|\\", re.IGNORECASE
)
_URL_IN_CSS = re.compile(r"url\(\s*['\"]?(?!https?://)", re.IGNORECASE)
_CONDITION = re.compile(r"\[if\s[^\]<>]{1,80}\]>(.*)<!\[endif\]", re.DOTALL)
_OUTSIDE_OUTLOOK = re.compile(r"\[if\s+!mso[^\]<>]{0,40}\]><!|<!\[endif\]")
_OUTLOOK_NAME = re.compile(r"[vow]:[a-z]+")


@dataclass(frozen=True)
class Problem:
    """What is wrong, and on which line of the source, counted from 1."""

    message: str
    line: int

    def __str__(self) -> str:
        return _("Line %(line)s: %(message)s") % {"line": self.line, "message": self.message}


def problems_of(source: str) -> list[Problem]:
    """Return what is wrong with a piece of MJML, from top to bottom; at most :data:`PROBLEM_LIMIT`."""
    checker = _Checker()
    with suppress(_Enough):
        checker.feed(source)
        checker.close()
        checker.check_end()
    found = sorted(dict.fromkeys(checker.problems), key=lambda problem: problem.line)
    return found[:PROBLEM_LIMIT]


def is_conditional(comment: str) -> bool:
    """Whether a comment is one that Outlook reads, or that closes one."""
    return bool(_CONDITION.fullmatch(comment) or _OUTSIDE_OUTLOOK.fullmatch(comment))


class _Enough(Exception):
    """There are more problems than anybody wants to read."""


class _Checker(HTMLParser):
    """Walks through the source with a stack of the open elements, and one more for what only Outlook reads."""

    def __init__(self, line: int = 1) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[Problem] = []
        self.first_line = line
        self.open: list[tuple[str, int]] = []
        self.open_in_outlook: list[tuple[str, int]] = []
        self.kind = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, attrs)
        if tag not in _VOIDS:
            self.open.append((tag, self._line()))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._close(self.open, tag)

    def handle_data(self, data: str) -> None:
        parent = self.open[-1][0] if self.open else ""
        if parent == "mj-style":
            self._check_css(data)
        elif data.strip() and not self._holds_html():
            words = " ".join(data.split())[:40]
            self._add(_("“%(words)s” stands outside of any text: put it into mj-text.") % {"words": words})

    def handle_comment(self, data: str) -> None:
        if not (match := _CONDITION.fullmatch(data)):
            return  # ordinary comments are left out of the mail
        if not self._holds_html():
            self._add(_("A comment for Outlook must stand in mj-raw or in a text."))
        inner = _OutlookChecker(self._line(), self.open_in_outlook)
        inner.feed(match[1])
        inner.close()
        self.problems += inner.problems

    def handle_decl(self, decl: str) -> None:
        self._add(_("Declarations such as <!doctype> cannot stand in a part of an email."))

    def handle_pi(self, data: str) -> None:
        self._add(_("Processing instructions such as <?xml ?> cannot stand in a part of an email."))

    def unknown_decl(self, data: str) -> None:
        self._add(_("CDATA cannot stand in a part of an email."))

    def check_end(self) -> None:
        """Complain of what is still open."""
        for name, line in [*self.open, *self.open_in_outlook]:
            self.problems.append(Problem(_("<%(element)s> is not closed.") % {"element": name}, line))

    def _start(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if message := self._misplaced(tag):
            self._add(message)
        elif len(self.open) > DEPTH_LIMIT:
            self._add(_("More than %(limit)s elements are nested in each other.") % {"limit": DEPTH_LIMIT})
        for message in _attribute_problems(attrs):
            self._add(message)

    def _misplaced(self, tag: str) -> str:
        parent = self.open[-1][0] if self.open else ""
        names = {"element": tag, "parent": parent}
        if tag in ("mjml", "mj-head", "mj-body"):
            return _("<%(element)s> belongs to a whole document: paste only what stands inside of mj-body.") % names
        if tag.startswith("mj-") and tag not in _KNOWN:
            return _("There is no element <%(element)s> for a part of an email.") % names
        if not tag.startswith("mj-") and tag not in HTML:
            return _("<%(element)s> cannot stand in an email.") % names
        if not parent or tag == "mj-style":
            return self._misplaced_root(tag)
        if tag.startswith("mj-"):
            is_allowed = tag in CHILDREN.get(parent, ())
            return "" if is_allowed else _("<%(element)s> cannot stand in <%(parent)s>.") % names
        if not self._holds_html():
            return _("<%(element)s> cannot stand in <%(parent)s>: put it into mj-text.") % names
        if parent == "mj-raw" and tag != "tr" and self._is_in_column():
            return _("In a column, mj-raw must hold rows of a table: start with <tr>, or use mj-text.")
        return ""

    def _misplaced_root(self, tag: str) -> str:
        names = {"element": tag}
        if tag == "mj-style":
            return _("<mj-style> must stand outside of all other elements.") if self.open else ""
        if tag == "mj-wrapper":
            return _("The blocks of an email stand in a wrapper already: start with mj-section.")
        if tag not in SECTIONS | CONTENTS:
            return _("Start with mj-section, or with what a column holds, such as mj-text: not <%(element)s>.") % names
        kind = "section" if tag in SECTIONS else "content"
        if self.kind and kind != self.kind:
            return (
                _("Sections and what a column holds cannot stand side by side: put <%(element)s> in its place.") % names
            )
        self.kind = kind
        return ""

    def _is_in_column(self) -> bool:
        return len(self.open) > 1 and self.open[-2][0] in ("mj-column", "mj-hero")

    def _holds_html(self) -> bool:
        return any(name in HOLDS_HTML for name, _line in self.open)

    def _close(self, opened: list[tuple[str, int]], tag: str) -> None:
        if opened and opened[-1][0] == tag:
            opened.pop()
            return
        if tag not in (name for name, _line in opened):
            self._add(_("</%(element)s> closes nothing.") % {"element": tag})
            return
        while opened:
            name, line = opened.pop()
            if name == tag:
                return
            self.problems.append(Problem(_("<%(element)s> is not closed.") % {"element": name}, line))

    def _check_css(self, css: str) -> None:
        for message in _css_problems(css):
            self._add(message)

    def _line(self) -> int:
        return self.first_line + self.getpos()[0] - 1

    def _add(self, message: str) -> None:
        self.problems.append(Problem(message, self._line()))
        if len(self.problems) > 3 * PROBLEM_LIMIT:
            raise _Enough


class _OutlookChecker(_Checker):
    """Checks what stands in a comment that Outlook reads: HTML and its drawing elements, across comments."""

    def __init__(self, line: int, opened: list[tuple[str, int]]) -> None:
        super().__init__(line)
        self.open = opened

    def handle_data(self, data: str) -> None:
        if "{{" in data:
            self._add(_("Merge fields work in addresses of links only, in a comment for Outlook."))

    def handle_comment(self, data: str) -> None:
        self._add(_("A comment stands in a comment."))

    def _misplaced(self, tag: str) -> str:
        is_fine = tag in HTML or _OUTLOOK_NAME.fullmatch(tag)
        return "" if is_fine else _("<%(element)s> cannot stand in an email.") % {"element": tag}


def _attribute_problems(attrs: list[tuple[str, str | None]]) -> Iterator[str]:
    for name, value in attrs:
        written = _IGNORED_BY_BROWSERS.sub("", value or "")
        is_address = name in LINKS | PICTURES
        if not _ATTRIBUTE.fullmatch(name):
            yield _("“%(name)s” is no name of an attribute.") % {"name": name[:40]}
        elif name.startswith("on") or name in REFUSED_ATTRIBUTES:
            yield _("The attribute “%(name)s” cannot stand in an email.") % {"name": name}
        elif _SCRIPT_ADDRESS.match(written):
            yield _("“%(url)s” is not an address for a mail.") % {"url": (value or "")[:100]}
        elif name == "style" or (not is_address and "(" in written):
            yield from _css_problems(value or "")
        if "{{" in written and name not in LINKS | {"alt", "title"}:
            yield _("Merge fields work in texts, links, alt and title, not in “%(name)s”.") % {"name": name}


def _css_problems(css: str) -> Iterator[str]:
    plain = _IGNORED_BY_BROWSERS.sub("", _CSS_COMMENT.sub("", css))
    if match := _SCRIPT_IN_CSS.search(plain):
        yield _("“%(words)s” cannot stand in the styles of an email.") % {"words": match.group()}
    if _URL_IN_CSS.search(_CSS_COMMENT.sub("", css)):
        yield _("Write the whole address, with https://, into url().")
