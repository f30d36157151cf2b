"""Mails as web pages: exactly what a contact got, copies of it for others, and public ones about nobody.

Everything comes from what was frozen with the send: the compiled email, and what the message said beside it. Pages,
products and the brand may have changed since.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

from bs4 import BeautifulSoup, Tag
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from wagtail_precise_mail.delivery.composing import personal_links_of, unsubscribe_url_of
from wagtail_precise_mail.delivery.contents import content_of
from wagtail_precise_mail.delivery.models import OutboxMessage, Send, SendVersion
from wagtail_precise_mail.delivery.tokens import Purpose, make_message_token
from wagtail_precise_mail.delivery.versions import version_of
from wagtail_precise_mail.emails.editions import Edition
from wagtail_precise_mail.emails.models import CompiledEmail
from wagtail_precise_mail.emails.personalize import FilledEmail, Personalizer
from wagtail_precise_mail.emails.readers import Reader, item_sources

# Stands where an address was that is nobody else's; the links that lead there are taken out.
_PRIVATE = "#wpm-private"
_HEAD, _BODY = re.compile(r"<head[^>]*>", re.IGNORECASE), re.compile(r"<body[^>]*>", re.IGNORECASE)
_TITLE = re.compile(r"<title>.*?</title>", re.IGNORECASE | re.DOTALL)
# Around a link that was taken out; a column stays, for its width holds the others.
_SHELLS = {"td", "tr", "tbody", "table", "p", "span", "strong", "b", "em", "li", "ul"}


@dataclass(frozen=True)
class WebPage:
    """An email as a web page.

    Attributes:
        title: of the page.
        description: for search engines and for those who share the page.
        canonical_url: the public page of the same email, or "".
        language: code of the language that it is written in.
    """

    html: str
    title: str
    description: str
    canonical_url: str
    language: str


def own_page(message: OutboxMessage) -> WebPage:
    """Return exactly what the contact of a message got, without anything that counts. Reads ``message.send``.

    Links of the contact's own work, such as the one to unsubscribe. What the contact is erased, fallbacks stand where
    their values stood.

    Raises:
        RenderError: the compiled email cannot be read.
    """
    send, compiled = message.send, version_of(message)
    filled = Personalizer(compiled, edition=Edition.WEB).fill(
        content_of(message) or Reader(),
        rewrite_link=lambda link: link.url,
        system={"unsubscribe_url": unsubscribe_url_of(send, message), "html_tail": ""},
        personal_link=personal_links_of(send, message),
    )
    return _page(filled, compiled, send)


def shared_page(message: OutboxMessage) -> WebPage:
    """Return a message for whoever was shown it: nothing in it is personal. Reads ``message.send``.

    Parts for segments stay as the contact saw them. Values give way to their fallbacks, and lists that are nobody
    else's business, such as codes and orders, to what stands there when they are empty.

    Raises:
        RenderError: the compiled email cannot be read.
    """
    compiled, known = version_of(message), content_of(message) or Reader()
    reader = Reader(segments=known.segments, lists=_shareable(known, compiled).lists)
    return _page(_for_others(compiled, reader, Edition.SHARED), compiled, message.send)


def public_page(version: SendVersion) -> WebPage:
    """Return a sent email for anybody. Reads ``version.send`` and ``version.compiled``.

    Raises:
        RenderError: the compiled email cannot be read.
    """
    compiled = version.compiled
    reader = _shareable(Reader.from_json(version.public_data), compiled)
    return _page(_for_others(compiled, reader, Edition.PUBLIC), compiled, version.send)


def find_public_version(send_id: int, language: str = "") -> SendVersion | None:
    """Return what the public page of a send shows; None when it was not sent, or is not meant for everybody.

    Args:
        language: "" takes the original.
    """
    versions = SendVersion.objects.select_related("send", "compiled__email").filter(send=send_id, send__is_test=False)
    found = next((one for one in versions if one.language == language or _is_original(one, language)), None)
    if found is None or not found.compiled.email or not found.compiled.email.is_indexable:
        return None
    was_sent = found.send.messages.filter(state=OutboxMessage.State.ACCEPTED).exists()
    return found if was_sent else None


def shared_copy_path(message_id: int) -> str:
    """Return the path of the copy of a message that its contact may show to others."""
    token = make_message_token(Purpose.SHARED, message_id)
    return reverse("wagtail_precise_mail:shared_copy", args=[token])


def to_document(page: WebPage, *, is_indexed: bool, bar: str = "") -> str:
    """Return a page as the HTML of a whole document.

    Args:
        is_indexed: whether search engines may list it.
        bar: HTML for the top of the body.
    """
    title, description = html.escape(page.title), html.escape(page.description)
    tags = [
        f'<meta name="robots" content="{"index, follow" if is_indexed else "noindex, nofollow"}">',
        f'<meta name="description" content="{description}">',
        '<meta property="og:type" content="article">',
        f'<meta property="og:title" content="{title}">',
        f'<meta property="og:description" content="{description}">',
    ]
    if page.canonical_url:
        tags.append(f'<link rel="canonical" href="{html.escape(page.canonical_url)}">')
    document = _TITLE.sub(lambda _match: f"<title>{title}</title>", page.html, count=1)
    document = _HEAD.sub(lambda match: match.group() + "".join(tags), document, count=1)
    return _BODY.sub(lambda match: match.group() + bar, document, count=1) if bar else document


def _page(filled: FilledEmail, compiled: CompiledEmail, send: Send) -> WebPage:
    email, language = compiled.email, str(compiled.payload.get("language", ""))
    canonical_url = ""
    if email and email.is_indexable and not send.is_test and language:
        path = reverse("wagtail_precise_mail:public_version", args=[send.pk, language])
        canonical_url = send.base_url + path
    return WebPage(
        html=filled.html,
        title=(email.web_title if email else "") or filled.subject,
        description=(email.web_description if email else "") or filled.preheader,
        canonical_url=canonical_url,
        language=language,
    )


def _for_others(compiled: CompiledEmail, reader: Reader, edition: Edition) -> FilledEmail:
    filled = Personalizer(compiled, edition=edition).fill(
        reader,
        rewrite_link=lambda link: link.url,
        system={"unsubscribe_url": _PRIVATE, "html_tail": ""},
        personal_link=lambda name, block_id, argument: _PRIVATE,
    )
    return FilledEmail(filled.subject, _without_private_links(filled.html), filled.text, filled.preheader)


def _without_private_links(document: str) -> SafeString:
    soup = BeautifulSoup(document, "html.parser")
    for link in soup.find_all("a", href=_PRIVATE):
        shell = link.parent
        link.decompose()
        # An empty button would stay as a box of its color.
        while isinstance(shell, Tag) and shell.name in _SHELLS and _is_empty(shell):
            shell, empty = shell.parent, shell
            empty.decompose()
    return mark_safe(str(soup))


def _is_empty(tag: Tag) -> bool:
    return not tag.get_text(strip=True) and tag.find(["img", "a"]) is None


def _shareable(reader: Reader, compiled: CompiledEmail) -> Reader:
    """Return a reader without the lists whose source does not say that others may see them."""
    specs = compiled.payload.get("lists", {})
    lists = {name: items for name, items in reader.lists.items() if name in specs and _may_share(specs[name])}
    return Reader(reader.values, reader.segments, lists)


def _is_original(version: SendVersion, language: str) -> bool:
    return not language and version.compiled_id == version.send.compiled_id


def _may_share(spec: dict[str, Any]) -> bool:
    # A source whose code was removed says nothing, so nobody else sees its list.
    return spec["source"] in item_sources and item_sources.get(spec["source"])().may_be_shared(spec)
