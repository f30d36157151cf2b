"""What the columns of a file become: proposed, remembered, and judged."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.importing import targets
from wagtail_precise_mail.contacts.importing.presets import Preset, common_target, find_preset
from wagtail_precise_mail.contacts.imports import ImportMapping
from wagtail_precise_mail.contacts.models import Topic

ERROR_COLUMNS = ["line", "reason"]
"""What an error file has before the columns of the file; never translated, so that it is known again."""

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")


def header_shape(header: Sequence[str]) -> str:
    """Return the key under which the columns of files with this header are remembered."""
    names = [name.strip().casefold() for name in header]
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()


def remembered(header: Sequence[str]) -> list[str] | None:
    """Return what the columns became the last time; None for a header that is new."""
    found = ImportMapping.objects.filter(shape=header_shape(header)).first()
    return list(found.columns) if found and len(found.columns) == len(header) else None


def remember(header: Sequence[str], columns: Sequence[str]) -> None:
    """Keep what the columns became, for the next file with this header."""
    ImportMapping.objects.update_or_create(shape=header_shape(header), defaults={"columns": list(columns)})


def propose(header: Sequence[str], samples: Sequence[Sequence[str]] = ()) -> list[str]:
    """Return a target for each column: as the last time, as of a known export, or by its name and values.

    An error file of ours is what it was made of, and two columns more.
    """
    if list(header[: len(ERROR_COLUMNS)]) == ERROR_COLUMNS:
        skipped = len(ERROR_COLUMNS)
        return [*[""] * skipped, *propose(header[skipped:], [row[skipped:] for row in samples])]
    topics = {topic.name.casefold(): topic.slug for topic in Topic.objects.all()}
    if (known := remembered(header)) and not problems(header, known, topics=topics.values()):
        return known
    preset = find_preset(header)
    proposed = [_propose_one(name, preset, topics) for name in header]
    if targets.ADDRESS not in proposed:
        proposed = _address_by_values(proposed, samples)
    taken: set[str] = set()
    for place, target in enumerate(proposed):
        if target in taken and target not in targets.REPEATABLE:
            proposed[place] = ""
        taken.add(target)
    return proposed


def _propose_one(name: str, preset: Preset | None, topics: dict[str, str]) -> str:
    plain = name.strip().casefold()
    if preset is None:
        return common_target(name)
    if plain in preset.columns:
        return preset.columns[plain]
    if preset.topic_prefix:
        prefix, kind = preset.topic_prefix
        slug = topics.get(plain.removeprefix(prefix)) if plain.startswith(prefix) else None
        if slug:
            return f"{kind}:{slug}"
    if plain in preset.ignored or not preset.keeps_rest or not plain:
        return ""
    return f"text:{targets.attribute_key(name)}"


def _address_by_values(proposed: list[str], samples: Sequence[Sequence[str]]) -> list[str]:
    """Take the column of which most values look like addresses."""
    votes = Counter(
        place for row in samples for place, value in enumerate(row[: len(proposed)]) if _ADDRESS.match(value.strip())
    )
    if votes:
        place, count = votes.most_common(1)[0]
        if count * 2 >= len(samples):
            proposed[place] = targets.ADDRESS
    return proposed


def problems(header: Sequence[str], columns: Sequence[str], *, topics: Iterable[str]) -> list[str]:
    """Return what is wrong with a mapping, each a sentence that says what to do."""
    slugs = list(topics)
    found = []
    if len(columns) != len(header):
        found.append(_("The file has %(count)d columns. Say what each becomes.") % {"count": len(header)})
    if targets.ADDRESS not in columns:
        found.append(_("Say which column has the email addresses."))
    for target, count in Counter(columns).items():
        if not targets.is_target(target, topics=slugs):
            found.append(_("“%(target)s” is nothing that a column can become.") % {"target": target[:60]})
        elif count > 1 and target not in targets.REPEATABLE:
            names = ", ".join(name for name, given in zip(header, columns, strict=False) if given == target)
            found.append(_("Only one of these columns can become the same: %(names)s.") % {"names": names[:200]})
    return found
