"""The line in the inbox: subject and preheader."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.facts import EmailFacts
from wagtail_precise_mail.emails.checks.variants import variants_of
from wagtail_precise_mail.emails.inboxes import inbox_lines, width

SUBJECT_WIDTH = 60
"""Letters of a subject above which most inboxes cut it off, also on desktops. A Chinese character is two wide."""

_REPLY = re.compile(
    r"^\s*[\[【(（]?\s*(?:re|fwd?|aw|wg|antw|回复|回覆|答复|转发|轉發|轉寄)\s*(?:\[\d+\]|\(\d+\))?\s*[:：]",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[!！?？]{2,}|[$€£¥￥]{2,}")
_WORD = re.compile(r"[^\W\d_]{2,}")
_MAX_EMOJI = 2
# What makes a reader want to know more, by language.
_CURIOUS = {
    "en": re.compile(r"\b(how|why|what|when|which|who|where|secret|behind|inside|ways?|reasons?|\d+)\b", re.IGNORECASE),
    "de": re.compile(
        r"\b(wie|warum|weshalb|was|wann|welche[rsmn]?|wer|wo|geheimnis|hinter|gründe?|so|\d+)\b", re.IGNORECASE
    ),
    "zh": re.compile(r"如何|怎么|怎样|为什么|为何|什么|哪|谁|秘|揭|几|吗|呢|\d+"),
}
_OPENINGS = {"en": "“How to …”, “Why …”, “Ready for …?”", "de": "„So …“, „Warum …“, „Lust auf …?“"} | {
    "zh": "“如何……”、“为什么……”、“你知道……吗？”"
}


class _SubjectCheck(EmailCheck):
    def at_subject(self, message: str, remedy: str) -> Finding:
        return self.finding(message, remedy, place=_("Subject"), field="subject")


@email_checks.register("subject_missing")
class SubjectMissing(_SubjectCheck):
    """The email has a subject."""

    label = gettext_lazy("Subject is there")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        if not facts.email.subject.strip():
            yield self.at_subject(
                _("The email has no subject."), _("Write one: it decides whether the mail is opened.")
            )


@email_checks.register("subject_length")
class SubjectLength(_SubjectCheck):
    """The subject fits into 60 letters (30 Chinese characters): most inboxes cut off what is longer."""

    label = gettext_lazy("Subject is short")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        if width(facts.subject) > SUBJECT_WIDTH:
            yield self.at_subject(
                _("The subject has %(count)s characters.") % {"count": len(facts.subject)},
                _("Inboxes cut it off after about %(limit)s: put what matters first.") % {"limit": SUBJECT_WIDTH},
            )


@email_checks.register("subject_cut")
class SubjectCut(_SubjectCheck):
    """Every inbox in our list shows the whole subject; else the hint names those that cut it off, and what is left."""

    label = gettext_lazy("Subject in inboxes")
    level = Level.HINT

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        lines = [line for line in inbox_lines(facts.subject, "") if line.is_subject_cut]
        if lines:
            shown = min((line.subject for line in lines), key=width)
            yield self.at_subject(
                _("Cut off by %(clients)s.") % {"clients": ", ".join(line.name for line in lines)},
                _("The shortest shows “%(shown)s”: put what matters first.") % {"shown": shown},
            )


@email_checks.register("subject_shouting")
class SubjectShouting(_SubjectCheck):
    """The subject does not shout: few words in capitals, no "!!!" and no "???", full-width ones too."""

    label = gettext_lazy("Subject does not shout")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        subject = unicodedata.normalize("NFC", facts.subject)
        if found := _MARKS.search(subject):
            message = _("The subject shouts: “%(marks)s”.") % {"marks": found.group()}
            yield self.at_subject(message, _("One mark is enough; spam has more."))
        # Full-width capitals are capitals, too; Chinese and Japanese letters are neither.
        words = [word for word in _WORD.findall(unicodedata.normalize("NFKC", subject)) if word.upper() != word.lower()]
        loud = [word for word in words if word.isupper() and len(word) > 2]
        if (len(loud) > 1 and len(loud) * 2 >= len(words)) or (loud and len(words) == 1 and len(loud[0]) > 4):
            message = _("The subject is written in capitals: “%(words)s”.") % {"words": " ".join(loud[:4])}
            yield self.at_subject(message, _("Write it as a sentence."))


@email_checks.register("subject_fake_reply")
class SubjectFakeReply(_SubjectCheck):
    """The subject does not pretend to be an answer ("Re:", "Fwd:", "AW:", "回复：")."""

    label = gettext_lazy("Subject is no fake reply")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        if found := _REPLY.match(facts.subject):
            message = _("The subject pretends to be an answer: “%(prefix)s”.") % {"prefix": found.group().strip()}
            yield self.at_subject(message, _("Remove it: misleading subjects are against the law in many countries."))


@email_checks.register("subject_emoji")
class SubjectEmoji(_SubjectCheck):
    """The subject has two emoji at the most."""

    label = gettext_lazy("Emoji in the subject")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        count = sum(_is_emoji(character) for character in facts.subject)
        if count > _MAX_EMOJI:
            message = _("The subject has %(count)s emoji.") % {"count": count}
            yield self.at_subject(message, _("Keep one or two: some programs show empty boxes in their place."))


@email_checks.register("subject_curiosity")
class SubjectCuriosity(_SubjectCheck):
    """A hint where the subject neither asks nor makes curious, with other forms of it where a rule knows some."""

    label = gettext_lazy("Subject makes curious")
    level = Level.HINT

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        pattern = _CURIOUS.get(facts.language)
        if not facts.subject or pattern is None or re.search(r"[?？]", facts.subject) or pattern.search(facts.subject):
            return
        finding = self.at_subject(
            _("The subject is a plain statement."),
            _("A question or something to find out is opened more often: %(openings)s")
            % {"openings": _OPENINGS[facts.language]},
        )
        products = len(facts.context.shared.product_ids)
        variants = variants_of(facts.email.subject, facts.context.language, product_count=products)
        yield replace(finding, variants=tuple(variants))


@email_checks.register("preheader_missing")
class PreheaderMissing(EmailCheck):
    """The email has a preheader, so that inboxes do not show the first words that they find."""

    label = gettext_lazy("Preheader is there")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        if not has_preheader(facts):
            yield self.finding(
                _("The email has no preheader."),
                _("Write the line that inboxes show after the subject; else they show the first words they find."),
                place=_("Preheader"),
                field="preheader",
            )


@email_checks.register("preheader_repeats")
class PreheaderRepeats(EmailCheck):
    """The preheader says something that the subject does not say."""

    label = gettext_lazy("Preheader adds something")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        preheader = facts.filled.preheader if facts.filled else facts.email.preheader
        if _bare(preheader) and _bare(preheader) == _bare(facts.subject):
            yield self.finding(
                _("The preheader repeats the subject."),
                _("Go on where the subject stops."),
                place=_("Preheader"),
                field="preheader",
            )


def has_preheader(facts: EmailFacts) -> bool:
    """Whether the email has one: in its field, or in a block of that name."""
    if facts.email.preheader.strip() or (facts.filled and facts.filled.preheader.strip()):
        return True
    return any(
        block.kind == "preheader" and any(isinstance(one, str) and one.strip() for one in block.value.values())
        for block in facts.blocks
    )


def _is_emoji(character: str) -> bool:
    # Skin tones belong to the emoji before them; the blocks are those of Unicode's emoji data.
    code = ord(character)
    return (0x1F300 <= code <= 0x1FAFF and not 0x1F3FB <= code <= 0x1F3FF) or 0x2600 <= code <= 0x27BF or code == 0x2B50


def _bare(text: str) -> str:
    return "".join(re.findall(r"\w+", text)).casefold()
