"""Senders below the menu group: written, verified, and shown with how far their verification has come."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import ProtectedError, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views import View
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import BaseColumn, Column, StatusTagColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.log_actions import LogActionRegistry, LogFormatter
from wagtail.models import ReferenceIndex

from wagtail_precise_mail.commerce.admin.products import WithViewPermission
from wagtail_precise_mail.emails.models import BrandSettings
from wagtail_precise_mail.emails.sender_forms import SenderForm
from wagtail_precise_mail.emails.senders import LINK_LIFETIME, SenderIdentity
from wagtail_precise_mail.emails.verification import DAILY_LIMIT, LOG_PREFIX, send_confirmation
from wagtail_precise_mail.exceptions import ConfirmationNotSent

WIDE_ONLY = "wpm-sender-wide"


class NameColumn(TitleColumn):
    """The name, with the address below it on a telephone."""

    cell_template_name = "wagtail_precise_mail/emails/sender/name_cell.html"

    class Media:
        css = {"all": ["wagtail_precise_mail/emails/senders.css"]}


class SenderIndex(generic.IndexView):
    """Senders, with what uses them."""

    def get_base_queryset(self) -> QuerySet[SenderIdentity]:
        usage = ReferenceIndex.usage_count_subquery(SenderIdentity)
        return super().get_base_queryset().annotate(usage_count=usage)

    @property
    def columns(self) -> list[BaseColumn]:
        return [
            self._get_title_column("name", NameColumn),
            Column("address", label=gettext("Address"), sort_key="address", classname=WIDE_ONLY),
            StatusTagColumn(
                "state",
                label=gettext("State"),
                accessor=lambda sender: sender.state.label,
                primary=lambda sender: sender.is_usable,
            ),
            Column("used_by", label=gettext("Used by"), accessor=self.used_by, classname=WIDE_ONLY),
        ]

    def used_by(self, sender: Any) -> str:
        """Return the sites that have it, and the number of campaigns."""
        sites = self.sites.get(sender.pk, [])
        count = sender.usage_count - len(sites)
        others = ngettext("%(count)s campaign", "%(count)s campaigns", count) % {"count": count} if count > 0 else ""
        return ", ".join(filter(None, [*sites, others]))

    @cached_property
    def sites(self) -> dict[int, list[str]]:
        """The names of sites by their sender."""
        found: dict[int, list[str]] = defaultdict(list)
        for brand in BrandSettings.objects.exclude(sender=None).select_related("site"):
            found[brand.sender_id].append(brand.site.site_name or brand.site.hostname)
        return found


class StaysWithSender:
    """After saving, the sender's own page says what comes next."""

    object: SenderIdentity
    edit_url_name = ""

    def get_success_url(self) -> str:
        if self.user_has_permission("change"):  # type: ignore[attr-defined]
            return reverse(self.edit_url_name, args=[self.object.pk])
        return super().get_success_url()  # type: ignore[misc]


class SenderCreate(StaysWithSender, generic.CreateView):
    """A new sender is not verified."""


class SenderEdit(StaysWithSender, generic.EditView):
    """The form, below a card that says whether mail may come from the sender."""

    confirm_url_name = ""

    def get_page_subtitle(self) -> str:
        return self.object.name

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # What is stored, and not what is being typed: the confirmation goes there.
        sender = SenderIdentity.objects.get(pk=self.object.pk)
        return {
            **super().get_context_data(**kwargs),
            "sender": sender,
            "expires_at": sender.requested_at and sender.requested_at + LINK_LIFETIME,
            "confirm_url": reverse(self.confirm_url_name, args=[sender.pk]),
            "daily_limit": DAILY_LIMIT,
        }


class SenderDelete(generic.DeleteView):
    """Deletes a sender that no brand and no campaign has."""

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            return super().form_valid(form)
        except ProtectedError:
            # The index of references may be behind; the database is not.
            words = gettext("%(sender)s is used by a brand or a campaign. Choose another sender there first.")
            messages.error(self.request, words % {"sender": self.object})
            return HttpResponseRedirect(self.get_success_url())


class ConfirmView(PermissionCheckedMixin, View):
    """Sends the confirmation to the address of a sender."""

    http_method_names = ["post", "options"]
    model = SenderIdentity
    permission_required = "change"
    edit_url_name = ""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        sender = get_object_or_404(SenderIdentity, pk=pk)
        try:
            send_confirmation(sender, by=cast("AbstractBaseUser", request.user))
        except ConfirmationNotSent as error:
            messages.error(request, str(error))
        else:
            words = gettext("The confirmation is on its way to %(address)s. Follow the link in it.")
            messages.success(request, words % {"address": sender.address})
        return redirect(self.edit_url_name, sender.pk)


class SenderViewSet(WithViewPermission):
    """Who mail comes from."""

    model = SenderIdentity
    name = "precise-mail-senders"
    icon = "user"
    menu_label = gettext_lazy("Senders")
    index_view_class = SenderIndex
    add_view_class = SenderCreate
    edit_view_class = SenderEdit
    delete_view_class = SenderDelete
    edit_template_name = "wagtail_precise_mail/emails/sender/edit.html"
    search_fields = ["name", "address"]
    search_backend_name = None
    ordering = "name"
    edit_handler = ObjectList(
        [
            MultiFieldPanel(
                [FieldPanel("name"), FieldPanel("address")], heading=gettext_lazy("What inboxes show"), icon="mail"
            ),
            FieldPanel("reply_to"),
        ],
        base_form_class=SenderForm,
    )

    def get_edit_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_edit_view_kwargs(**{"confirm_url_name": self.get_url_name("confirm"), **kwargs})

    def get_urlpatterns(self) -> list:
        confirm = path("confirm/<int:pk>/", self.construct_view(ConfirmView), name="confirm")
        return [*super().get_urlpatterns(), confirm]


class AddressFormatter(LogFormatter):
    """A sentence with the address in it."""

    def format_message(self, log_entry: Any) -> str:
        data = {"address": "?", **(log_entry.data or {})}
        return str(self.message) % data


@hooks.register("register_log_actions")
def register_log_actions(registry: LogActionRegistry) -> None:
    """Who asked for a confirmation, and that it was followed."""
    entries = {
        "ask": (gettext_lazy("Send confirmation"), gettext_lazy("Sent the confirmation to %(address)s")),
        "verify": (gettext_lazy("Verify sender"), gettext_lazy("Verified %(address)s")),
    }
    for verb, (label, message) in entries.items():
        formatter = type("SenderLogFormatter", (AddressFormatter,), {"label": label, "message": message})
        registry.register_action(f"{LOG_PREFIX}{verb}")(formatter)
