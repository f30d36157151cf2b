"""Retention in the admin: what is kept how long, what would go now, and letting it go at once."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.retention import apply_rules, dry_run, retention_rules

PAGE = "precise_mail_retention"
RUN = "wagtail_precise_mail.run_retention"


class RetentionView(WagtailAdminTemplateMixin, TemplateView):
    """GET is the dry run, POST lets one class of data go."""

    http_method_names = ["get", "head", "post"]
    page_title = gettext_lazy("Retention of data")
    header_icon = "history"
    template_name = "wagtail_precise_mail/contacts/retention.html"
    _show_breadcrumbs = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(RUN):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "rows": dry_run(), "run_url": reverse(PAGE)}

    def post(self, request: HttpRequest) -> HttpResponse:
        key = request.POST.get("rule", "")
        if key in retention_rules:
            count = apply_rules([key], seconds=options().task_seconds).get(key, 0)
            done = ngettext("%(count)d row was let go.", "%(count)d rows were let go.", count) % {"count": count}
            messages.success(request, f"{retention_rules.get(key).label}: {done}")
        else:
            messages.error(request, _("There is no such rule."))
        return redirect(PAGE)


class RetentionMenuItem(MenuItem):
    """Shown to whoever may run the rules."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(RUN))


@hooks.register("register_settings_menu_item")
def register_menu_item() -> MenuItem:
    """Beside the other settings."""
    return RetentionMenuItem(
        gettext_lazy("Retention of data"), reverse(PAGE), name="precise-mail-retention", icon_name="history", order=900
    )


@hooks.register("register_admin_urls")
def register_urls() -> list:
    """The one page."""
    return [path("precise-mail-retention/", RetentionView.as_view(), name=PAGE)]
