""" "Create landing page": the button of a campaign, and the question where the page should be."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic.edit import FormView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.widgets import AdminPageChooser
from wagtail.permission_policies.pages import PagePermissionPolicy

from wagtail_precise_mail.campaigns.admin.pages import ANY_PERMISSION, POLICY
from wagtail_precise_mail.campaigns.landing.making import MadePage, create_landing_page, model_for
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.exceptions import NotReady
from wagtail_precise_mail.fields import page_model
from wagtail_precise_mail.tracking.visits import is_middleware_installed

# Left-out blocks that the message names.
_NAMED = 8


class PlaceForm(forms.Form):
    """Where the page should be."""

    # Filled in when a form is made: Wagtail 8 lets a site swap the model of pages.
    parent: forms.ModelChoiceField = forms.ModelChoiceField(label=gettext_lazy("Below which page"), queryset=None)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        field: Any = self.fields["parent"]
        field.queryset, field.widget = page_model().objects.filter(depth__gt=1), AdminPageChooser()

    def clean_parent(self) -> Any:
        parent = self.cleaned_data["parent"].specific
        if not may_add_below(self.user, parent):
            raise forms.ValidationError(_("You may not add a landing page there: choose another page."))
        return parent


class CreateLandingPageView(PermissionCheckedMixin, WagtailAdminTemplateMixin, FormView):
    """GET asks and changes nothing; POST makes the draft and opens it. Who may add pages, and see campaigns, may."""

    any_permission_required = ANY_PERMISSION
    permission_policy = POLICY
    model = Campaign
    form_class = PlaceForm
    header_icon = "doc-empty-inverse"
    template_name = "wagtail_precise_mail/campaigns/create_landing_page.html"
    inspect_url_name = ""
    index_url_name = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_add_pages(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def campaign(self) -> Campaign:
        """Whose email the page is made of."""
        return get_object_or_404(Campaign.objects.select_related("email", "site__root_page"), pk=self.kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def get_initial(self) -> dict[str, Any]:
        home = self.campaign.site.root_page.specific
        return {"parent": home} if may_add_below(self.request.user, home) else {}

    def get_page_title(self) -> str:
        return _("Landing page of “%(campaign)s”") % {"campaign": self.campaign}

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse(self.index_url_name), "label": _("Campaigns")},
            {"url": self._campaign_url, "label": self.campaign.name},
            {"url": "", "label": _("Create landing page")},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context |= {"campaign": self.campaign, "action_url": self.request.path}
        context["lacks_middleware"] = not is_middleware_installed()
        # The chooser's scripts.
        context["media"] = context["form"].media
        return context

    def form_valid(self, form: PlaceForm) -> HttpResponse:
        parent, user = form.cleaned_data["parent"], cast("Any", self.request.user)
        try:
            made = create_landing_page(self.campaign, model=model_for(parent), parent=parent, by=user)
        except NotReady as error:
            messages.error(self.request, " ".join(error.problems))
            return redirect(self._campaign_url)
        messages.success(self.request, _success(made))
        if made.left_out:
            messages.warning(self.request, _left_out(made.left_out))
        return redirect("wagtailadmin_pages:edit", made.page.pk)

    @property
    def _campaign_url(self) -> str:
        return reverse(self.inspect_url_name, args=[self.campaign.pk])


def may_add_pages(user: Any) -> bool:
    """Whether a user may add pages anywhere."""
    return bool(PagePermissionPolicy().user_has_permission(user, "add"))


def may_add_below(user: Any, parent: Any) -> bool:
    """Whether a user may add a landing page below a page, and the page takes one."""
    return bool(parent.permissions_for_user(user).can_add_subpage()) and model_for(parent) is not None


def _success(made: MadePage) -> str:
    text = _(
        "The landing page “%(page)s” is a draft, and the email is as it was. Publish the page, then choose it as the "
        "page of a button in the email."
    )
    goal = _("The button “%(button)s” is the goal button here.") if made.goal_label else _("It needs a goal button.")
    return f"{text} {goal}" % {"page": made.page.title, "button": made.goal_label}


def _left_out(names: list[str]) -> str:
    count = len(names)
    listed = ", ".join(names[:_NAMED]) + (", …" if count > _NAMED else "")
    return ngettext(
        "%(count)s block works in mails only and was left out: %(names)s.",
        "%(count)s blocks work in mails only and were left out: %(names)s.",
        count,
    ) % {"count": count, "names": listed}
