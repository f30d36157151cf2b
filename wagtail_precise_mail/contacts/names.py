"""Cleaning what people typed about themselves."""

from __future__ import annotations

import re

_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[^\W\d_]+")
# Not at the beginning of a name.
_SMALL = re.compile("van|von|der|den|de|del|della|di|da|dos|du|la|le|zu|zum|zur|bin|el|y|e", re.IGNORECASE)
_INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD])


def clean_text(value: str) -> str:
    """Return a value with single spaces, and without what nobody sees."""
    return _SPACES.sub(" ", value.translate(_INVISIBLE)).strip()


def clean_name(value: str) -> str:
    """Return a name with capitals where they belong, if it was typed in capitals or small letters only.

    A name of both, such as McDonald or de la Cruz, was typed with care and stays.
    """
    name = clean_text(value)
    if len(name) < 2 or not (name.isupper() or name.islower()):
        return name
    return " ".join(
        word.lower() if place and _SMALL.fullmatch(word) else _WORD.sub(lambda part: part[0].capitalize(), word)
        for place, word in enumerate(name.split(" "))
    )


def split_name(value: str) -> tuple[str, str]:
    """Return first and last name of "Ann Smith", "Smith, Ann" and 王小明 (the first character is the family's)."""
    name = clean_text(value)
    if "," in name:
        last, _comma, first = name.partition(",")
        return first.strip(), last.strip()
    if " " not in name and 2 <= len(name) <= 4 and all("\u4e00" <= letter <= "\u9fff" for letter in name):
        return name[1:], name[:1]
    first, _space, last = name.rpartition(" ")
    return (first, last) if first else (last, "")
