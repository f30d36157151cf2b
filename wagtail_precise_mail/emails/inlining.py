"""Styles that ask to be inlined: ``<mj-style inline="inline">``, which mjml-python leaves in the head.

The styles of our own blocks stand in ``mj-attributes`` and in style attributes, so most emails have nothing to inline
and do not pass through here. Raw MJML and the blocks of a project may bring such styles, at any place of the body.
"""

from __future__ import annotations

import re

import css_inline
from bs4 import BeautifulSoup, Tag
from bs4.element import Stylesheet
from django.utils.translation import gettext as _

from wagtail_precise_mail.exceptions import RenderError

# A comment, the start of a table's part or of a cell, its end, any other element, or text.
_TOKEN = re.compile(r"<!--.*?-->|<(/?)(table|tbody|thead|tfoot|tr|td|th|caption)\b[^>]*>|<[^>]*>|[^<]+", re.DOTALL)
_NO_TEXT_IN = {"table", "tbody", "thead", "tfoot", "tr"}
_KEPT = re.compile(r"<!--kept:(.*?)-->", re.DOTALL)


def take_inline_styles(soup: BeautifulSoup) -> str:
    """Take the styles to inline out of a document and return their CSS; other styles move to the head.

    At-rules (media queries) cannot stand in an attribute: they move to the head, too.
    """
    rules: list[str] = []
    stays: list[str] = []
    for style in soup.find_all("mj-style"):
        css = style.get_text()
        if style.get("inline") == "inline":
            plain, at_rules = _split_at_rules(css)
            rules.append(plain)
            stays.append(at_rules)
        elif style.find_parent("mj-head"):
            continue
        else:
            stays.append(css)
        style.extract()
    for css in dict.fromkeys(filter(str.strip, stays)):
        _head(soup).append(_style(soup, css))
    # The same block ten times brings the same rules ten times.
    if css := "\n".join(dict.fromkeys(filter(str.strip, rules))):
        _add_table_bodies(soup)
    return css


def inline(html: str, css: str) -> str:
    """Return HTML with the rules in its style attributes.

    Raises:
        RenderError: the CSS cannot be read.
    """
    if not css:
        return html
    inliner = css_inline.CSSInliner(
        inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False, extra_css=css
    )
    try:
        inlined: str = inliner.inline(_keep_loose_text(html))
    except css_inline.InlineError as error:
        raise RenderError(_("These styles cannot be read: %(reason)s") % {"reason": error}) from error
    return _KEPT.sub(r"\1", inlined)


def _keep_loose_text(html: str) -> str:
    """Wrap marks between the rows and cells of tables in comments: an HTML parser moves text from there."""
    written: list[str] = []
    inside: list[str] = []
    for match in _TOKEN.finditer(html):
        token = match.group()
        is_loose = bool(inside) and inside[-1] in _NO_TEXT_IN
        if match[2] and not match[1]:
            inside.append(match[2])
        elif match[2] and inside:
            inside.pop()
        elif is_loose and not token.startswith("<") and token.strip():
            token = f"<!--kept:{token}-->"
        written.append(token)
    return "".join(written)


def _split_at_rules(css: str) -> tuple[str, str]:
    """Return the plain rules and the at-rules of a style sheet."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    plain, at_rules, start, depth = "", "", 0, 0
    for position, character in enumerate(css):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0 and character in "};":
            rule, start = css[start : position + 1], position + 1
            if rule.lstrip().startswith("@"):
                at_rules += rule
            else:
                plain += rule
    return plain, at_rules


def _add_table_bodies(soup: BeautifulSoup) -> None:
    """Write what an HTML parser adds to tables: it would stand between a mark and the rows behind it."""
    for parent in soup.find_all(["mj-table", "table"]):
        if parent.find(["tbody", "thead", "tfoot"], recursive=False) or not parent.find("tr", recursive=False):
            continue
        body = soup.new_tag("tbody")
        for child in list(parent.children):
            body.append(child.extract())
        parent.append(body)


def _head(soup: BeautifulSoup) -> Tag:
    if isinstance(head := soup.find("mj-head"), Tag):
        return head
    head = soup.new_tag("mj-head")
    root = soup.find("mjml")
    (root if isinstance(root, Tag) else soup).insert(0, head)
    return head


def _style(soup: BeautifulSoup, css: str) -> Tag:
    style = soup.new_tag("mj-style")
    style.append(Stylesheet(css))
    return style
