"""Looks at addresses in the admin: begin one, see what it found, suppress, correct, undo."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.admin.ui.tables import Column, StatusTagColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.viewsets.model import ModelViewSet

from wagtail_precise_mail.contacts.admin.access import SeesContacts
from wagtail_precise_mail.contacts.admin.columns import WideColumn
from wagtail_precise_mail.contacts.cleanups import Cleanup
from wagtail_precise_mail.contacts.hygiene import cleaning
from wagtail_precise_mail.contacts.hygiene.addresses import Flaw, chosen_resolver
from wagtail_precise_mail.exceptions import ConfigurationError, InvalidTransition

INDEX = "precise-mail-cleanups:index"
PAGE = "precise-mail-cleanups:inspect"
_EXAMPLES = 5
_SUPPRESSIBLE = (Flaw.SYNTAX, Flaw.NO_MAIL, Flaw.DISPOSABLE, Flaw.LOOKALIKE)


class OfCleanups(SeesContacts):
    """A view about looks: beside seeing contacts, it needs a right of its own."""

    needs = "view_cleanup"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(f"wagtail_precise_mail.{self.needs}"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class BeginForm(forms.Form):
    """How to look."""

    asks_domains = forms.BooleanField(
        label=_("Ask each domain whether it takes mail"),
        help_text=_("Slower. Needs the option domain_resolver."),
        required=False,
    )


class BeginView(OfCleanups, WagtailAdminTemplateMixin, TemplateView):
    """GET explains; POST begins."""

    needs = "add_cleanup"
    page_title = _("Look for wrong addresses")
    header_icon = "search"
    template_name = "wagtail_precise_mail/contacts/cleanup_begin.html"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        index = {"url": reverse(INDEX), "label": gettext("Clean addresses")}
        return [*self.breadcrumbs_items, index, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = BeginForm()
        form.fields["asks_domains"].disabled = not chosen_resolver()
        return {**super().get_context_data(**kwargs), "form": form}

    def post(self, request: HttpRequest) -> HttpResponse:
        form = BeginForm(request.POST)
        asks = form.is_valid() and form.cleaned_data["asks_domains"]
        try:
            cleanup = cleaning.begin_cleanup(by=cast("Any", request.user), asks_domains=asks)
        except ConfigurationError as error:
            messages.error(request, str(error))
            return redirect("precise-mail-cleanups:add")
        return redirect(PAGE, cleanup.pk)


class CleanupPage(OfCleanups, WagtailAdminTemplateMixin, TemplateView):
    """What was found, and what can be done about it."""

    header_icon = "search"
    template_name = "wagtail_precise_mail/contacts/cleanup.html"

    @cached_property
    def cleanup(self) -> Cleanup:
        return get_object_or_404(Cleanup.objects.select_related("created_by"), pk=self.kwargs["pk"])

    def get_page_title(self) -> str:
        return gettext("Addresses on %(when)s") % {"when": self.cleanup}

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        index = {"url": reverse(INDEX), "label": gettext("Clean addresses")}
        return [*self.breadcrumbs_items, index, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        cleanup = self.cleanup
        found = cleaning.counts(cleanup)
        may_change = self.request.user.has_perm("wagtail_precise_mail.change_cleanup")
        total = sum(found.values())
        useless = sum(count for flaw, count in found.items() if flaw in cleaning.USELESS)
        checked = cleanup.checked_count
        after = checked - cleanup.applied_count
        return {
            **super().get_context_data(**kwargs),
            "cleanup": cleanup,
            "rows": [self._row(flaw, count) for flaw, count in found.items()],
            "good_before": 100 * (checked - total) / checked if checked else None,
            "good_after": 100 * (checked - total + cleanup.corrected_count) / after
            if after and cleanup.state == "applied"
            else None,
            "useless_count": useless,
            "typo_count": found.get(Flaw.TYPO, 0),
            "may_apply": may_change and cleanup.state in ("ready", "applied"),
            "may_undo": may_change and cleanup.state == "applied",
            "suppressible": _SUPPRESSIBLE,
            "urls": {verb: reverse(f"precise-mail-cleanups:{verb}", args=[cleanup.pk]) for verb in VERBS},
        }

    def _row(self, flaw: Flaw, count: int) -> dict[str, Any]:
        findings = self.cleanup.findings.filter(flaw=flaw).select_related("contact").order_by("pk")
        return {
            "flaw": flaw,
            "label": flaw.label,
            "count": count,
            "findings": findings[:_EXAMPLES],
            "is_useless": flaw in cleaning.USELESS,
            "can_suppress": flaw in _SUPPRESSIBLE,
        }


class ActionView(OfCleanups, View):
    """One verb on one look, by POST."""

    http_method_names = ["post", "options"]
    needs = "change_cleanup"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        cleanup = get_object_or_404(Cleanup, pk=pk)
        try:
            messages.success(request, self.act(cleanup, request))
        except InvalidTransition as error:
            messages.error(request, str(error))
        return redirect(PAGE, cleanup.pk)

    def act(self, cleanup: Cleanup, request: HttpRequest) -> str:
        """Do it, and return a sentence that says so."""
        raise NotImplementedError


class ApplyView(ActionView):
    """Suppress the chosen."""

    def act(self, cleanup: Cleanup, request: HttpRequest) -> str:
        chosen = [flaw for flaw in request.POST.getlist("flaws") if flaw in _SUPPRESSIBLE]
        count = cleaning.apply_cleanup(cleanup, chosen, by=cast("Any", request.user))
        words = ngettext(
            "%(count)d address is suppressed. It can be undone.",
            "%(count)d addresses are suppressed. It can be undone.",
            count,
        )
        return words % {"count": count}


class CorrectView(ActionView):
    """Correct slips of the finger."""

    def act(self, cleanup: Cleanup, request: HttpRequest) -> str:
        count = cleaning.correct_typos(cleanup, by=cast("Any", request.user))
        return ngettext("%(count)d address is corrected.", "%(count)d addresses are corrected.", count) % {
            "count": count
        }


class UndoView(ActionView):
    """Take it back."""

    def act(self, cleanup: Cleanup, request: HttpRequest) -> str:
        lifted, restored = cleaning.undo_cleanup(cleanup, by=cast("Any", request.user))
        words = gettext("Taken back: %(lifted)d suppressions lifted, %(restored)d addresses as they were.")
        return words % {"lifted": lifted, "restored": restored}


VERBS = {"apply": ApplyView, "correct": CorrectView, "undo": UndoView}


class CleanupIndex(OfCleanups, generic.IndexView):
    """All looks, the latest first."""

    any_permission_required = ["view"]
    page_title = _("Clean addresses")
    add_item_label = _("Look for wrong addresses")

    def get_base_queryset(self) -> QuerySet[Cleanup]:
        return super().get_base_queryset().select_related("created_by")

    @cached_property
    def columns(self) -> list[Column]:
        title = self._get_title_column_class(TitleColumn)
        return [
            title("created_at", label=_("Begun"), accessor=str, get_url=lambda one: reverse(PAGE, args=[one.pk])),
            StatusTagColumn("state", label=_("State"), accessor="get_state_display"),
            Column("checked_count", label=_("Addresses")),
            Column("applied_count", label=_("Suppressed")),
            WideColumn("corrected_count", label=_("Corrected")),
            WideColumn("created_by", label=_("By")),
        ]

    def get_list_more_buttons(self, instance: Cleanup) -> list[Any]:
        return []


class CleanupViewSet(ModelViewSet):
    """Looks at addresses below the menu group."""

    model = Cleanup
    name = "precise-mail-cleanups"
    icon = "search"
    menu_label = _("Clean addresses")
    index_view_class = CleanupIndex
    copy_view_enabled = False
    add_to_reference_index = False
    list_filter = ["state"]
    search_backend_name = None
    ordering = "-pk"
    edit_handler = ObjectList([FieldPanel("asks_domains")])

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        without = dict.fromkeys(["edit_url_name", "delete_url_name", "history_url_name", "usage_url_name"])
        return super().get_common_view_kwargs(**{**without, **kwargs})

    def register_admin_url_finder(self) -> None:
        """There is no form to lead to."""

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("new/", BeginView.as_view(), name="add"),
            path("<int:pk>/", CleanupPage.as_view(), name="inspect"),
            *(path(f"<int:pk>/{verb}/", view.as_view(), name=verb) for verb, view in VERBS.items()),
        ]
