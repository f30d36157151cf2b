"""What a file says about somebody's consent, in our words; the stricter of two wins."""

from __future__ import annotations

import re
from enum import IntEnum


class Said(IntEnum):
    """From a yes to the strictest no. The numbers are stored for as long as an import may be undone."""

    CONFIRMED = 0
    GRANTED = 1
    PENDING = 2
    NEVER = 3
    WITHDRAWN = 4
    UNSUBSCRIBED = 5
    BOUNCED = 6
    COMPLAINED = 7


def stricter(one: Said, other: Said) -> Said:
    """Return what counts when rows of one person contradict each other."""
    return max(one, other)


# The words of other systems, in lower case, without spaces and underscores.
_WORDS = {
    Said.CONFIRMED: "confirmed doubleoptin",
    Said.GRANTED: "subscribed granted active optin optedin yes true 1 y ja oui si sí 是 已订阅 订阅 singleoptin",
    Said.PENDING: "pending unconfirmed 待确认",
    Said.NEVER: "neversubscribed nonsubscribed notsubscribed transactional never none notspecified 未订阅",
    Said.WITHDRAWN: "withdrawn optedout optout no false 0 n nein non 否",
    Said.UNSUBSCRIBED: "unsubscribed unsubscribe usersuppressed suppressed archived global 已退订 退订",
    Said.BOUNCED: "cleaned bounced hardbounce hardbounced invalidemail bounce invalid",
    Said.COMPLAINED: "complained complaint spamcomplaint spam markedasspam spamreport abuse",
}
_BY_WORD = {word: said for said, words in _WORDS.items() for word in words.split()}
_YES = frozenset(["true", "yes", "1", "y", "x", "ja", "oui", "si", "sí", "是", "checked", "on"])
_NO = frozenset(["", *["false", "no", "0", "n", "nein", "non", "否", "unchecked", "off", "null", "none"]])


def _plain(value: str) -> str:
    return re.sub(r"[\s_\-]", "", value).casefold()


def read_state(value: str) -> Said | None:
    """Return what a word of a status column means; None for an empty one.

    Raises:
        ValueError: the word is unknown; guessing could turn a no into a yes.
    """
    word = _plain(value)
    if not word:
        return None
    if word not in _BY_WORD:
        raise ValueError("is no subscription state that we know")
    return _BY_WORD[word]


def read_suppressions(value: str) -> Said | None:
    """Return the strictest of several reasons, such as ``["HARD_BOUNCE"]`` of Klaviyo.

    Raises:
        ValueError: a reason is unknown.
    """
    words = [word for word in re.split(r"[\[\]\"',;|\s]+", value) if word]
    found = [said for word in words if (said := read_state(word)) is not None]
    return max(found, default=None)


def read_flag(value: str) -> bool:
    """Return whether a cell says yes.

    Raises:
        ValueError: neither yes nor no.
    """
    word = _plain(value)
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError("is neither yes nor no")
