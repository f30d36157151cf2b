"""A warning on the home page when what is worked out every so often is old (C079)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from wagtail import hooks
from wagtail.admin.ui.components import Component

from wagtail_precise_mail.contacts.freshness import stale_jobs


class StaleJobsPanel(Component):
    """What is older than twice its cycle; nothing while all is fresh."""

    name = "precise_mail_stale_jobs"
    template_name = "wagtail_precise_mail/contacts/stale_jobs_panel.html"
    order = 110

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        return {"jobs": stale_jobs(timezone.now())}

    def render_html(self, parent_context: Mapping[str, Any] | None = None) -> str:
        context = self.get_context_data(parent_context or {})
        return super().render_html(parent_context) if context["jobs"] else ""


@hooks.register("construct_homepage_panels")
def add_stale_jobs_panel(request: HttpRequest, panels: list) -> None:
    """For those who may see contacts."""
    if request.user.has_perm("wagtail_precise_mail.view_contact"):
        panels.append(StaleJobsPanel())
