"""Merge tags of further fields that no contact has: mistyped, or of an import that is yet to come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.rich_text import RichText

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.merge import Tag, parse
from wagtail_precise_mail.emails.merge_attributes import attribute_key, known_attributes, somebody_has
from wagtail_precise_mail.emails.mjml import clean_markup
from wagtail_precise_mail.emails.soup import read_markup

_CLOSE = 0.75
"""How alike a name must be to one that there is to count as that one mistyped."""

_LISTED = 8


@dataclass(frozen=True)
class UnknownAttribute:
    """A further field that a tag names and no contact has.

    Attributes:
        meant: names that it is close to.
        known: all names that there are.
        is_certain: whether it is wrong for sure: close to a known name, or not among those that the site declares.
    """

    tag: Tag
    key: str
    meant: list[str]
    known: list[str]
    is_certain: bool

    @property
    def message(self) -> str:
        """What is wrong."""
        return _("%(tag)s: no contact has a further field “%(key)s”.") % {"tag": self.tag, "key": self.key}

    @property
    def remedy(self) -> str:
        """What to do about it: what was meant, and what there is."""
        if self.meant:
            return _("Did you mean %(names)s?") % {"names": _names(self.meant)}
        if not self.known:
            return _("Contacts have no further fields yet; everybody reads the fallback until an import brings some.")
        return _("There are: %(names)s.") % {"names": _names(self.known[:_LISTED])}


def attribute_names() -> list[str]:
    """Return the keys of further fields that tags may name: those that the site declares, and those that occur."""
    return list(dict.fromkeys([*options().contact_attributes, *known_attributes(Contact.objects.all())]))


def check_words(written: str | RichText | None) -> None:
    """Check the merge tags of what an editor typed, further fields of contacts among them.

    Raises:
        ValidationError: one is wrong for sure.
    """
    for unknown in unknown_attributes(written):
        if unknown.is_certain:
            raise ValidationError(f"{unknown.message} {unknown.remedy}", code="merge")


def unknown_attributes(written: str | RichText | None) -> list[UnknownAttribute]:
    """Return the tags of further fields that no contact has.

    Raises:
        ValidationError: a merge tag is wrong.
    """
    tags = dict.fromkeys(tag for tag in _tags(written) if attribute_key(tag.field))
    names = attribute_names() if tags else []
    return [_unknown(tag, key, names) for tag in tags if not _is_known(key := attribute_key(tag.field), names)]


def _is_known(key: str, names: list[str]) -> bool:
    return key in names or somebody_has(key, Contact.objects.all())


def _unknown(tag: Tag, key: str, names: list[str]) -> UnknownAttribute:
    folded = {name.casefold().replace("-", "_"): name for name in names}
    close = get_close_matches(key.casefold().replace("-", "_"), folded, n=2, cutoff=_CLOSE)
    meant = [f"contact.attributes.{folded[one]}" for one in close]
    known = [f"contact.attributes.{name}" for name in names]
    return UnknownAttribute(tag, key, meant, known, bool(meant or options().contact_attributes))


def _tags(written: str | RichText | None) -> Iterator[Tag]:
    texts = [written or ""] if not isinstance(written, RichText) else _texts(written)
    for text in texts:
        yield from (part for part in parse(text) if isinstance(part, Tag))


def _texts(written: RichText) -> list[str]:
    return [str(string) for string in read_markup(clean_markup(written.source)).find_all(string=True)]


def _names(names: list[str]) -> str:
    return ", ".join(names)
