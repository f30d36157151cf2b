"""What people agree to: wordings, whose every edit is a new version, and policies, which may ask again."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, Column, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.button import Button
from wagtail.log_actions import log

from wagtail_precise_mail.contacts.admin.access import LookFirstView
from wagtail_precise_mail.contacts.admin.columns import WideColumn, WideDateColumn
from wagtail_precise_mail.contacts.asking_again import ask_again
from wagtail_precise_mail.contacts.wordings import ConsentWording, PrivacyPolicy, add_wording
from wagtail_precise_mail.exceptions import InvalidTransition


class WordingForm(WagtailAdminModelForm):
    """Writes the next version, or the first."""

    class Meta:
        model = ConsentWording
        fields = ["name", "language", "topics", "text"]
        widgets = {"topics": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["topics"].required = True
        if self.instance.pk:
            # Another name or language is another wording, not another version of this one.
            self.fields["name"].disabled = self.fields["language"].disabled = True

    def save(self, commit: bool = True) -> ConsentWording:
        data = self.cleaned_data
        return add_wording(
            data["text"], topics=data["topics"], language=data["language"].lower(), name=data["name"], by=self.for_user
        )


class WordingIndex(generic.IndexView):
    """The current version of each wording; the listing says how many there were before."""

    page_title = _("Wordings of consent")

    def get_base_queryset(self) -> QuerySet[ConsentWording]:
        newer = ConsentWording.objects.filter(
            name=OuterRef("name"), language=OuterRef("language"), version__gt=OuterRef("version")
        )
        return super().get_base_queryset().annotate(is_current=~Exists(newer))

    @cached_property
    def columns(self) -> list[Column]:
        return [
            self._get_title_column("name", TitleColumn),
            Column("language", label=_("Language"), sort_key="language"),
            Column("version", label=_("Version"), sort_key="version"),
            BooleanColumn("is_current", label=_("In use")),
            WideColumn("text", label=_("Text"), accessor=lambda row: row.text[:120], width="40%"),
            WideDateColumn("created_at", label=_("Since"), sort_key="created_at"),
        ]


class WordingCreate(generic.CreateView):
    """The first version; the next one, if there is a wording of this name already."""

    def save_instance(self) -> ConsentWording:
        row = self.form.save()
        log(instance=row, action="wagtail.create", user=self.request.user)
        return cast("ConsentWording", row)


class WordingEdit(generic.EditView):
    """Editing writes the next version; the one that people saw stays."""

    def save_instance(self) -> ConsentWording:
        row = self.form.save()
        if row.pk != self.object.pk:
            log(instance=row, action="wagtail.create", user=self.request.user)
        return cast("ConsentWording", row)

    def get_success_message(self) -> str:
        return gettext("From now on forms show this version; who agreed to an earlier one still did.")


class WordingViewSet(ModelViewSet):
    """Wordings below the menu group: added and gone on with, never deleted."""

    model = ConsentWording
    name = "precise-mail-wordings"
    icon = "doc-full"
    menu_label = _("Wordings of consent")
    index_view_class = WordingIndex
    add_view_class = WordingCreate
    edit_view_class = WordingEdit
    copy_view_enabled = False
    add_to_reference_index = False
    list_filter = ["language"]
    search_fields = ["name", "text"]
    search_backend_name = None
    ordering = ["name", "language", "-version"]
    edit_handler = ObjectList(
        [
            HelpPanel(_("Saving writes the next version. Every version stays, as proof of what people agreed to.")),
            FieldRowPanel([FieldPanel("name"), FieldPanel("language")]),
            FieldPanel("topics"),
            FieldPanel("text"),
        ],
        base_form_class=WordingForm,
    )

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_common_view_kwargs(**{"delete_url_name": None, "usage_url_name": None, **kwargs})

    def get_urlpatterns(self) -> list[URLPattern]:
        return [one for one in super().get_urlpatterns() if one.name not in ("delete", "usage")]


class PolicyIndex(generic.IndexView):
    """Policies, the newest first."""

    page_title = _("Privacy policies")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            self._get_title_column("version", TitleColumn),
            Column("site", label=_("Site")),
            WideDateColumn("published_at", label=_("In force since"), sort_key="published_at"),
            BooleanColumn("asks_again", label=_("Asks again")),
        ]

    def get_list_more_buttons(self, instance: PrivacyPolicy) -> list[Any]:
        buttons = super().get_list_more_buttons(instance)
        if instance.asks_again and self.user_has_permission("change"):
            url = reverse("precise_mail_ask_again", args=[instance.pk])
            buttons.append(Button(gettext("Ask again…"), url=url, icon_name="help", priority=20))
        return buttons


class PolicyViewSet(ModelViewSet):
    """Policies below the menu group: kept for good, because the ledger names them."""

    model = PrivacyPolicy
    name = "precise-mail-policies"
    icon = "lock"
    menu_label = _("Privacy policies")
    index_view_class = PolicyIndex
    copy_view_enabled = False
    add_to_reference_index = False
    search_fields = ["version"]
    search_backend_name = None
    ordering = "-published_at"
    edit_handler = ObjectList(
        [
            FieldRowPanel([FieldPanel("site"), FieldPanel("version")]),
            FieldPanel("page"),
            FieldPanel("url"),
            FieldPanel("published_at"),
            FieldPanel("asks_again"),
        ]
    )

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_common_view_kwargs(**{"delete_url_name": None, "usage_url_name": None, **kwargs})

    def get_urlpatterns(self) -> list[URLPattern]:
        return [one for one in super().get_urlpatterns() if one.name not in ("delete", "usage")]


class AskAgainView(LookFirstView):
    """Consents older than a policy become pending."""

    permission = "wagtail_precise_mail.change_privacypolicy"
    template_name = "wagtail_precise_mail/contacts/ask_again.html"
    page_title = _("Ask again")
    index_name = "precise-mail-policies:index"
    index_label = _("Privacy policies")

    @cached_property
    def policy(self) -> PrivacyPolicy:
        return get_object_or_404(PrivacyPolicy, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        try:
            count, problem = ask_again(self.policy, is_dry_run=True), ""
        except InvalidTransition:
            count, problem = 0, gettext("This policy does not ask again, or is not in force yet.")
        facts = {"policy": self.policy, "count": count, "problem": problem}
        return {**super().get_context_data(**kwargs), **facts}

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            count = ask_again(self.policy, is_dry_run=False, by=cast("Any", request.user))
        except InvalidTransition:
            messages.error(request, gettext("This policy does not ask again, or is not in force yet."))
        else:
            words = ngettext(
                "%(count)d consent waits for a new yes.", "%(count)d consents wait for a new yes.", count
            ) % {"count": count}
            messages.success(request, words)
        return redirect(self.index_name)


url = path("precise-mail/policies/<int:pk>/ask-again/", AskAgainView.as_view(), name="precise_mail_ask_again")
