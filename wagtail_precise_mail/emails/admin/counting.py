"""The count of fallbacks in the editor of an email, asked for when somebody looks at it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views import View
from wagtail import hooks
from wagtail.permission_policies import ModelPermissionPolicy

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.coverage import coverage_of, tags_of
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.sites import site_of


class CoverageView(View):
    """How many of all contacts would see the fallback of each tag, in the version that was saved last."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, email_id: int) -> HttpResponse:
        if not ModelPermissionPolicy(Email).user_has_any_permission(request.user, ["add", "change", "view"]):
            raise PermissionDenied
        email = get_object_or_404(Email, pk=email_id).get_latest_revision_as_object()
        coverage = coverage_of(tags_of(email, site_of(email), at=timezone.now()), Contact.objects.all())
        return render(request, "wagtail_precise_mail/emails/coverage_page.html", {"coverage": coverage})


@hooks.register("register_admin_urls")
def register_coverage_url() -> list[URLPattern]:
    """It belongs to one email."""
    name = "precise_mail_merge_coverage"
    return [path("precise-mail/emails/<int:email_id>/coverage/", CoverageView.as_view(), name=name)]
