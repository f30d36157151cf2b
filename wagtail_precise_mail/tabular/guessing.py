"""Guessing how a file was written: its encoding, what separates its values, and how it writes dates and numbers."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from charset_normalizer import from_bytes

SAMPLE_SIZE = 262_144
"""Bytes from the start of a file that a guess is made of."""

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252 (Western Europe)",
    "gb18030": "GB 18030 (Chinese)",
    "cp1250": "Windows-1250 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1254": "Windows-1254 (Turkish)",
    "big5": "Big5 (Chinese, traditional)",
    "shift_jis": "Shift JIS (Japanese)",
    "euc_kr": "EUC-KR (Korean)",
}
DELIMITERS = (",", ";", "\t", "|")

_BOMS = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True, slots=True)
class Guess:
    """A value, and how sure it is: 0 to 1."""

    value: str
    confidence: float

    @property
    def percent(self) -> int:
        """The confidence for people."""
        return round(self.confidence * 100)


def guess_encoding(sample: bytes) -> Guess:
    """Return the encoding of a file by its start; a byte order mark settles it."""
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return Guess(name, 1.0)
    if wide := _unmarked_utf16(sample):
        return wide
    if sample.isascii():
        return Guess("utf-8", 1.0)
    # The sample may end within a character.
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(sample)
        return Guess("utf-8", 0.99)
    except UnicodeDecodeError:
        return _guess_mixed(sample) or _guess_legacy(sample)


def _unmarked_utf16(sample: bytes) -> Guess | None:
    zeros = sample[:2000].count(0)
    if zeros < len(sample[:2000]) * 0.2:
        return None
    return Guess("utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be", 0.9)


def _guess_mixed(sample: bytes) -> Guess | None:
    """UTF-8 with a few lines of something else: those lines are refused one by one, the others are right."""
    lines = [line for line in sample.splitlines()[:-1] if not line.isascii()]
    good = sum(_is_utf8(line) for line in lines)
    return Guess("utf-8", good / len(lines)) if lines and good / len(lines) >= 0.5 else None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _guess_legacy(sample: bytes) -> Guess:
    found_runs = _HIGH_RUN.findall(sample)
    runs = [len(run) for run in found_runs]
    even = sum(length for length in runs if length % 2 == 0) / sum(runs)
    # Chinese comes in pairs of high bytes, the common characters from B0 to D7; Western letters stand alone among
    # ASCII, and small Cyrillic ones lie above.
    leads = [byte for run in found_runs for byte in run[::2]]
    common = sum(0xB0 <= byte <= 0xD7 for byte in leads) / len(leads)
    if even > 0.9 and common > 0.6 and _decodes(sample, "gb18030"):
        return Guess("gb18030", round(min(even, 0.95), 2))
    if sum(length == 1 for length in runs) / len(runs) > 0.8 and _decodes(sample, "cp1252"):
        return Guess("cp1252", 0.8)
    best = from_bytes(sample, cp_isolation=[*ENCODINGS]).best()
    if best is None:
        return Guess("cp1252", 0.3)
    found = codecs.lookup(best.encoding).name.replace("euc-kr", "euc_kr")
    return Guess(found, round(max(0.3, 0.9 - best.chaos), 2))


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def guess_delimiter(text: str) -> Guess:
    """Return what separates values: what cuts the first lines into the same number of fields, and into most of them."""
    lines = text.splitlines()[:50]
    best = Guess(",", 0.5 if lines else 0.0)
    best_score = 0.0
    for delimiter in DELIMITERS:
        try:
            widths = [len(fields) for fields in csv.reader(lines, delimiter=delimiter) if fields]
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        same = sum(width == widths[0] for width in widths) / len(widths)
        score = same * (1 + min(widths[0], 50) / 50)
        if score > best_score:
            best, best_score = Guess(delimiter, round(same, 2)), score
    return best


_NUMERIC_DATE = re.compile(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})\b")
_DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+\Z")
_DECIMAL_POINT = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)\.\d+\Z")


def guess_day_first(values: Iterable[str]) -> Guess:
    """Return "dmy" or "mdy" for dates such as 03/04/2024: the order that makes sense of most of them."""
    votes: Counter[str] = Counter()
    for value in values:
        match = _NUMERIC_DATE.match(value.strip())
        if not match or len(match[1]) > 2:
            continue
        first, second = int(match[1]), int(match[2])
        if first > 12 >= second:
            votes["dmy"] += 1
        elif second > 12 >= first:
            votes["mdy"] += 1
        elif "." in value:  # nobody writes a month first between dots
            votes["dmy"] += 1
    total = sum(votes.values())
    if not total:
        return Guess("dmy", 0.5)
    order, count = votes.most_common(1)[0]
    return Guess(order, round(count / total, 2))


def guess_decimal(values: Iterable[str]) -> Guess:
    """Return "," or ".": what stands before the decimals."""
    votes: Counter[str] = Counter()
    for value in map(str.strip, values):
        if _DECIMAL_COMMA.match(value):
            votes[","] += 1
        elif _DECIMAL_POINT.match(value):
            votes["."] += 1
    total = sum(votes.values())
    if not total:
        return Guess(".", 0.5)
    mark, count = votes.most_common(1)[0]
    return Guess(mark, round(count / total, 2))
