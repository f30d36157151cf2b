"""Words that must not go out: promises that mislead, and merge tags that nothing fills."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.rich_text import RichText

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.emails.attribute_words import UnknownAttribute, unknown_attributes
from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.facts import EmailFacts

_HAN = re.compile(r"[\u4e00-\u9fff]")
# Ours, Django's, Mailchimp's, and those of Salesforce and Dynamics.
_TAG = re.compile(r"\{\{.{1,80}?\}\}|\{%.{1,80}?%\}|\*\|[A-Z0-9_:]{2,40}\|\*|%%[A-Za-z_]{2,40}%%")


@email_checks.register("misleading_claims")
class MisleadingClaims(EmailCheck):
    """Subject and preheader promise nothing that is on the list of claims of the email's language."""

    label = gettext_lazy("No misleading claims")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        preheader = facts.filled.preheader if facts.filled else facts.email.preheader
        for field, name, text in (
            ("subject", _("Subject"), facts.subject),
            ("preheader", _("Preheader"), preheader),
        ):
            if found := claims_in(text, facts.language):
                yield self.finding(
                    _("“%(claims)s” promises too much.") % {"claims": "”, “".join(found)},
                    _("Say what can be shown: such words mislead, and spam filters look for them."),
                    place=name,
                    field=field,
                )


@email_checks.register("unresolved_tags")
class UnresolvedTags(EmailCheck):
    """No merge tag is left over, also none of another system, such as Mailchimp's."""

    label = gettext_lazy("No merge tag left over")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        if not facts.filled:
            return
        # Subject and preheader stand in the HTML, too; a wrong tag of ours is an error of its block already.
        seen = " ".join(failure.message for failure in facts.context.shared.failures)
        for field, place, text in (
            ("subject", _("Subject"), facts.filled.subject),
            ("preheader", _("Preheader"), facts.filled.preheader),
            ("", _("Body"), facts.soup.get_text(" ")),
        ):
            for tag in dict.fromkeys(_TAG.findall(text)):
                if tag not in seen:
                    yield self._at(facts, tag, place, field)
            seen += text if field else ""

    def _at(self, facts: EmailFacts, tag: str, place: str, field: str) -> Finding:
        block = None if field else facts.top_block_with(tag)
        return self.finding(
            _("Everybody would read “%(tag)s”.") % {"tag": tag},
            _("Write a merge field of this site, such as %(example)s, or remove it.")
            % {"example": '{{ contact.first_name | default: "…" }}'},
            block=block,
            place="" if block else place,
            field=field,
        )


class _AttributeCheck(EmailCheck):
    """Tags of further fields that no contact has, at their places; wrong ones are refused elsewhere."""

    wants_certain: bool

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        for field, place in (("subject", _("Subject")), ("preheader", _("Preheader"))):
            for unknown in self._unknown(getattr(facts.email, field)):
                yield self.finding(unknown.message, unknown.remedy, place=place, field=field)
        for block in facts.blocks:
            for name in getattr(block.block, "merge_fields", ()):
                for unknown in self._unknown(block.get(name)):
                    yield self.finding(unknown.message, unknown.remedy, block=block)

    def _unknown(self, written: str | RichText | None) -> list[UnknownAttribute]:
        try:
            return [one for one in unknown_attributes(written) if one.is_certain == self.wants_certain]
        except ValidationError:
            return []


@email_checks.register("attribute_mistyped")
class AttributeMistyped(_AttributeCheck):
    """No merge field names a further field of contacts that is mistyped, or that the site does not declare."""

    label = gettext_lazy("Further fields are spelled right")
    level = Level.ERROR
    wants_certain = True


@email_checks.register("attribute_empty")
class AttributeEmpty(_AttributeCheck):
    """Every further field of contacts that a merge field names is filled for somebody."""

    label = gettext_lazy("Further fields are there")
    wants_certain = False


def claims_in(text: str, language: str) -> list[str]:
    """Return the misleading claims in a text, in their order on the list.

    Chinese ones are looked for in every text with Chinese characters, whatever the language of the email.
    """
    languages = [language, *(["zh"] if language not in ("zh", "ja") and _HAN.search(text) else [])]
    folded = " ".join(text.casefold().split())
    return [claim for one in languages for claim in claims(one) if _is_in(claim.casefold(), folded)]


def claims(language: str) -> list[str]:
    """Return the claims that a language's subjects must not make: the project's list, else ours."""
    return options().misleading_claims.get(language, _our_claims().get(language, []))


def _is_in(claim: str, text: str) -> bool:
    if _HAN.search(claim):
        return claim in text
    return re.search(rf"(?<!\w){re.escape(claim)}(?!\w)", text) is not None


@cache
def _our_claims() -> dict[str, list[str]]:
    return tomllib.loads((Path(__file__).parent / "data" / "claims.toml").read_text(encoding="utf-8"))
