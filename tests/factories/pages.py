"""Pages to make emails from."""

from __future__ import annotations

from itertools import count
from typing import Any

from tests.factories.emails import default_site
from tests.testapp.models import MixedPage

_numbers = count(1)


def make_page(*content: tuple[str, Any], **overrides: Any) -> MixedPage:
    """A published page with a body of these blocks, as one assigns them."""
    publish = overrides.pop("live", True)
    page = MixedPage(**{"title": f"Page {next(_numbers)}", "content": list(content), "live": publish, **overrides})
    default_site().root_page.add_child(instance=page)
    revision = page.save_revision()
    if publish:
        revision.publish()
    return MixedPage.objects.get(pk=page.pk)
