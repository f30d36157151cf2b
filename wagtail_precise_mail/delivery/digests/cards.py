"""What an issue looks like in a digest: made of the compiled email, as its reader would have got it."""

from __future__ import annotations

import html
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db import DatabaseError

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.models import Send, SendVersion
from wagtail_precise_mail.emails.languages import choose_language
from wagtail_precise_mail.emails.marks import Part
from wagtail_precise_mail.emails.models import CompiledEmail
from wagtail_precise_mail.emails.personalize import Personalizer
from wagtail_precise_mail.emails.readers import Reader, ReaderLoader

logger = logging.getLogger(__name__)

# Pictures of blocks grow with their column; the logo, and small ones in rows, have a height of their own.
_PICTURE = re.compile(
    r'<img\b(?=[^>]*\bheight="auto")(?=[^>]*\bwidth="(?P<width>\d+)")[^>]*\bsrc="(?P<src>https?:[^"]+)"'
)
_GROUND = re.compile(r'\bbackground="(?P<src>https?:[^"]+)"')
_LEAST_WIDTH = 240


@dataclass(frozen=True)
class Card:
    """One issue for one reader.

    Attributes:
        language: of the version that they would have got; "" where the send has but one.
        reader: what fills it, kept so that the web version shows exactly this.
        picture_url: the first picture that everybody sees, or "".
    """

    subject: str
    preheader: str
    picture_url: str
    base_url: str
    language: str
    reader: Reader


@dataclass(frozen=True)
class _Version:
    """One compiled email with what is made of it once."""

    personalizer: Personalizer
    loader: ReaderLoader
    picture_url: str


@dataclass(frozen=True)
class _Languages:
    """The versions of a send: the id and the hash of the compiled email by language."""

    base_url: str
    compiled: Mapping[str, tuple[int, str]]
    original: str

    def choose(self, contact: Contact) -> str:
        if len(self.compiled) == 1:
            return self.original
        return choose_language(contact.locale, self.compiled, default=self.original)


def make_cards(
    issues: Sequence[DigestIssue], contacts: Mapping[int, Contact], *, at: datetime
) -> dict[int, Card | None]:
    """Return the card of each issue by its id; None where it cannot be made, which is logged.

    Lists, segments and profiling are asked now, as for any mail that leaves now; the queries grow with the number of
    different emails among the issues, not with that of the readers. What one issue shows to a reader, another one that
    leaves out what was sent does not show again: the latest has the first choice.
    """
    languages = _languages_of({issue.send_id for issue in issues})
    by_version: dict[tuple[int, str], list[DigestIssue]] = defaultdict(list)
    for issue in sorted(issues, key=lambda one: (one.send_id, one.pk), reverse=True):
        chosen = languages[issue.send_id].choose(contacts[issue.contact_id])
        by_version[issue.send_id, chosen].append(issue)
    cards: dict[int, Card | None] = {}
    shown: dict[int, set[str]] = defaultdict(set)
    for (send_id, language), some in by_version.items():
        made = _cards_of(some, languages[send_id], language, contacts, shown, at)
        for issue in some:
            cards[issue.pk] = card = made.get(issue.pk)
            shown[issue.contact_id].update(card.reader.item_keys if card else ())
    return cards


def _cards_of(
    issues: Sequence[DigestIssue],
    languages: _Languages,
    language: str,
    contacts: Mapping[int, Contact],
    shown: Mapping[int, set[str]],
    at: datetime,
) -> dict[int, Card]:
    try:
        version = _version(*languages.compiled[language])
        readers = version.loader.load(
            [contacts[issue.contact_id] for issue in issues],
            at=at,
            base_url=languages.base_url,
            messages={issue.contact_id: issue.message_id for issue in issues},
            sent_before=shown,
        )
    except DatabaseError:
        raise
    except Exception:  # a segment that is gone, or a list of somebody else's: the other issues can be told
        logger.exception("Send %s cannot be shown in digests.", issues[0].send_id)
        return {}
    return dict(_cards(issues, version, readers, languages, language))


def _cards(
    issues: Sequence[DigestIssue],
    version: _Version,
    readers: Mapping[int, Reader],
    languages: _Languages,
    language: str,
) -> Iterable[tuple[int, Card]]:
    key = language if len(languages.compiled) > 1 else ""
    for issue in issues:
        reader = readers[issue.contact_id]
        if reader.failure:
            logger.warning("Send %s cannot be shown to a reader: %s", issue.send_id, reader.failure)
            continue
        subject, preheader = version.personalizer.headline(reader)
        yield issue.pk, Card(subject, preheader, version.picture_url, languages.base_url, key, reader)


def _languages_of(send_ids: Iterable[int]) -> dict[int, _Languages]:
    sends = Send.objects.filter(pk__in=send_ids).values_list("pk", "base_url", "compiled", "compiled__source_hash")
    versions: dict[int, dict[str, tuple[int, str]]] = defaultdict(dict)
    rows = SendVersion.objects.filter(send__in=send_ids)
    for send_id, language, pk, key in rows.values_list("send", "language", "compiled", "compiled__source_hash"):
        versions[send_id][language] = (pk, key)
    found = {}
    for send_id, base_url, compiled_id, key in sends:
        of_send = versions.get(send_id) or {"": (compiled_id, key)}
        original = next((language for language, (pk, _key) in of_send.items() if pk == compiled_id), None)
        # As when it was sent: without the original among its versions, it has but one.
        known = of_send if original is not None else {"": (compiled_id, key)}
        found[send_id] = _Languages(base_url, known, original or "")
    return found


# A compiled email never changes; the hash is in the key because ids come again where a database is made anew.
@lru_cache(maxsize=32)
def _version(compiled_id: int, source_hash: str) -> _Version:
    compiled = CompiledEmail.objects.get(pk=compiled_id)
    return _Version(Personalizer(compiled), ReaderLoader(compiled.payload), _picture_url(compiled.payload["html"]))


def _picture_url(parts: Sequence[Part]) -> str:
    """Return the first large picture outside of parts that only some readers see."""
    markup = "".join(part if isinstance(part, str) else " " for part in parts)
    found = [match for match in _PICTURE.finditer(markup) if int(match["width"]) >= _LEAST_WIDTH][:1]
    found += list(_GROUND.finditer(markup))[:1]
    first = min(found, key=lambda match: match.start(), default=None)
    return html.unescape(first["src"]) if first else ""
