"""Duplicates in the admin: pairs to look at, a page that compares and merges, and merges to undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.generic import TemplateView
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.viewsets.base import ViewSet
from wagtail.log_actions import LogActionRegistry, LogFormatter

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.contacts.admin import comparing
from wagtail_precise_mail.contacts.duplicates import dismiss
from wagtail_precise_mail.contacts.masking import may_see_addresses, shown_address
from wagtail_precise_mail.contacts.merges import ContactMerge, DuplicatePair
from wagtail_precise_mail.contacts.merging import MOST, merge_contacts, undo_merge
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.tasks import find_duplicates
from wagtail_precise_mail.exceptions import InvalidAddress, MergeRefused

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NAME = "precise-mail-duplicates"
NEEDED = ("wagtail_precise_mail.view_contact", "wagtail_precise_mail.merge_contact")
_MERGES = 10


class MayMerge:
    """A view for those who may merge contacts."""

    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perms(NEEDED):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def crumbs(self, *more: tuple[str, str]) -> list[dict[str, Any]]:
        home = (reverse("wagtailadmin_home"), gettext("Home"))
        return [{"url": url, "label": label} for url, label in [home, *more]]


class DuplicatesView(MayMerge, WagtailAdminTemplateMixin, TemplateView):
    """Pairs that nobody looked at yet, and the latest merges."""

    template_name = "wagtail_precise_mail/contacts/duplicates.html"
    page_title = _("Duplicates")
    header_icon = "group"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return self.crumbs(("", gettext("Duplicates")))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        pairs = DuplicatePair.objects.filter(dismissed_at=None).select_related("first", "second")
        page = Paginator(pairs, 50).get_page(self.request.GET.get("p"))
        merges = ContactMerge.objects.filter(undone_at=None).select_related("keep", "merged_by")[:_MERGES]
        return {
            **super().get_context_data(**kwargs),
            "page": page,
            "pairs": [(pair, self._shown(pair.first), self._shown(pair.second)) for pair in page],
            "merges": [(merge, self._shown(merge.keep)) for merge in merges],
        }

    def _shown(self, contact: Contact) -> dict[str, Any]:
        return {
            "name": contact.full_name,
            "address": shown_address(contact.email, self.user),
            "url": reverse("precise-mail-contacts:inspect", args=[contact.pk]),
        }


class CompareView(MayMerge, WagtailAdminTemplateMixin, TemplateView):
    """GET compares contacts side by side; POST merges them."""

    template_name = "wagtail_precise_mail/contacts/compare.html"
    page_title = _("Merge contacts")
    header_icon = "group"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return self.crumbs((reverse(f"{NAME}:index"), gettext("Duplicates")), ("", gettext("Merge")))

    @cached_property
    def contacts(self) -> list[Contact]:
        """Those named in the address, and the one that was typed; the oldest first, who is the one to stay."""
        given = [int(one) for one in self.request.GET.getlist("contact")[: MOST + 1] if _is_id(one)]
        found = Contact.objects.filter(pk__in=given) | Contact.objects.filter(pk__in=self._typed)
        return list(found.select_related("user").order_by("pk"))

    @cached_property
    def _typed(self) -> list[int]:
        text = self.request.GET.get("other", "").strip()
        if _is_id(text):
            return [int(text)]
        # Whoever sees masked addresses could otherwise ask whether one is known.
        if not text or not may_see_addresses(self.user):
            return []
        try:
            return list(Contact.objects.with_address(text).values_list("pk", flat=True))
        except InvalidAddress:
            return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        contacts = self.contacts
        other = self.request.GET.get("other", "").strip()
        context = {
            **super().get_context_data(**kwargs),
            "contacts": [(one, str(one), shown_address(one.email, self.user)) for one in contacts],
            "missing": other if other and not self._typed else "",
        }
        if len(contacts) < 2:
            return context
        return {
            **context,
            "facts": comparing.facts(contacts),
            "consents": comparing.consents(contacts),
            "belongings": comparing.belongings(contacts),
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        keep_id = request.POST.get("keep", "")
        keep = next((one for one in self.contacts if str(one.pk) == keep_id), None)
        if keep is None:
            messages.error(request, gettext("Choose who stays."))
            return redirect(request.get_full_path())
        choices = {
            name.removeprefix("choice-"): int(value)
            for name, value in request.POST.dict().items()
            if name.startswith("choice-") and _is_id(value)
        }
        others = [one for one in self.contacts if one != keep]
        try:
            merge_contacts(keep, others, by=self.user, choices=choices)
        except MergeRefused as error:
            messages.error(request, str(error))
            return redirect(f"{NAME}:index")
        words = ngettext(
            "%(count)s contact was merged into this one.", "%(count)s contacts were merged into this one.", len(others)
        )
        undo = messages.button(reverse(f"{NAME}:index"), gettext("To undo it"))
        messages.success(request, words % {"count": len(others)}, buttons=[undo])
        return redirect("precise-mail-contacts:inspect", keep.pk)


class DismissView(MayMerge, View):
    """These are two people."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        dismiss(get_object_or_404(DuplicatePair, pk=pk), by=self.user)
        messages.success(request, gettext("They are two people: the pair will not come again."))
        return redirect(f"{NAME}:index")


class UndoView(MayMerge, View):
    """Undo a merge."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        merge = get_object_or_404(ContactMerge, pk=pk)
        try:
            undo_merge(merge, by=self.user)
        except MergeRefused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, gettext("They are several contacts again, each with what was theirs."))
        return redirect(f"{NAME}:index")


class LookView(MayMerge, View):
    """Look for duplicates now, in the background."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        enqueue(find_duplicates)
        messages.success(request, gettext("We are looking. With many contacts that takes some minutes."))
        return redirect(f"{NAME}:index")


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


class _MergeMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perms(NEEDED))


class DuplicatesViewSet(ViewSet):
    """Duplicates below the menu group."""

    name = NAME
    icon = "copy"
    menu_label = _("Duplicates")
    menu_item_class = _MergeMenuItem

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", DuplicatesView.as_view(), name="index"),
            path("compare/", CompareView.as_view(), name="compare"),
            path("look/", LookView.as_view(), name="look"),
            path("dismiss/<int:pk>/", DismissView.as_view(), name="dismiss"),
            path("undo/<int:pk>/", UndoView.as_view(), name="undo"),
        ]


@hooks.register("register_log_actions")
def register_merge_actions(registry: LogActionRegistry) -> None:
    """Merges, in the history of the contact who stayed."""

    class MergeFormatter(LogFormatter):
        def format_message(self, log_entry: Any) -> str:
            numbers = ", ".join(map(str, log_entry.data["contacts"]))
            return f"{self.label}: {numbers}"

    @registry.register_action("wagtail_precise_mail.merge_contacts")
    class Merged(MergeFormatter):
        label = _("Merged contacts into this one")

    @registry.register_action("wagtail_precise_mail.undo_merge")
    class Undone(MergeFormatter):
        label = _("Undid a merge of contacts")
