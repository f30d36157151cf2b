"""The structure of a mail's HTML, so that two of them can be compared whatever their blanks, quotes and order.

A document becomes a flat list of tokens: elements with their attributes and style declarations, their ends, words,
CSS rules, and the conditional comments for Outlook with the tokens inside. A flat list, because Outlook's tables open
in one comment and close in another, so that there is no tree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from html.parser import HTMLParser

VOIDS = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "param", "source", "wbr", "o:pixelsperinch"}
_CONDITION = re.compile(r"\[if\s+([^\]]+)\]>(.*)<!\[endif\]\Z", re.DOTALL)
_REVEALED = re.compile(r"\[if\s+([^\]]+)\]><!\Z")
_NUMBER = re.compile(r"-?\d*\.\d+")
_ZERO = re.compile(r"(?<![\w.])0px\b")
_SHORT_COLOR = re.compile(r"#([0-9a-f])([0-9a-f])([0-9a-f])\b", re.IGNORECASE)
# Accordions and carousels number themselves: by chance, or one after the other.
_ID = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{16}|0{6}[0-9a-f]{2})(?![0-9a-f])")


@dataclass(frozen=True)
class Token:
    """One step through a document.

    Attributes:
        kind: "start", "end", "text", "css" or "condition".
        name: of the element, the words, the selector, or the condition.
        facts: attributes and style declarations ("style.color"), or the declarations of a rule.
    """

    kind: str
    name: str
    facts: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        facts = " ".join(f"{name}={value!r}" for name, value in self.facts)
        return {"start": f"<{self.name}{' ' if facts else ''}{facts}>", "end": f"</{self.name}>"}.get(
            self.kind, f"{self.kind} {self.name} {facts}".strip()
        )


@dataclass(frozen=True)
class Difference:
    """One thing that differs.

    Attributes:
        kind: "only ours", "only official", "other value", or "moved" for what stands in another place.
        place: the element, rule or text: "td", "css .mj-column-per-33", and where it stands in the mail.
        name: the attribute or declaration, or "" for the whole.
    """

    kind: str
    place: str
    name: str = ""
    ours: str = ""
    official: str = ""

    def __str__(self) -> str:
        return f"{self.kind} · {self.place} · {self.name} · ours {self.ours!r} · official {self.official!r}"


@dataclass
class Comparison:
    """Two documents side by side.

    Attributes:
        similarity: the share of tokens that are the same in both, from 0 to 1.
    """

    similarity: float
    differences: list[Difference] = field(default_factory=list)


def compare(ours: str, official: str) -> Comparison:
    """Compare the structure of two documents."""
    left, right = list(tokens_of(ours)), list(tokens_of(official))
    whole = len(left) + len(right)
    # What both begin and end with, mostly nearly all of it, need not be searched.
    ends = _equal_start(left, right)
    left, right = left[ends:], right[ends:]
    if tail := _equal_start(left[::-1], right[::-1]):
        left, right = left[:-tail], right[:-tail]
    matched = sum(block.size for block in SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks())
    return Comparison(2 * (ends + tail + matched) / max(whole, 1), list(_differences(left, right)))


def _equal_start(left: list[Token], right: list[Token]) -> int:
    return next((n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))


def tokens_of(html: str) -> Iterator[Token]:
    """Return the tokens of a document, those inside of conditional comments among them."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return _without_repeated_conditions(reader.tokens)


def outlook_html(html: str) -> str:
    """Return what Outlook for Windows reads: its conditional comments opened, what is hidden from it left out."""
    html = re.sub(r"<!--\[if !mso[^\]]*\]><!-->.*?<!--<!\[endif\]-->", "", html, flags=re.DOTALL)
    return re.sub(r"<!--\[if [^\]]*mso[^\]]*\]>(.*?)<!\[endif\]-->", r"\1", html, flags=re.DOTALL)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tokens: list[Token] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        self.tokens.append(Token("start", tag, tuple(_facts(attrs))))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False
        if tag not in VOIDS:
            self.tokens.append(Token("end", tag))

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.tokens += rules_of(data)
        elif words := " ".join(data.split()):
            self.tokens.append(Token("text", words))

    def handle_comment(self, data: str) -> None:
        if match := _CONDITION.match(data):
            inner = _Reader()
            inner.feed(match[2])
            inner.close()
            self._condition(match[1], inner.tokens)
        elif match := _REVEALED.match(data):
            self.tokens.append(Token("condition", _words(match[1])))
        elif data == "<![endif]":
            self.tokens.append(Token("condition", "end"))
        else:
            self.tokens.append(Token("comment", _words(data)))

    def _condition(self, condition: str, inner: list[Token]) -> None:
        self.tokens += [Token("condition", _words(condition)), *inner, Token("condition", "end")]


def rules_of(css: str, media: str = "") -> Iterator[Token]:
    """Return the rules of a style sheet, those inside of media queries with their query."""
    position = 0
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    for match in re.finditer(r"@import[^;]+;|([^{}]+)\{((?:[^{}]|\{[^{}]*\})*)\}", css):
        position = match.end()
        if match[1] is None:
            yield Token("css", _words(match.group()))
        elif match[1].strip().startswith("@"):
            yield from rules_of(match[2], f"{_words(match[1])} ")
        else:
            yield Token("css", f"{media}{_selector(match[1])}", tuple(_declarations(match[2], "")))
    if rest := css[position:].strip():
        yield Token("css", _words(rest))


def _facts(attrs: Iterable[tuple[str, str | None]]) -> Iterator[tuple[str, str]]:
    for name, value in sorted(attrs, key=lambda pair: pair[0]):
        if name == "style":
            yield from _declarations(value or "", "style.")
        elif name == "class":
            if value:
                yield name, " ".join(sorted(_words(value).split()))
        else:
            yield name, _value(value or "")


def _declarations(css: str, prefix: str) -> Iterator[tuple[str, str]]:
    pairs = [part.partition(":") for part in re.split(r";(?![^(]*\))", css) if part.strip()]
    # By name, but those of one name in their order: the last one counts.
    yield from sorted(
        ((f"{prefix}{name.strip().lower()}", _value(value)) for name, _colon, value in pairs), key=lambda pair: pair[0]
    )


def _value(value: str) -> str:
    value = _SHORT_COLOR.sub(r"#\1\1\2\2\3\3", _words(value)).replace("! ", "!").replace(" !", "!")
    value = _ZERO.sub("0", value)
    return _NUMBER.sub(lambda match: f"{float(match.group()):.4g}", value)


def _words(text: str) -> str:
    return _ID.sub("ID", re.sub(r"\s*,\s*", ",", " ".join(text.split())))


def _selector(text: str) -> str:
    return ", ".join(sorted(re.sub(r"\s*([+>~])\s*", r" \1 ", _words(one)) for one in text.split(",")))


def _without_repeated_conditions(tokens: list[Token]) -> Iterator[Token]:
    """Leave out where a condition ends only to begin again: two comments in a row say the same as one."""
    kept: list[Token] = []
    for token in tokens:
        ends = kept and kept[-1] == Token("condition", "end")
        if ends and token.kind == "condition" and token.name != "end" and _open_condition(kept) == token.name:
            kept.pop()
            continue
        kept.append(token)
    return iter(kept)


def _open_condition(kept: list[Token]) -> str:
    """The condition that the last token closes."""
    return next((token.name for token in reversed(kept[:-1]) if token.kind == "condition"), "")


def _differences(left: list[Token], right: list[Token]) -> Iterator[Difference]:
    matcher = SequenceMatcher(None, list(map(_key, left)), list(map(_key, right)), autojunk=False)
    ours: list[Token] = []
    official: list[Token] = []
    for opcode, a, b, c, d in matcher.get_opcodes():
        if opcode == "equal":
            for one, other in zip(left[a:b], right[c:d], strict=True):
                yield from _other_facts(one, other)
            continue
        ours += left[a:b]
        official += right[c:d]
    moved = Counter(map(str, ours)) & Counter(map(str, official))
    for tokens, kind in ((ours, "only ours"), (official, "only official")):
        left_over = Counter(moved)
        for token in tokens:
            if left_over[str(token)]:
                left_over[str(token)] -= 1
                if kind == "only ours":
                    yield Difference("moved", _place(token), ours=str(token), official=str(token))
            else:
                words = {"ours" if kind == "only ours" else "official": str(token)}
                yield Difference(kind, _place(token), **words)


def _other_facts(ours: Token, official: Token) -> Iterator[Difference]:
    left, right = dict(ours.facts), dict(official.facts)
    for name in sorted({*left, *right}):
        if left.get(name) != right.get(name):
            kind = "only ours" if name not in right else "only official" if name not in left else "other value"
            yield Difference(kind, _place(ours), name, left.get(name, ""), right.get(name, ""))


def _key(token: Token) -> tuple[str, str]:
    return token.kind, token.name


def _place(token: Token) -> str:
    return token.name if token.kind in ("start", "end") else f"{token.kind} {token.name}"
