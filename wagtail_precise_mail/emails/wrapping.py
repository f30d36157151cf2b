"""Breaking plain text into lines, in every script: by the columns that characters take, not by their number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

LINE = 72
"""Columns per line, as people who read plain text expect."""

MARK_COLUMNS = 10
"""What a mark counts: about the length of what is filled in."""

# Break at these, but not at the spaces that are made to hold words together.
_SPACES = re.compile(r"[^\S\xa0\u2007\u202f]+")
_HOLDING_SPACES = re.compile(r"[\xa0\u2007\u202f]")
# Soft hyphens, zero-width spaces and joiners of words, embeddings, overrides and isolates, and other controls: nobody
# sees them, and some turn the text around them. Joiners inside words (Persian, emoji) stay.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u2060-\u2064\u202a-\u202e\u2066-\u206f\ufeff"
    r"\ufff9-\ufffb\ud800-\udfff]"
)
# Marks (see :mod:`~.marks`) hold the place of a value: they stay whole.
_MARK = re.compile(r"wpm[0-9a-f]{16}x\w*?x")
_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:|www\.)", re.IGNORECASE)
_ATOM = re.compile(rf"{_MARK.pattern}|[!-~]+?(?={_MARK.pattern})|[!-~]+|.", re.DOTALL)

# Han, kana, and the fullwidth forms: a line may end behind each.
_EAST_ASIAN = re.compile(
    r"[\u2e80-\u303f\u3040-\u30ff\u31c0-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)
# A line of Chinese or Japanese does not start with these, nor end with those.
_NOT_FIRST = set("、。，．・：；？！）］｝」』】〉》〕…‥ー々ゝゞぁぃぅぇぉっゃゅょァィゥェォッャュョ%),.:;?!]}’”")
_NOT_LAST = set("（［｛「『【〈《〔([{‘“")
# Vowels of Thai and Lao that are written before their consonant: a syllable starts with them.
_LEADING = set("เแโใไເແໂໃໄ")


def columns(text: str) -> int:
    """Return the columns that a text takes: two for wide East Asian characters, none for combining ones.

    The third combining character in a row counts, so that lines stay bearable in bytes, too.
    """
    if "wpm" in text:
        text, marks = _MARK.subn("", text)
    else:
        marks = 0
    total, invisible = marks * MARK_COLUMNS, 0
    for character in text if not text.isascii() else "":
        taken = _columns(character)
        invisible = 0 if taken else invisible + 1
        total += taken or (invisible > 2)
    return total + len(text) * text.isascii()


def wrap(text: str, *, first: str = "", rest: str = "", width: int = LINE) -> str:
    """Return a paragraph in short lines; words, and so addresses, stay whole. Line breaks in it are kept.

    Args:
        first: stands in front of the first line, such as a bullet.
        rest: stands in front of all others.
        width: columns of a line, with what stands in front.
    """
    lines: list[str] = []
    room = max(width - columns(rest), 8)
    for line in clean_text(text).split("\n"):
        for part in _fill(line, room) or [""]:
            lines.append(f"{rest if lines else first}{part}".rstrip())
    return _HOLDING_SPACES.sub(" ", "\n".join(lines))


def clean_text(text: str) -> str:
    """Return a text without characters that nobody sees, with single spaces; its line breaks are kept."""
    lines = without_invisible(text).splitlines()
    return "\n".join(_SPACES.sub(" ", line).strip() for line in lines)


def without_invisible(text: str) -> str:
    """Return a text without characters that nobody sees; its lines and blanks are kept."""
    return _INVISIBLE.sub("", text)


def _fill(line: str, width: int) -> list[str]:
    found: list[str] = []
    current, used, space = "", 0, ""
    for word in line.split(" "):
        for piece in _pieces(word, width):
            taken = columns(piece)
            if current and used + len(space) + taken > width:
                found.append(current)
                current, used, space = "", 0, ""
            current, used, space = f"{current}{space}{piece}", used + len(space) + taken, ""
        space = " " if current else ""
    return [*found, current] if current else found


def _pieces(word: str, width: int) -> Iterator[str]:
    """Split a word where a line may end: not at all, unless its script has no spaces or no line is long enough."""
    if _ADDRESS.match(word) or (word.isascii() and len(word) <= width):
        yield word
        return
    must_break = columns(word) > width
    piece, used, last = "", 0, ""
    for atom in _atoms(word, width):
        taken = columns(atom)
        if piece and ((must_break and used + taken > width) or _may_break(last, atom)):
            yield piece
            piece, used = "", 0
        piece, used, last = piece + atom, used + taken, atom
    yield piece


def _atoms(word: str, width: int) -> Iterator[str]:
    """Split a word into what is never broken: marks, words of ASCII, and characters with what combines with them."""
    cluster = ""
    for atom in _ATOM.findall(word):
        if cluster and len(cluster) < width and (_holds_on(atom[0]) or cluster[-1] == "\u200d"):
            cluster += atom
            continue
        if cluster:
            yield cluster
        cluster = atom
        while len(cluster) > width and not _MARK.fullmatch(cluster):  # no address, and no sensible word either
            yield cluster[:width]
            cluster = cluster[width:]
    if cluster:
        yield cluster


def _may_break(before: str, after: str) -> bool:
    last, first = before[-1], after[0]
    if first in _NOT_FIRST or last in _NOT_LAST:
        return False
    return first in _LEADING or bool(_EAST_ASIAN.match(first) or _EAST_ASIAN.match(last))


def _holds_on(character: str) -> bool:
    return character > "\u02ff" and (character == "\u200d" or unicodedata.category(character) in ("Mn", "Me", "Mc"))


def _columns(character: str) -> int:
    if character < "\u0300":
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
