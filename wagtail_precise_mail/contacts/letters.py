"""Letters to one person that need no consent, such as a link that they asked for: this room writes, another sends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wagtail_precise_mail.registry import Registry

if TYPE_CHECKING:
    from wagtail.models import Site

    from wagtail_precise_mail.contacts.models import Contact


@dataclass(frozen=True)
class Letter:
    """What a letter says, in the language that it is written in.

    Attributes:
        link: of the button: a key of ``personal_links``, such as "own_data"; "" where it leads to ``url``.
        block: key of a block of emails that stands above the button, or "".
        language: code of its language; its frame is written in it, too.
    """

    subject: str
    preheader: str
    paragraphs: Sequence[str]
    button: str
    link: str
    language: str
    url: str = ""
    block: str = ""


letter_carriers: Registry[Callable[[Contact, Letter, Site], None]] = Registry("letter carrier")
"""Who sends letters: one of them, in the site's brand, by the way that all mail takes."""


def send_letter(contact: Contact, letter: Letter, site: Site) -> None:
    """Send a letter to a contact, in the brand of a site.

    Raises:
        UnknownKey: no room sends letters.
        ConfigurationError: the brand of the site has no sender.
    """
    letter_carriers.get("mail")(contact, letter, site)
