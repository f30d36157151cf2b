"""Who may see and make segments, for the pages of this room that Wagtail has no view for."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from wagtail_precise_mail.segments.models import Segment

SEE = ("view", "add", "change", "delete", "publish")
_APP = "wagtail_precise_mail"


def may(user: Any, *actions: str) -> bool:
    """Whether somebody has any of these permissions for segments."""
    return bool(user.is_active and any(user.has_perm(f"{_APP}.{action}_segment") for action in actions))


def url_of(name: str, *args: Any) -> str:
    """Return the address of a page about segments."""
    return reverse(f"wagtailsnippets_wagtail_precise_mail_segment:{name}", args=args)


class SegmentPage(WagtailAdminTemplateMixin):
    """A page below the listing of segments, for those who have any of ``actions``."""

    actions: ClassVar[tuple[str, ...]] = SEE
    header_icon = "group"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(request.user, *self.actions):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def segment(self) -> Segment | None:
        """The segment that the page is about, or None."""
        return None

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        items = [*self.breadcrumbs_items, {"url": url_of("list"), "label": gettext("Segments")}]
        if segment := self.segment():
            items.append({"url": url_of("inspect", segment.pk), "label": segment.name})
        return [*items, {"url": "", "label": str(self.page_title)}]
