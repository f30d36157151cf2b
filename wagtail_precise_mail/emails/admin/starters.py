"""The gallery of starter emails: where a new email begins."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.admin.auth import require_admin_access
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.models import Site

from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.preview import email_preview
from wagtail_precise_mail.emails.sites import default_site
from wagtail_precise_mail.emails.starters import Starter, starters
from wagtail_precise_mail.emails.starters.making import draft_of, make_email

PERMISSION = "wagtail_precise_mail.add_email"


class StartersView(WagtailAdminTemplateMixin, TemplateView):
    """GET shows the gallery and changes nothing; POST makes a draft from one of the starters."""

    template_name = "wagtail_precise_mail/emails/starters.html"
    page_title = _("New email")
    header_icon = "mail"
    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        emails = reverse(Email.snippet_viewset.get_url_name("list"))
        return [*self.breadcrumbs_items, {"url": emails, "label": _("Emails")}, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        site = _site(self.request.GET)
        context["site"] = site
        context["sites"] = Site.objects.order_by("-is_default_site", "site_name", "hostname")
        context["starters"] = [
            {"key": key, "starter": starter, "preview_url": _preview_url(key, site)}
            for key, starter in starters.items()
        ]
        context["empty_url"] = f"{reverse(Email.snippet_viewset.get_url_name('add'))}?{urlencode({'site': site.pk})}"
        return context

    def post(self, request: HttpRequest) -> HttpResponse:
        starter = _starter(request.POST.get("starter", ""))
        email = make_email(starter, _site(request.POST), by=request.user)  # type: ignore[arg-type]
        messages.success(
            request, _("A draft was made from “%(starter)s”. Nothing is sent.") % {"starter": starter.label}
        )
        edit_url = AdminURLFinder(request.user).get_edit_url(email)
        return redirect(edit_url or reverse(Email.snippet_viewset.get_url_name("list")))


@require_admin_access
@xframe_options_sameorigin
@require_safe
def starter_preview(request: HttpRequest, key: str) -> HttpResponse:
    """Show one starter as the gallery frames it: with the brand and the material of the site, links inert."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    return email_preview(draft_of(_starter(key), _site(request.GET)), "contact", may_see_contacts=False)


def _site(data: QueryDict) -> Site:
    """The site that was chosen; the default one before anybody chose."""
    chosen = data.get("site", "")
    return get_object_or_404(Site, pk=chosen) if chosen.isdecimal() else default_site()


def _preview_url(key: str, site: Site) -> str:
    return f"{reverse('precise_mail_starter_preview', args=[key])}?{urlencode({'site': site.pk})}"


def _starter(key: str) -> Starter:
    if key not in starters:
        raise Http404(f"There is no starter email {key!r}.")
    return starters.get(key)


@hooks.register("register_admin_urls")
def register_starter_urls() -> list[URLPattern]:
    """The gallery, and what it frames."""
    return [
        path("precise-mail/emails/new/", StartersView.as_view(), name="precise_mail_starters"),
        path("precise-mail/emails/new/<slug:key>/", starter_preview, name="precise_mail_starter_preview"),
    ]
