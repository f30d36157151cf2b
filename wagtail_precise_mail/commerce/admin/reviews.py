"""Reviews below the menu group: read, then approved or rejected by those who may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, ObjectList
from wagtail.admin.ui.tables import BaseColumn, Column, StatusTagColumn, TitleColumn
from wagtail.admin.utils import get_valid_next_url_from_request
from wagtail.admin.views import generic
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.log_actions import LogActionRegistry

from wagtail_precise_mail.commerce.admin.products import WithViewPermission
from wagtail_precise_mail.commerce.columns import WIDE_ONLY, Styled
from wagtail_precise_mail.commerce.reviews import LOG_PREFIX, Review, moderate

_State = Review.State
_MAY_SEE = ["add", "change", "delete", "view", "moderate"]


class ReviewFilterSet(WagtailFilterSet):
    """Filters of the listing."""

    class Meta:
        model = Review
        fields = ["state", "stars", "product"]


class ModerateColumn(Styled, BaseColumn):
    """Buttons that approve and reject."""

    cell_template_name = "wagtail_precise_mail/commerce/moderate_cell.html"

    def get_cell_context_data(self, instance: Review, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        request = parent_context["request"]
        return {
            **super().get_cell_context_data(instance, parent_context),
            "csrf_token": get_token(request),
            "url": reverse("precise-mail-reviews:moderate", args=[instance.pk]),
            # The fragment that filters load is no page to come back to.
            "next": "" if "results" in request.path else request.get_full_path(),
        }


class ReviewIndex(generic.IndexView):
    """Reviews, the newest first."""

    any_permission_required = _MAY_SEE

    def get_base_queryset(self) -> QuerySet[Review]:
        return super().get_base_queryset().select_related("product")

    @property
    def columns(self) -> list[Column]:
        columns = [
            self._get_title_column("name", TitleColumn),
            # All of them: whoever decides may lack the permission to open the form.
            Column("words", label=_("Words")),
            Column("stars", label=_("Stars"), sort_key="stars"),
            Column("product", label=_("Product"), classname=WIDE_ONLY),
            StatusTagColumn(
                "state",
                label=_("State"),
                accessor=lambda review: review.get_state_display(),
                primary=lambda review: review.state == _State.APPROVED,
            ),
        ]
        return [*columns, ModerateColumn("moderate", label="")] if self.user_has_permission("moderate") else columns


class ModerateView(PermissionCheckedMixin, View):
    """Approves or rejects one review."""

    http_method_names = ["post", "options"]
    model = Review
    permission_required = "moderate"
    index_url_name = ""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = get_object_or_404(Review, pk=pk)
        wanted = request.POST.get("state")
        if wanted not in (_State.APPROVED, _State.REJECTED):
            raise BadRequest("Send a state: approved or rejected.")
        moderate(review, _State(wanted), by=request.user, at=timezone.now())  # type: ignore[arg-type]
        words = gettext("Approved: mails may show “%(review)s”.")
        if wanted == _State.REJECTED:
            words = gettext("Rejected: no mail shows “%(review)s” from now on.")
        messages.success(request, words % {"review": review})
        return redirect(get_valid_next_url_from_request(request) or reverse(self.index_url_name))


class ReviewViewSet(WithViewPermission):
    """What buyers say."""

    model = Review
    name = "precise-mail-reviews"
    icon = "openquote"
    menu_label = _("Reviews")
    index_view_class = ReviewIndex
    filterset_class = ReviewFilterSet
    search_fields = ["name", "words", "product__name"]
    search_backend_name = None
    list_per_page = 50
    edit_handler = ObjectList(
        [
            HelpPanel(_("Mails show approved reviews only. Approve and reject them in the list.")),
            FieldPanel("product"),
            FieldRowPanel([FieldPanel("name"), FieldPanel("stars")]),
            FieldPanel("words"),
        ]
    )

    def get_urlpatterns(self) -> list:
        return [
            *super().get_urlpatterns(),
            path("moderate/<int:pk>/", self.construct_view(ModerateView), name="moderate"),
        ]


@hooks.register("register_log_actions")
def register_log_actions(registry: LogActionRegistry) -> None:
    """Who approved and who rejected."""
    registry.register_action(f"{LOG_PREFIX}approved", _("Approve review"), _("Approved"))
    registry.register_action(f"{LOG_PREFIX}rejected", _("Reject review"), _("Rejected"))
