"""Addresses of ours in mails that are signed for each message: the web version, an answer to a survey, and others.

Rooms and packages register a maker by the name that blocks use in ``context.personal_link(name, argument)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from wagtail_precise_mail.paths import Paths
from wagtail_precise_mail.registry import Registry


@dataclass(frozen=True)
class LinkPurpose:
    """What an address is signed for.

    Attributes:
        message_id: the outbox message that carries it.
        contact_id: who gets it; 0 for nobody, as in a test mail to a colleague.
        block_id: the block that it stands in.
        argument: what the block says beside it, such as an answer.
        path: returns the path of one of our URL patterns with a token; quicker than ``reverse``, which every message
            would pay for.
    """

    message_id: int
    contact_id: int
    block_id: str
    argument: str
    path: Paths = field(default_factory=Paths, compare=False, repr=False)


personal_links: Registry[Callable[[LinkPurpose], str]] = Registry("personal link")
"""Each returns a path of this site, beginning with a slash."""


def personal_url(name: str, purpose: LinkPurpose, *, base_url: str) -> str:
    """Return an address of ours for one message.

    Raises:
        UnknownKey: nobody registered the name.
    """
    return base_url + personal_links.get(name)(purpose)
