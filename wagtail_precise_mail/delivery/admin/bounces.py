"""What came back: a listing of bounces, and complaints as cases that somebody looks at."""

from __future__ import annotations

import re
from typing import Any, cast

import django_filters
from django.contrib.auth.models import AbstractBaseUser, Permission
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.components import Component
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn, TitleColumn
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.log_actions import LogActionRegistry

from wagtail_precise_mail.contacts.addresses import mask_address
from wagtail_precise_mail.contacts.admin.columns import WideColumn, with_detail
from wagtail_precise_mail.contacts.masking import may_see_addresses, shown_address
from wagtail_precise_mail.delivery.admin.advised import AdvisedIndex
from wagtail_precise_mail.delivery.admin.outbox import contact_url
from wagtail_precise_mail.delivery.bounces.cases import LOG_ACTION, handle_complaint, open_complaints
from wagtail_precise_mail.delivery.bounces.kinds import ADVICE, Kind
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.encryption import is_encrypting
from wagtail_precise_mail.exceptions import InvalidTransition

VIEW, CHANGE = "wagtail_precise_mail.view_bounce", "wagtail_precise_mail.change_bounce"
_ADDRESS = re.compile(r"[\w.+=-]{1,64}@[\w.-]{1,250}")


def shown_words(words: str, user: Any) -> str:
    """Return what a server said; it repeats addresses, so they are masked for whoever may not read them."""
    return words if may_see_addresses(user) else _ADDRESS.sub(lambda found: mask_address(found.group()), words)


class BounceFilterSet(WagtailFilterSet):
    """By kind, by the email, by domain, by day, and complaints by whether somebody looked at them."""

    kind = django_filters.MultipleChoiceFilter(label=_("Kind"), choices=Kind.choices)
    email = django_filters.ModelChoiceFilter(
        label=_("Email"), field_name="message__send__compiled__email", queryset=Email.objects.order_by("name")
    )
    send = django_filters.NumberFilter(label=_("Number of the send"), field_name="message__send")
    domain = django_filters.CharFilter(label=_("Domain"), method="filter_by_domain")
    happened_at = django_filters.DateFromToRangeFilter(label=_("When"), widget=DateRangePickerWidget)
    case = django_filters.ChoiceFilter(
        label=_("Complaints"),
        choices=[("open", _("not handled yet")), ("handled", _("handled"))],
        method="filter_by_case",
    )

    class Meta:
        model = Bounce
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_encrypting():  # the database cannot look into addresses
            del self.filters["domain"]

    def filter_by_domain(self, rows: QuerySet[Bounce], _name: str, value: str) -> QuerySet[Bounce]:
        return rows.filter(address__iendswith="@" + value.strip().lstrip("@"))

    def filter_by_case(self, rows: QuerySet[Bounce], _name: str, value: str) -> QuerySet[Bounce]:
        return rows.filter(kind=Kind.COMPLAINT, handled_at__isnull=value == "open")


class BounceIndex(AdvisedIndex):
    """Everything that came back, the newest first."""

    any_permission_required = ["view"]
    page_title = _("Bounces and complaints")
    advice = _(
        "Either all is well, or nobody tells us what comes back: have a mailbox for bounces read, or the webhooks of "
        "your provider sent here. The guide “Bounces” says how."
    )

    def get_base_queryset(self) -> QuerySet[Bounce]:
        rows = Bounce.objects.filter(message__send__is_test=False)
        return rows.select_related("message__send__compiled__email", "handled_by").defer(
            "message__send__compiled__payload"
        )

    @cached_property
    def columns(self) -> list[Column]:
        user = self.request.user

        def said(row: Bounce) -> str:
            return Truncator(shown_words(row.diagnostic, user)).chars(120)

        return [
            TitleColumn(
                "address",
                label=_("Address"),
                accessor=lambda row: with_detail(_breakable(_address_of(row, user)), _email_of(row), said(row)),
                get_url=lambda row: reverse("precise_mail_bounce", args=[row.pk]),
                width="28%",
            ),
            StatusTagColumn("kind", label=_("Why"), accessor=_kind_words, primary=_is_settled, width="20%"),
            WideColumn("email", label=_("Email"), accessor=_email_of),
            WideColumn("diagnostic", label=_("Answer of the server"), accessor=said),
            DateColumn("happened_at", label=_("When"), sort_key="happened_at", width="12%"),
        ]


def _address_of(bounce: Bounce, user: Any) -> str:
    return shown_address(bounce.address, user) if bounce.address else gettext("not kept")


def _breakable(address: str) -> str:
    """Return an address that is broken before its @ where it must be, not at any letter."""
    local_part, at, domain = address.rpartition("@")
    return format_html("{}<wbr>@{}", local_part, domain) if at else address


def _kind_words(bounce: Bounce) -> str:
    if bounce.kind == Kind.COMPLAINT and bounce.handled_at:
        return gettext("complaint, handled")
    return bounce.get_kind_display() if bounce.is_final else gettext("delayed")


def _is_open(bounce: Bounce) -> bool:
    return bounce.kind == Kind.COMPLAINT and bounce.handled_at is None


def _is_settled(bounce: Bounce) -> bool:
    return not _is_open(bounce)


def _email_of(bounce: Bounce) -> str:
    return str(bounce.message.send.compiled.email or gettext("a deleted email"))


class BounceView(WagtailAdminTemplateMixin, TemplateView):
    """GET shows one of them and what to do; POST says that somebody looked at a complaint."""

    template_name = "wagtail_precise_mail/delivery/bounce.html"
    header_icon = "arrow-left"
    page_title = _("Bounces and complaints")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not request.user.has_perm(VIEW):
            raise PermissionDenied
        self.bounce = get_object_or_404(
            Bounce.objects.filter(message__send__is_test=False).select_related(
                "message__send__compiled__email", "contact", "handled_by"
            ),
            pk=kwargs["pk"],
        )
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        try:
            handle_complaint(self.bounce, by=cast("AbstractBaseUser", request.user))
        except InvalidTransition as error:
            messages.error(request, str(error))
        else:
            messages.success(request, gettext("The complaint is handled."))
        return redirect(reverse("precise-mail-bounces:index"))

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("precise-mail-bounces:index"), "label": _("Bounces and complaints")},
            {"url": "", "label": capfirst(self.bounce.get_kind_display())},
        ]

    # Not the address: the title of a page is cut where it does not fit, and that of a browser is seen by others.
    def get_page_subtitle(self) -> str:
        return str(capfirst(self.bounce.get_kind_display()))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        bounce, user = self.bounce, self.request.user
        return {
            **super().get_context_data(**kwargs),
            "bounce": bounce,
            "address": _breakable(_address_of(bounce, user)),
            "email": _email_of(bounce),
            "words": shown_words(bounce.diagnostic, user),
            "advice": ADVICE[Kind(bounce.kind)],
            "contact_url": contact_url(bounce.contact) if user.has_perm("wagtail_precise_mail.view_contact") else None,
            "may_handle": _is_open(bounce) and user.has_perm(CHANGE),
            "is_complaint": bounce.kind == Kind.COMPLAINT,
        }


class BounceViewSet(ModelViewSet):
    """Bounces below the menu group; nobody writes them by hand."""

    model = Bounce
    name = "precise-mail-bounces"
    icon = "arrow-left"
    menu_label = _("Bounces and complaints")
    index_view_class = BounceIndex
    filterset_class = BounceFilterSet
    copy_view_enabled = False
    inspect_view_enabled = False
    add_to_reference_index = False
    search_backend_name = None
    ordering = "-happened_at"
    form_fields: list[str] = []

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
        ]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        none = dict.fromkeys(("add_url_name", "edit_url_name", "delete_url_name", "history_url_name", "usage_url_name"))
        return super().get_common_view_kwargs(**{**none, **kwargs})

    def get_permissions_to_register(self) -> QuerySet[Permission]:
        return Permission.objects.filter(
            content_type__app_label="wagtail_precise_mail", codename__in=["view_bounce", "change_bounce"]
        )

    def register_admin_url_finder(self) -> None:
        """There is no form to lead to."""


class OpenComplaintsPanel(Component):
    """On the home page, as long as complaints wait for somebody."""

    order = 90
    template_name = "wagtail_precise_mail/delivery/complaints_panel.html"

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        count = open_complaints().count()
        text = ngettext(
            "%(count)s contact called our mail spam, and nobody has looked at it yet.",
            "%(count)s contacts called our mail spam, and nobody has looked at it yet.",
            count,
        )
        return {"count": count, "text": text % {"count": count}}


@hooks.register("construct_homepage_panels")
def add_complaints_panel(request: HttpRequest, panels: list) -> None:
    """For those who may handle complaints."""
    if request.user.has_perms([VIEW, CHANGE]):
        panels.append(OpenComplaintsPanel())


@hooks.register("register_log_actions")
def register_case_action(registry: LogActionRegistry) -> None:
    """Somebody looked at a complaint."""
    registry.register_action(LOG_ACTION, _("Handle a complaint"), _("Handled a complaint"))


@hooks.register("register_admin_urls")
def register_bounce_url() -> list[URLPattern]:
    """The page of one bounce."""
    return [path("precise-mail/bounces/<int:pk>/", BounceView.as_view(), name="precise_mail_bounce")]
