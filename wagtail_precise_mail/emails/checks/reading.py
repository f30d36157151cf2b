"""How long an email is, and how easy to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.facts import EmailFacts

HARD = 50
"""Reading ease (0 to 100) below which a text is hard for most readers: the level of a university."""

LONG_SENTENCE = 40
"""Chinese characters per sentence above which readers lose the thread."""

_SOME_WORDS = 60
"""Words below which a score says nothing."""

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\u3040-\u30ff]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE = re.compile(r"[.!?…]+(?=\s|$)|[。！？]+|\n\n")
_VOWELS = re.compile(r"[aeiouyäöüáéíóúàèìòùâêîôû]+")


@dataclass(frozen=True)
class Reading:
    """Figures of a text.

    Attributes:
        word_count: words, and half the Chinese and Japanese characters.
        ease: Flesch reading ease, 0 to 100 and a little beyond; None for languages without a formula.
        sentence_length: Chinese characters per sentence; None for other languages.
    """

    word_count: int
    ease: int | None = None
    sentence_length: int | None = None

    @property
    def is_hard(self) -> bool:
        """Whether most readers have to work."""
        is_tough = self.ease is not None and self.ease < HARD
        return is_tough or (self.sentence_length is not None and self.sentence_length > LONG_SENTENCE)


@email_checks.register("word_count")
class WordCount(EmailCheck):
    """The email is short, 400 words at the most (`max_words`), and leads to pages for the rest."""

    label = gettext_lazy("Length of the text")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        count, limit = read(facts.text, facts.language).word_count, options().max_words
        if count > limit:
            yield self.finding(
                _("The email has %(count)s words, %(limit)s are enough.") % {"count": count, "limit": limit},
                _("Tell the beginning, and link to a page that tells the rest."),
                place=_("Body"),
            )


@email_checks.register("readability")
class Readability(EmailCheck):
    """The text is easy to read: by Flesch in English and German, by the length of sentences in Chinese."""

    label = gettext_lazy("Easy to read")
    level = Level.HINT

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        reading = read(facts.text, facts.language)
        if reading.word_count < _SOME_WORDS or not reading.is_hard:
            return
        if reading.ease is not None:
            message = _("Hard to read: reading ease %(score)s of 100.") % {"score": max(reading.ease, 0)}
        else:
            message = _("Hard to read: %(count)s characters per sentence.") % {"count": reading.sentence_length}
        yield self.finding(message, _("Write shorter sentences, and shorter words."), place=_("Body"))


def read(text: str, language: str) -> Reading:
    """Return the figures of a text with an empty line between paragraphs.

    Source: Flesch (1948) for English, Amstad (1978) for German.
    """
    han = len(_HAN.findall(text))
    words = _WORD.findall(_HAN.sub(" ", text))
    count = len(words) + round(han / 2)
    sentences = max(1, sum(bool(_WORD.search(part)) for part in _SENTENCE.split(text)))
    if language == "zh":
        return Reading(count, sentence_length=round(han / sentences) if han else None)
    if language not in ("en", "de") or not words:
        return Reading(count)
    length = len(words) / sentences
    syllables = sum(syllable_count(word, language) for word in words) / len(words)
    ease = 206.835 - 1.015 * length - 84.6 * syllables if language == "en" else 180 - length - 58.5 * syllables
    return Reading(count, ease=min(round(ease), 100))


def syllable_count(word: str, language: str = "en") -> int:
    """Return about how many syllables a word has: groups of vowels; a silent "e" is none in English."""
    folded = word.casefold()
    count = len(_VOWELS.findall(folded))
    if (
        language == "en"
        and re.search(r"[^aeiouy]e$|[^aeiouytd]ed$|[^aeiouysxz]es$", folded)
        and not re.search(r"[^aeiou]le$", folded)
    ):
        count -= 1
    return max(count, 1)
