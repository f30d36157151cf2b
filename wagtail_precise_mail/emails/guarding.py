"""Raw MJML is for people with a permission of its own; forms of all others keep what is there as it is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.blocks.base import BlockWidget

from wagtail_precise_mail.emails.blocks.raw import RawMjmlBlock
from wagtail_precise_mail.emails.body import RAW_MJML
from wagtail_precise_mail.emails.streams import EmailStreamBlock, walk_blocks
from wagtail_precise_mail.fields import RegistryStreamField

PERMISSION = "wagtail_precise_mail.use_raw_mjml"

Written = tuple[str, str]
"""A raw block: its id and its source. Its settings are for everybody."""


class BodyForm(WagtailAdminModelForm):
    """A form with a body of email blocks.

    To people without the permission, raw blocks are read-only and the picker does not offer them. The server checks
    once more, at every save, autosave and preview: they may keep, move and delete raw blocks, and copy an email that
    has some.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.guards_raw_mjml = bool(self.for_user) and not self.for_user.has_perm(PERMISSION)
        if self.guards_raw_mjml and "body" in self.fields:
            block = _guarded_block(self.instance._meta.get_field("body"))
            self.fields["body"].block = block
            self.fields["body"].widget = BlockWidget(block)

    def clean(self) -> dict[str, Any] | None:
        cleaned: dict[str, Any] | None = super().clean()
        if self.guards_raw_mjml and cleaned and cleaned.get("body") is not None:
            added = Counter(_raw_blocks(cleaned["body"])) - Counter(_raw_blocks(self.instance.body))
            if any(one not in self._written_before(one[0]) for one in added):
                message = _("You may not add or change raw MJML: it needs a permission of its own.")
                self.add_error("body", ValidationError(message, code="raw_mjml"))
        return cleaned

    def _written_before(self, block_id: str) -> set[Written]:
        """Return what raw blocks with this id held in other rows (this may be a copy) and in earlier revisions."""
        if not block_id:
            return set()
        model = type(self.instance)
        rows = model._default_manager.annotate(text=Cast("body", TextField())).filter(text__contains=block_id)
        found = {one for row in rows for one in _raw_blocks(row.body)}
        if self.instance.pk:
            for content in self.instance.revisions.values_list("content", flat=True).iterator():
                found.update(_find(json.loads(content.get("body") or "[]")))
        return found


@cache
def _guarded_block(field: RegistryStreamField) -> EmailStreamBlock:
    block = field.new_block()
    for one in walk_blocks(block):
        if isinstance(one, EmailStreamBlock):
            one.hidden.add(RAW_MJML)
        elif isinstance(one, RawMjmlBlock):
            one.make_read_only()
    assert isinstance(block, EmailStreamBlock)  # noqa: S101 - for types
    return block


def _raw_blocks(body: Any) -> list[Written]:
    return list(_find(body.stream_block.get_prep_value(body)))


def _find(stored: Any) -> Iterator[Written]:
    """Return the raw blocks anywhere in a body as it is stored: in columns, in variants, in blocks of a project."""
    if isinstance(stored, dict):
        if stored.get("type") == RAW_MJML:
            source = str((stored.get("value") or {}).get("mjml") or "")
            # Browsers post line breaks of their own kind.
            yield str(stored.get("id") or ""), "\n".join(source.splitlines())
        for inner in stored.values():
            yield from _find(inner)
    elif isinstance(stored, list):
        for inner in stored:
            yield from _find(inner)
