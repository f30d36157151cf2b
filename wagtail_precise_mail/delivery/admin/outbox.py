"""Who got a mail, who did not, and why: the messages of one send."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser, Permission
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from django_filters import ChoiceFilter
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.generic import IndexView
from wagtail.log_actions import LogActionRegistry, LogFormatter

from wagtail_precise_mail.contacts.masking import may_see_addresses, shown_address
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.searching import search_contacts
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.digests.gathering import resume_digests
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.queries import explain
from wagtail_precise_mail.encryption import is_encrypting
from wagtail_precise_mail.exceptions import InvalidTransition

# Addresses are shown, so the right to see contacts is needed, too.
SEE = ("wagtail_precise_mail.view_outboxmessage", "wagtail_precise_mail.view_contact")
SEND = "wagtail_precise_mail.send_campaign"


class AddressColumn(Column):
    """The address with a link to its contact, and the state below, so that phones have room for the reason."""

    cell_template_name = "wagtail_precise_mail/delivery/address_cell.html"

    def get_cell_context_data(self, instance: OutboxMessage, parent_context: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_cell_context_data(instance, parent_context)
        context["url"] = contact_url(instance.contact)
        address = shown_address(instance.address, parent_context["request"].user)
        context["local_part"], context["domain"] = address.rsplit("@", 1)
        context["is_accepted"] = instance.state == OutboxMessage.State.ACCEPTED
        return context


class OutboxFilterSet(WagtailFilterSet):
    """By state, and by the reason to skip."""

    state = ChoiceFilter(label=_("State"), choices=OutboxMessage.State.choices)
    skip_reason = ChoiceFilter(label=_("Why skipped"), choices=OutboxMessage.SkipReason.choices)

    class Meta:
        model = OutboxMessage
        fields = ["state", "skip_reason"]


class OutboxView(IndexView):
    """Every message of a send, those that were skipped, too."""

    model = OutboxMessage
    template_name = "wagtail_precise_mail/delivery/outbox.html"
    page_title = _("Outbox")
    header_icon = "mail"
    any_permission_required = None
    filterset_class = OutboxFilterSet
    search_backend_name = None
    default_ordering = "pk"
    paginate_by = 50
    columns = [
        AddressColumn("address", label=_("Address"), width="38%"),
        Column("why", label=_("Why"), accessor=explain),
        DateColumn("finished_at", label=_("When"), width="16%"),
    ]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perms(SEE):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def search_fields(self) -> list[str]:
        # Whoever sees masked addresses could otherwise guess them letter by letter.
        return ["address"] if may_see_addresses(self.request.user) else []

    def search_queryset(self, queryset: QuerySet[OutboxMessage]) -> QuerySet[OutboxMessage]:
        if self.is_searching and is_encrypting():
            # The database cannot look into addresses: only a whole one finds its messages.
            found = search_contacts(Contact.objects.all(), self.search_query, self.request.user)
            return queryset.filter(recipient_key__in=found.values("address_hash"))
        return super().search_queryset(queryset)

    @cached_property
    def send(self) -> Send:
        return get_object_or_404(Send.objects.select_related("compiled__email"), pk=self.kwargs["send_id"])

    def get_base_queryset(self) -> QuerySet[OutboxMessage]:
        return OutboxMessage.objects.filter(send=self.send).select_related("send", "contact")

    def get_page_subtitle(self) -> str:
        name = str(self.send.compiled.email or "")
        return name or (str(_("Digests")) if self.send.origin_kind == Send.DIGEST else "")

    def get_index_url(self) -> str:
        return reverse("precise_mail_outbox", args=[self.send.pk])

    def get_index_results_url(self) -> str:
        return reverse("precise_mail_outbox_results", args=[self.send.pk])

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(*args, **kwargs)
        unknown_count = self.send.messages.filter(state=OutboxMessage.State.UNKNOWN).count()
        context["send"] = self.send
        context["unknown_count"] = unknown_count
        context["may_resend"] = self.request.user.has_perm(SEND) and self.send.state != Send.State.CANCELLED
        is_stopped = self.send.origin_kind == Send.DIGEST and self.send.state == Send.State.PAUSED
        # Campaigns have a page of their own to go on from; digests have this one.
        context["is_stopped"], context["may_resume"] = is_stopped, self.request.user.has_perm(SEND)
        context["question"] = ngettext(
            "The mail server's answer about %(count)s message was lost: it may have arrived, or not.",
            "The mail server's answers about %(count)s messages were lost: they may have arrived, or not.",
            unknown_count,
        ) % {"count": unknown_count}
        return context


@method_decorator(require_POST, name="dispatch")
class ResendUnknownView(OutboxView):
    """Send the messages of unknown outcome again."""

    def post(self, request: HttpRequest, send_id: int) -> HttpResponse:
        if not request.user.has_perm(SEND):
            raise PermissionDenied
        try:
            count = services.resend_unknown(self.send, by=cast("AbstractBaseUser", request.user))
        except InvalidTransition as error:
            messages.error(request, str(error))
        else:
            text = ngettext("%(count)s message is sent again.", "%(count)s messages are sent again.", count)
            messages.success(request, text % {"count": count})
        return redirect(self.get_index_url())


@method_decorator(require_POST, name="dispatch")
class ResumeDigestsView(OutboxView):
    """Let digests go on that were stopped."""

    def post(self, request: HttpRequest, send_id: int) -> HttpResponse:
        if not request.user.has_perm(SEND):
            raise PermissionDenied
        if self.send.origin_kind != Send.DIGEST:
            raise Http404
        try:
            resume_digests(self.send, by=cast("AbstractBaseUser", request.user))
        except InvalidTransition as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The digests go on where they stopped."))
        return redirect(self.get_index_url())


def contact_url(contact: Contact | None) -> str | None:
    """Return the profile of a contact, if there is one still."""
    if contact is None:
        return None
    try:
        return reverse("precise-mail-contacts:inspect", args=[contact.pk])
    except NoReverseMatch:
        return None


@hooks.register("register_admin_urls")
def register_outbox_urls() -> list[URLPattern]:
    """The outbox has no menu item: a campaign's page leads to its own, and the report of digests to theirs."""
    return [
        path("precise-mail/outbox/<int:send_id>/", OutboxView.as_view(), name="precise_mail_outbox"),
        path(
            "precise-mail/outbox/<int:send_id>/results/",
            OutboxView.as_view(results_only=True),
            name="precise_mail_outbox_results",
        ),
        path(
            "precise-mail/outbox/<int:send_id>/resend-unknown/",
            ResendUnknownView.as_view(),
            name="precise_mail_resend_unknown",
        ),
        path(
            "precise-mail/outbox/<int:send_id>/resume/",
            ResumeDigestsView.as_view(),
            name="precise_mail_resume_digests",
        ),
    ]


@hooks.register("register_permissions")
def register_outbox_permission() -> QuerySet[Permission]:
    """Let groups be given the right to look into outboxes, and at metrics and health."""
    codenames = ["view_outboxmessage", "view_workerbeat"]
    return Permission.objects.filter(content_type__app_label="wagtail_precise_mail", codename__in=codenames)


@hooks.register("register_log_actions")
def register_log_action(registry: LogActionRegistry) -> None:
    """Somebody decided that a second copy is better than none, or let digests go on."""
    registry.register_action("wagtail_precise_mail.resume_digests", _("Resume digests"), _("Resumed digests"))

    @registry.register_action("wagtail_precise_mail.resend_unknown")
    class ResendFormatter(LogFormatter):
        label = _("Send messages of unknown outcome again")

        def format_message(self, log_entry: Any) -> str:
            return str(_("Sent %(count)s messages of unknown outcome again")) % {"count": log_entry.data["count"]}
