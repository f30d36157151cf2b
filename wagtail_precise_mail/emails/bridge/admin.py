""" "Email this page": the button in the page editor, the question behind it, and the way back from the email."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.generic.edit import FormView
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.action_menu import ActionMenuItem
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.admin.panels import Panel
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.widgets import Button
from wagtail.models import Page

from wagtail_precise_mail.emails.bridge.making import Extent, email_from_page
from wagtail_precise_mail.emails.bridge.mapping import LeftOut, MappedBody, body_of
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.fields import page_model

PERMISSION = "wagtail_precise_mail.add_email"
URL_NAME = "precise_mail_email_from_page"

# Left-out blocks that a message names; the page of the question has them all.
_NAMED = 8


class EmailThisPageForm(forms.Form):
    """How much of the page goes into the email."""

    extent = forms.ChoiceField(
        label=_("What the email has of it"),
        widget=forms.RadioSelect,
        help_text=_("A teaser shows title, summary and picture as the page has them when the email goes out."),
    )

    def __init__(self, *args: Any, has_body: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = Extent.choices if has_body else [(Extent.TEASER.value, Extent.TEASER.label)]
        extent = cast("forms.ChoiceField", self.fields["extent"])
        extent.choices, extent.initial = choices, choices[0][0]


class EmailThisPageView(WagtailAdminTemplateMixin, FormView):
    """GET asks and changes nothing; POST makes the draft and opens it."""

    form_class = EmailThisPageForm
    template_name = "wagtail_precise_mail/emails/email_this_page.html"
    header_icon = "mail"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def page(self) -> Page:
        """The version that the person may see: the latest for those who edit the page, else the published one."""
        page = get_object_or_404(page_model().objects.filter(depth__gt=1), pk=self.kwargs["page_id"])
        return version_for(page, self.request.user)

    @cached_property
    def body(self) -> MappedBody:
        return body_of(self.page)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "has_body": bool(self.body.blocks)}

    def get_page_title(self) -> str:
        return _("Email “%(page)s”") % {"page": self.page.get_admin_display_title()}

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        page_url = AdminURLFinder(self.request.user).get_edit_url(self.page)
        return [
            *self.breadcrumbs_items,
            *([{"url": page_url, "label": self.page.get_admin_display_title()}] if page_url else []),
            {"url": "", "label": _("Email this page")},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["page"] = self.page
        context["left_out"] = self.body.left_out
        context["action_url"] = self.request.path
        return context

    def form_valid(self, form: EmailThisPageForm) -> HttpResponse:
        made = email_from_page(
            self.page, by=cast("AbstractBaseUser", self.request.user), extent=form.cleaned_data["extent"]
        )
        text = _("The email “%(email)s” was made from the page. It is a draft.") % {"email": made.email}
        messages.success(self.request, text)
        if made.left_out:
            messages.warning(self.request, left_out_message(made.left_out))
        # Who may add emails and not change them sees the list.
        edit_url = AdminURLFinder(self.request.user).get_edit_url(made.email)
        return redirect(edit_url or reverse(Email.snippet_viewset.get_url_name("list")))


def version_for(page: Page, user: Any) -> Page:
    """Return the version of a page that somebody may make an email from.

    Raises:
        PermissionDenied: they cannot edit it, and visitors cannot read it.
    """
    page = page.specific
    if page.permissions_for_user(user).can_edit():
        return page.get_latest_revision_as_object()
    if page.live and not page.get_view_restrictions().exists():
        return page
    raise PermissionDenied


def left_out_message(left_out: list[LeftOut]) -> str:
    """Return the sentence that tells an editor what the email does not have."""
    count = len(left_out)
    names = ", ".join(str(one) for one in left_out[:_NAMED]) + (", …" if count > _NAMED else "")
    return ngettext("%(count)s block was left out: %(names)s.", "%(count)s blocks were left out: %(names)s.", count) % {
        "count": count,
        "names": names,
    }


class EmailThisPageMenuItem(ActionMenuItem):
    """The button among the actions of the page editor; it leaves a locked page as it is, so it is there, too."""

    name = "action-email-this-page"
    label = _("Email this page")
    icon_name = "mail"
    # Behind "Page locked", which would lose its place as the first button.
    order = 10010

    def is_shown(self, context: dict[str, Any]) -> bool:
        return context["view"] == "edit" and context["request"].user.has_perm(PERMISSION)

    def get_url(self, parent_context: dict[str, Any]) -> str:
        return reverse(URL_NAME, args=[parent_context["page"].pk])


class SourcePagePanel(Panel):
    """In the editor of an email: the page that it was made from."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "wagtail_precise_mail/emails/source_page_panel.html"

        def is_shown(self) -> bool:
            return bool(self.instance.source_page_id)

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            context: dict[str, Any] = super().get_context_data(parent_context)
            page = self.instance.source_page
            context["page"] = page
            context["page_url"] = AdminURLFinder(self.request.user).get_edit_url(page.specific)
            return context


@hooks.register("register_page_action_menu_item")
def register_email_this_page() -> ActionMenuItem:
    """In the editor of every page."""
    return EmailThisPageMenuItem()


@hooks.register("register_page_listing_more_buttons")
def page_listing_button(page: Page, user: Any, next_url: str | None = None) -> Iterator[Button]:
    """In the list of pages."""
    if page.depth > 1 and user.has_perm(PERMISSION):
        url = reverse(URL_NAME, args=[page.pk])
        yield Button(_("Email this page"), url=url, icon_name="mail", priority=55)


@hooks.register("register_admin_urls")
def register_email_this_page_url() -> list[URLPattern]:
    """One address for the question and for the answer."""
    return [path("precise-mail/emails/from-page/<int:page_id>/", EmailThisPageView.as_view(), name=URL_NAME)]
