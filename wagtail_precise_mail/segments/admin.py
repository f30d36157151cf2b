"""The Wagtail side of this room."""

from __future__ import annotations

viewsets: list = []
