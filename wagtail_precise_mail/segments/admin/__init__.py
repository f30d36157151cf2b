"""The Wagtail side of this room."""

from __future__ import annotations

from wagtail.snippets.views.snippets import SnippetViewSet

from wagtail_precise_mail.segments.admin.viewset import SegmentViewSet

viewsets: list[type[SnippetViewSet]] = [SegmentViewSet]

__all__ = ["SegmentViewSet", "viewsets"]
