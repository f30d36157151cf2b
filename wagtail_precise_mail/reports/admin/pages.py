"""What the pages about predictions share: a permission, a place in the menu of reports, and breadcrumbs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.generic import TemplateView
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

_APP = "wagtail_precise_mail"


def may(user: Any, *codenames: str) -> bool:
    """Whether somebody has all of these permissions of ours."""
    return all(user.has_perm(f"{_APP}.{codename}") for codename in codenames)


class NeedsPermission:
    """A view that is closed without every permission in ``needs``."""

    needs: ClassVar[tuple[str, ...]] = ()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(request.user, *self.needs):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class ReportPage(NeedsPermission, WagtailAdminTemplateMixin, TemplateView):
    """One page to read."""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]


class PermittedMenuItem(MenuItem):
    """Shown to whoever may open the page."""

    def __init__(self, *args: Any, needs: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.needs = needs

    def is_shown(self, request: HttpRequest) -> bool:
        return may(request.user, *self.needs)
