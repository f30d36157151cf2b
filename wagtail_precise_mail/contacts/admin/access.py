"""Who may see addresses, and pages that show what they would do before they do it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import Promise
from django.views.generic.base import TemplateView
from wagtail.admin.views.generic import WagtailAdminTemplateMixin


class SeesContacts:
    """A view that shows addresses: the right to view contacts is needed besides the view's own."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm("wagtail_precise_mail.view_contact"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class LookFirstView(WagtailAdminTemplateMixin, TemplateView):
    """GET counts and changes nothing; POST, which a subclass adds, does what was counted."""

    http_method_names = ["get", "head", "post"]
    header_icon = "help"
    permission: ClassVar[str]
    index_name: ClassVar[str]
    """The listing that the page hangs below."""
    index_label: ClassVar[str | Promise]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(self.permission):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        index = {"url": reverse(self.index_name), "label": str(self.index_label)}
        return [*self.breadcrumbs_items, index, {"url": "", "label": str(self.page_title)}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "action_url": self.request.path}
