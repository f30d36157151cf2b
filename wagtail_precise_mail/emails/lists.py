"""Lists in emails as blocks write them: the look of one item, repeated for what each reader gets."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from wagtail_precise_mail.emails.marks import Marks, Place


@dataclass(frozen=True)
class ItemList:
    """A list while an email is composed. Its MJML is compiled once; its items come with each reader.

    Attributes:
        name: of the list in the compiled email.
    """

    marks: Marks
    name: str
    block_id: str

    def value(self, field: str) -> SafeString:
        """Return the mark of a fact about the item; it is escaped where it stands. ``…url`` are absolute addresses."""
        return mark_safe(self.marks.item(field))

    def link(self, field: str = "url") -> SafeString:
        """Return the ``href`` that leads to the item, counted like every link."""
        return mark_safe(self.marks.item_link(block_id=self.block_id, field=field))

    def repeat(self, content: str, place: Place, *, per_row: int = 1) -> SafeString:
        """Return content once for each item, or for each ``per_row`` items, which then stand in slots."""
        return self._region({"repeat": self.name, "per_row": per_row}, content, place)

    def slot(self, number: int, content: str, place: Place) -> SafeString:
        """Return the content of one place in a row, counted from 0; empty where the items have run out."""
        return self._region({"slot": number}, content, place)

    def when(self, field: str, content: str, place: Place) -> SafeString:
        """Return content that is shown for items with this fact only."""
        return self._region({"when": field}, content, place)

    def filled(self, content: str, place: Place) -> SafeString:
        """Return content that is shown to readers for whom the list has items."""
        return self._region({"filled": self.name}, content, place)

    def empty(self, content: str, place: Place) -> SafeString:
        """Return content that is shown to readers for whom it has none."""
        return self._region({"empty": self.name}, content, place)

    def _region(self, hole: dict[str, object], content: str, place: Place) -> SafeString:
        return mark_safe(self.marks.region(hole, content, place))
