"""What other rooms add to the page of a segment, such as when its members read their mail (C009)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.functional import Promise

from wagtail_precise_mail.registry import Registry

if TYPE_CHECKING:
    from wagtail_precise_mail.segments.models import Segment
    from wagtail_precise_mail.segments.rules import Rules


class SegmentPanel(ABC):
    """A panel that is fetched once the page stands, so that it may ask the database more than the page does.

    The context may hold a ``picture`` of :mod:`wagtail_precise_mail.charts`: then ``template_name`` can stay as it is.
    """

    title: ClassVar[str | Promise]
    template_name: ClassVar[str] = "wagtail_precise_mail/segments/picture_panel.html"

    def is_shown(self, user: Any) -> bool:
        """Whether somebody who may see segments may see this, too."""
        return True

    @abstractmethod
    def context(self, segment: Segment, rules: Rules, *, at: datetime, user: Any) -> dict[str, Any]:
        """Return what the template needs.

        Raises:
            OutOfTime: it took longer than a page may (see :func:`budgets.at_most`).
        """


segment_panels: Registry[type[SegmentPanel]] = Registry("segment panel")
