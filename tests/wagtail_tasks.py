"""The tasks of Wagtail's own: after every save they note what refers to what, and what a search may find."""

from __future__ import annotations

from typing import Any, ClassVar

from django_tasks.backends.immediate import ImmediateBackend


class IdleBackend(ImmediateBackend):
    """Does nothing, which a tenth of a run is; with the fixture ``reference_index``, what a site does by default."""

    is_idle: ClassVar[bool] = True

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        return None if self.is_idle else super().enqueue(task, args, kwargs)
