"""What the lists that find their items by themselves showed to nobody in particular when an email was approved.

Such lists are meant to show others later: that they do is worth knowing, and nothing that somebody must answer for. The
price of a product is another matter: who approved an email with it in a list has seen that price.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from wagtail.blocks import StreamValue
from wagtail.models import Site

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.composition import Written, compose
from wagtail_precise_mail.emails.readers import Item, ReaderLoader, Spec, item_sources
from wagtail_precise_mail.emails.sites import base_url_of

Pinned = Mapping[str, Mapping[str, Any]]
"""By the block of each list: its "name", its "spec", and the names of what it showed by their "items" keys."""

_NAMED = 3


def lists_of(email: Written, site: Site, *, at: datetime) -> dict[str, Any]:
    """Return what the automatic lists of an email show now, as JSON, with all that reading it again takes."""
    context = compose(email, site=site, base_url=base_url_of(site), at=at, is_draft=True).context
    shown = sorted(context.shared.shown)
    specs = {name: {**spec, "shown": shown} for name, spec in context.marks.lists.items() if _is_automatic(spec)}
    if not specs:
        return {}
    found = _load(specs, site, context.language, at)
    names = dict(_names(email.body))
    lists = {
        spec["block_id"]: {
            "name": names.get(spec["block_id"], ""),
            "spec": spec,
            "items": {item["key"]: item.get("name", "") for item in found.get(name, ()) if item.get("key")},
        }
        for name, spec in specs.items()
    }
    return {"site": site.pk, "language": context.language, "lists": lists}


def items_now(pinned: Mapping[str, Any], *, at: datetime) -> dict[str, dict[str, str]]:
    """Return what pinned lists show now: names by key, by block. Nothing where the site is gone."""
    site = Site.objects.select_related("root_page").filter(pk=pinned["site"]).first()
    specs = {block: one["spec"] for block, one in pinned["lists"].items() if _is_automatic(one["spec"])}
    if site is None or not specs:
        return {}
    found = _load(specs, site, pinned["language"], at)
    return {block: {item["key"]: item.get("name", "") for item in found[block] if item.get("key")} for block in specs}


def product_ids(items: Mapping[str, Collection[str]]) -> set[int]:
    """Return the ids of the products among the keys of lists."""
    keys = {key for one in items.values() for key in one}
    return {int(number) for kind, _colon, number in (key.partition(":") for key in keys) if kind == "product"}


def shift_sentences(then: Pinned, now: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the name of each list that shows others now, and a sentence about it. Their order does not matter."""
    for block, before in then.items():
        after = now.get(block)
        if after is None:
            continue
        added = [name for key, name in after.items() if key not in before["items"]]
        gone = [name for key, name in before["items"].items() if key not in after]
        words = {"list": before["name"], "added": _some(added), "gone": _some(gone)}
        if added and gone:
            yield before["name"], _("The list “%(list)s” shows %(added)s now, and no longer %(gone)s") % words
        elif added:
            yield before["name"], _("The list “%(list)s” shows %(added)s, too") % words
        elif gone:
            yield before["name"], _("The list “%(list)s” no longer shows %(gone)s") % words


def _is_automatic(spec: Spec) -> bool:
    if spec["source"] not in item_sources:
        return False
    source = item_sources.get(spec["source"])()
    return source.finds_by_itself(spec) and source.may_be_shared(spec)


def _load(specs: Mapping[str, Spec], site: Site, language: str, at: datetime) -> Mapping[str, Any]:
    nothing: dict[str, Any] = {name: [] for name in ("subject", "preheader", "html", "text", "links")}
    loader = ReaderLoader({**nothing, "site": site.pk, "language": language, "lists": specs})
    lists: Mapping[str, Sequence[Item]] = loader.load([Contact()], at=at, base_url=base_url_of(site))[0].lists
    return lists


def _names(stream: StreamValue) -> Iterator[tuple[str, str]]:
    """Yield what editors call each block by its id: its heading, else its kind."""
    for number, child in enumerate(stream, 1):
        heading = child.value.get("heading") if hasattr(child.value, "get") else ""
        yield child.id or f"{child.block_type}-{number}", str(heading or child.block.label)
        for inner in child.block.streams(child.value):
            yield from _names(inner)


def _some(names: list[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:_NAMED])
    more = len(names) - _NAMED
    return _("%(names)s and %(count)s more") % {"names": shown, "count": more} if more > 0 else shown
