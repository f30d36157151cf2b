"""Other forms of a subject, by rules: as a question, as something to find out, with the number of things it is about.

A rule knows one shape of a subject and writes sentences that are right for every subject of that shape. Where no rule
knows the shape, nothing is suggested.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from wagtail_precise_mail.emails.inboxes import width

ROOM = 60
"""Letters of a subject above which most inboxes cut it off."""

Rule = Callable[[str, int], Iterator[str]]
"""Takes a subject without its final mark, and how many products the email shows."""

_PLAIN = re.compile(r"[\w\s'’&-]+")
_MANY = range(2, 13)

_EN_SKILLS = ("bake", "brew", "build", "care for", "choose", "clean", "cook", "grow", "keep", "make", "plant", "repot")
_EN_OFFERS = ("browse", "discover", "enjoy", "explore", "join", "meet", "taste", "try", "visit")
# With what shows that it is an order: "Plant the first bulbs", but not "Plant of the month".
_EN_OBJECT = r"(?:an?|better|every|fewer|less|more|our|perfect|some|the|these|this|your)"
_EN_IMPERATIVE = re.compile(rf"({'|'.join([*_EN_SKILLS, *_EN_OFFERS])}) {_EN_OBJECT} \w", re.IGNORECASE)
# A noun with what belongs to it: "New teas for spring", "New oolong teas", but no verb and no town.
_EN_NEW = re.compile(r"new ((?:[\w'’-]+ )?[\w'’-]+)((?: (?:for|from|with|by) [\w'’& -]+)?)", re.IGNORECASE)
_EN_NO_NOUNS = re.compile(
    r"\b(?:an?|and|are|arriv\w*|at|available|bloom\w*|comes?|coming|delhi|england|for|from|has|have|here|in|is|jersey|just"
    r"|land\w*|launch\w*|mexico|now|of|on|online|open\w*|or|orleans|start\w*|the|this|to|today|try|with|years?|york|your?"
    r"|zealand)\b",
    re.IGNORECASE,
)
_EN_PLURAL = re.compile(r"[^sui]s$")
_EN_NEWS = re.compile(r"news (?:from|about) \w.*", re.IGNORECASE)
_EN_BACK = re.compile(r"((?:our|the) [\w'’& -]+?) (?:is|are) (back|here)", re.IGNORECASE)

# "Neue Kanne" is one, "Neue Kannen" are many: only of the second kind the endings are known.
_DE_NEW = re.compile(r"Neue ([A-ZÄÖÜ][\wäöüß-]*(?:en|ees|os|ys))((?: (?:für|aus|von|vom|mit) [\w -]+)?)")
_DE_NEWS = re.compile(r"Neues (?:aus|von|vom|über) \w.*")
_DE_SKILLS = (
    *("aufbewahren", "aufbrühen", "backen", "düngen", "entkalken", "ernten", "gießen", "kochen", "pflanzen", "pflegen"),
    *("reinigen", "schneiden", "säen", "umtopfen", "verschenken", "zubereiten"),
)
_DE_SKILL = re.compile(rf"[A-ZÄÖÜ][\w -]* (?:{'|'.join(_DE_SKILLS)})")
# Behind these it is no infinitive: "Wir kochen", "Die Köche backen".
_DE_SUBJECTS = re.compile(
    r"(?:wir|sie|die|der|das|unsere?|ihre?|eure|alle|viele|manche|jetzt|bald|heute|morgen)\b", re.IGNORECASE
)

_ZH_ARRIVED = re.compile(r"(.{0,10}?(?:新品|新款|新茶|好茶|好物|茶具|茶壶))(上市|上新|开售|来了|到店)了?")
_ZH_NEWS = re.compile(r"来自.{1,10}的(?:消息|近况)")
_ZH_SKILL = re.compile(r"(?:泡好|泡出|养好|种好|挑选|选对|照顾好|打理好?)[\u4e00-\u9fff]{1,12}")


def variants_of(subject: str, language: str, *, product_count: int = 0) -> list[str]:
    """Return up to three other forms of a subject; none where no rule fits, and none for subjects with merge tags.

    Args:
        language: of the email, with or without its country; there are rules for "en", "de" and "zh" (Simplified).
        product_count: products that the email shows, for "4 new teas".
    """
    plain = " ".join(subject.split()).rstrip(".!。！… ")
    rules = _RULES.get(language.lower().split("-")[0]) if "hant" not in language.lower() else None
    if rules is None or not _PLAIN.fullmatch(plain):
        return []
    found = (variant for rule in rules for variant in rule(plain, product_count))
    return [variant for variant in dict.fromkeys(found) if width(variant) <= ROOM][:3]


def _en_imperative(subject: str, _count: int) -> Iterator[str]:
    if not (match := _EN_IMPERATIVE.match(subject)):
        return
    doing = subject[0].lower() + subject[1:]
    if match[1].lower() in _EN_SKILLS:
        yield f"How to {doing}"
        yield f"Ready to {doing}?"
    else:
        yield f"Ready to {doing}?"
        yield f"Why not {doing}?"


def _en_new(subject: str, count: int) -> Iterator[str]:
    match = _EN_NEW.fullmatch(subject)
    if match is None or _EN_NO_NOUNS.search(match[1]):
        return
    things = f"new {match[1]}{match[2]}"
    yield f"Have you seen our {things}?"
    yield f"What makes our {things} special?"
    if count in _MANY and _EN_PLURAL.search(match[1]):
        yield f"{count} {things}"


def _en_news(subject: str, _count: int) -> Iterator[str]:
    if _EN_NEWS.fullmatch(subject):
        yield f"Have you heard the {subject[0].lower()}{subject[1:]}?"


def _en_back(subject: str, _count: int) -> Iterator[str]:
    if match := _EN_BACK.fullmatch(subject):
        things = match[1][0].lower() + match[1][1:]
        yield f"Have you {'missed' if match[2].lower() == 'back' else 'seen'} {things}?"
        yield f"Guess what is {match[2].lower()}"


def _de_new(subject: str, count: int) -> Iterator[str]:
    if match := _DE_NEW.fullmatch(subject):
        things = f"{match[1]}{match[2]}"
        yield f"Lust auf neue {things}?"
        yield f"Was unsere neuen {things} besonders macht"
        if count in _MANY:
            yield f"{count} neue {things}"


def _de_news(subject: str, _count: int) -> Iterator[str]:
    if _DE_NEWS.fullmatch(subject):
        yield f"Was gibt es {subject}?"


def _de_skill(subject: str, _count: int) -> Iterator[str]:
    if _DE_SKILL.fullmatch(subject) and not _DE_SUBJECTS.match(subject):
        yield f"{subject}: so geht es"
        yield f"{subject}: wie geht das?"


def _zh_arrived(subject: str, count: int) -> Iterator[str]:
    if match := _ZH_ARRIVED.fullmatch(subject):
        yield f"{match[1]}，你看过了吗？"
        yield f"{match[1]}有什么不一样？"
        if count in _MANY:
            yield f"{count}款{match[1]}{match[2]}"


def _zh_news(subject: str, _count: int) -> Iterator[str]:
    if _ZH_NEWS.fullmatch(subject):
        yield f"{subject}，你听说了吗？"


def _zh_skill(subject: str, _count: int) -> Iterator[str]:
    if _ZH_SKILL.fullmatch(subject):
        yield f"如何{subject}？"
        yield f"想{subject}吗？"


_RULES: dict[str, list[Rule]] = {
    "en": [_en_imperative, _en_new, _en_news, _en_back],
    "de": [_de_new, _de_news, _de_skill],
    "zh": [_zh_arrived, _zh_news, _zh_skill],
}
