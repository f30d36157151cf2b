"""Further fields in the admin: described, allowed with a reason, deleted with their values, and looked at for use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from django.views.generic.edit import FormView
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList
from wagtail.admin.ui.tables import Column, StatusTagColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.button import Button, HeaderButton
from wagtail.log_actions import LogActionRegistry, LogFormatter

from wagtail_precise_mail.contacts.admin.columns import WideColumn
from wagtail_precise_mail.contacts.field_services import allow_use, delete_field, forbid_use
from wagtail_precise_mail.contacts.field_usage import read_field_uses
from wagtail_precise_mail.contacts.fields import Classification, ContactField, may_allow
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import InvalidValue

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_NAME = "precise-mail-contact-fields"


class ContactFieldForm(WagtailAdminModelForm):
    """The key stays once it is used; whoever may not decide about sensitive fields cannot make one harmless."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._was_sensitive = self.instance.classification == Classification.SENSITIVE and bool(self.instance.pk)
        if self.instance.pk:
            self.fields["key"].disabled = True

    def clean_classification(self) -> str:
        given: str = self.cleaned_data["classification"]
        if (
            self._was_sensitive
            and given != Classification.SENSITIVE
            and not (self.for_user and may_allow(self.for_user))
        ):
            raise forms.ValidationError(_("You may not decide about sensitive fields."))
        return given


def _state(field: ContactField) -> str:
    if field.classification != Classification.SENSITIVE:
        return str(field.get_classification_display())
    return gettext("sensitive, not used") if field.is_blocked else gettext("sensitive, use allowed")


class FieldIndex(generic.IndexView):
    """All fields that somebody described."""

    add_item_label = _("Add field")
    page_title = _("Contact fields")

    @cached_property
    def columns(self) -> list[Column]:
        title = self._get_title_column_class(TitleColumn)
        return [
            title("label", label=_("Label"), sort_key="label", get_url=self.get_edit_url),
            WideColumn("key", label=_("Key"), sort_key="key"),
            Column("kind", label=_("Type"), accessor="get_kind_display"),
            StatusTagColumn("state", label=_("Class"), accessor=_state, primary=lambda field: not field.is_blocked),
            WideColumn("purpose", label=_("Purpose"), width="32%"),
        ]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        usage = HeaderButton(gettext("Which are used"), url=reverse(f"{_NAME}:usage"), icon_name="view")
        return [*super().header_buttons, usage]


class FieldEdit(generic.EditView):
    """Change a field; a sensitive one leads to the decision about its use."""

    template_name = "wagtail_precise_mail/contacts/field_edit.html"

    def get_success_buttons(self) -> list[Button]:
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "field_may_allow": may_allow(cast("User", self.request.user))}


class FieldDelete(generic.DeleteView):
    """Delete a field with its values."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.object.classification == Classification.SENSITIVE and not may_allow(cast("User", request.user)):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @property
    def confirmation_message(self) -> str:
        count = Contact.objects.filter(attributes__has_key=self.object.key).count()
        return ngettext(
            "What the field holds of %(count)s contact is deleted with it. This cannot be undone.",
            "What the field holds of %(count)s contacts is deleted with it. This cannot be undone.",
            count,
        ) % {"count": count}

    def delete_action(self) -> None:
        delete_field(self.object, by=cast("User", self.request.user))


class _ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it may be used"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "On what legal basis, for what, and who agreed. It is shown to everybody who sees the field, and kept in "
            "its history."
        ),
    )


class AllowView(generic.WagtailAdminTemplateMixin, FormView):
    """GET asks for the reason; POST allows the use of a sensitive field, or ends it."""

    form_class = _ReasonForm
    template_name = "wagtail_precise_mail/contacts/field_allow.html"
    page_title = _("Use of a sensitive field")
    header_icon = "lock"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_allow(cast("User", request.user)):
            raise PermissionDenied
        self.object = get_object_or_404(ContactField, pk=kwargs["pk"], classification=Classification.SENSITIVE)
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            {"url": reverse("wagtailadmin_home"), "label": gettext("Home")},
            {"url": reverse(f"{_NAME}:index"), "label": gettext("Contact fields")},
            {"url": reverse(f"{_NAME}:edit", args=[self.object.pk]), "label": self.object.label},
            {"url": "", "label": gettext("Use")},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "object": self.object}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "forbid" not in request.POST:
            return super().post(request, *args, **kwargs)
        forbid_use(self.object, by=cast("User", request.user))
        messages.success(request, gettext("“%(field)s” is no longer used.") % {"field": self.object})
        return redirect(f"{_NAME}:edit", self.object.pk)

    def form_valid(self, form: forms.Form) -> HttpResponse:
        try:
            allow_use(self.object, reason=form.cleaned_data["reason"], by=cast("User", self.request.user))
        except InvalidValue as error:
            form.add_error("reason", str(error))
            return self.form_invalid(form)
        messages.success(self.request, gettext("“%(field)s” may be used.") % {"field": self.object})
        return redirect(f"{_NAME}:edit", self.object.pk)


class UsageView(generic.WagtailAdminTemplateMixin, TemplateView):
    """Which fields are used where, and which are collected for nothing."""

    template_name = "wagtail_precise_mail/contacts/field_usage.html"
    page_title = _("Use of contact fields")
    header_icon = "view"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm("wagtail_precise_mail.view_contactfield"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            {"url": reverse("wagtailadmin_home"), "label": gettext("Home")},
            {"url": reverse(f"{_NAME}:index"), "label": gettext("Contact fields")},
            {"url": "", "label": gettext("Which are used")},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        uses = read_field_uses()
        return {**super().get_context_data(**kwargs), "uses": uses, "unused_count": sum(use.is_unused for use in uses)}


class ContactFieldViewSet(ModelViewSet):
    """Further fields below the menu group."""

    model = ContactField
    name = _NAME
    icon = "form"
    menu_label = _("Contact fields")
    index_view_class = FieldIndex
    edit_view_class = FieldEdit
    delete_view_class = FieldDelete
    copy_view_enabled = False
    add_to_reference_index = False
    list_filter = ["kind", "classification"]
    search_fields = ["label", "key", "purpose"]
    search_backend_name = None
    ordering = "label"
    edit_handler = ObjectList(
        [
            FieldRowPanel([FieldPanel("label"), FieldPanel("key")]),
            FieldRowPanel([FieldPanel("kind"), FieldPanel("classification")]),
            FieldPanel("choices", help_text=_("One a line. Only for types with choices.")),
            FieldPanel("purpose"),
        ],
        base_form_class=ContactFieldForm,
    )

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_common_view_kwargs(**{"usage_url_name": None, **kwargs})

    def get_edit_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_edit_view_kwargs(**{**kwargs, "template_name": FieldEdit.template_name})

    def get_permissions_to_register(self) -> QuerySet[Permission]:
        return Permission.objects.filter(
            content_type__app_label="wagtail_precise_mail", content_type__model="contactfield"
        )

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            *(pattern for pattern in super().get_urlpatterns() if pattern.name != "usage"),
            path("usage/", UsageView.as_view(), name="usage"),
            path("allow/<int:pk>/", AllowView.as_view(), name="allow"),
        ]


@hooks.register("register_log_actions")
def register_field_actions(registry: LogActionRegistry) -> None:
    """Decisions about sensitive fields, in their history."""

    @registry.register_action("wagtail_precise_mail.allow_field")
    class AllowFormatter(LogFormatter):
        label = _("Allow the use of a sensitive field")

        def format_message(self, log_entry: Any) -> str:
            return gettext("Allowed its use: %(reason)s") % {"reason": log_entry.data["reason"]}

    registry.register_action(
        "wagtail_precise_mail.forbid_field", _("Forbid the use of a sensitive field"), _("Forbade its use")
    )
