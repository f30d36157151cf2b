"""Coupon pools below the menu group: filled by pasting or uploading codes, watched by what is left."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import Column, StatusTagColumn, TitleColumn
from wagtail.admin.views import generic

from wagtail_precise_mail.commerce.admin.products import WithViewPermission
from wagtail_precise_mail.commerce.columns import WideColumn
from wagtail_precise_mail.commerce.coupons import AddedCodes, add_codes, is_code, read_codes, with_counts
from wagtail_precise_mail.commerce.models import CouponPool

FILE_LIMIT_MB = 5
_TOLD = 5


class CouponPoolForm(WagtailAdminModelForm):
    """A pool grows by pasting codes or by a file of them; a line that is no code stops all, so that none gets lost."""

    codes = forms.CharField(
        label=_("Add codes"),
        help_text=_("One a line: 3 to 40 letters, digits, hyphens, dots or underscores."),
        widget=forms.Textarea(attrs={"rows": 8}),
        required=False,
    )
    file = forms.FileField(
        label=_("or a file of them"),
        help_text=_("Text or CSV; of several columns the one called “code”, else the first."),
        required=False,
    )
    added: AddedCodes | None = None

    class Meta(WagtailAdminModelForm.Meta):
        model = CouponPool
        fields = ["name", "expires_at", "low_stock_at"]

    def clean_codes(self) -> list[tuple[int, str]]:
        return _checked(self.cleaned_data["codes"])

    def clean_file(self) -> list[tuple[int, str]]:
        if not (file := self.cleaned_data["file"]):
            return []
        if file.size > FILE_LIMIT_MB * 1024 * 1024:
            raise forms.ValidationError(_("Use a file of %(limit)s MB at the most.") % {"limit": FILE_LIMIT_MB})
        try:
            return _checked(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("This is not a text file in UTF-8.")) from error

    def _save_m2m(self) -> None:
        super()._save_m2m()
        given = [*self.cleaned_data["codes"], *self.cleaned_data["file"]]
        self.added = add_codes(self.instance, given) if given else None


def _checked(text: str) -> list[tuple[int, str]]:
    try:
        codes = read_codes(text)
    except ValueError as error:
        raise forms.ValidationError(str(error)) from error
    wrong = [(number, code) for number, code in codes if not is_code(code)]
    if wrong:
        raise forms.ValidationError(
            ngettext(
                "%(count)s line is no code, so nothing was added: %(examples)s",
                "%(count)s lines are no codes, so nothing was added: %(examples)s",
                len(wrong),
            )
            % {"count": len(wrong), "examples": _examples(wrong)}
        )
    return codes


def _examples(wrong: list[tuple[int, str]]) -> str:
    words = gettext("line %(number)s “%(code)s”")
    told = [words % {"number": number, "code": code[:60]} for number, code in wrong[:_TOLD]]
    return ", ".join([*told, *(["…"] if len(wrong) > _TOLD else [])])


class _TellsWhatBecameOfCodes:
    form: CouponPoolForm

    def get_success_message(self, *args: Any) -> str:
        message = str(super().get_success_message(*args))  # type: ignore[misc]
        return " ".join(filter(None, [message, _told(self.form.added)]))


def _told(added: AddedCodes | None) -> str:
    if added is None:
        return ""
    words = ngettext("%(count)s code was added.", "%(count)s codes were added.", added.added_count)
    told = words % {"count": added.added_count}
    if added.known:
        again = ngettext(
            "%(count)s was there already: %(examples)s.",
            "%(count)s were there already: %(examples)s.",
            len(added.known),
        )
        examples = ", ".join([*added.known[:_TOLD], *(["…"] if len(added.known) > _TOLD else [])])
        told = f"{told} {again % {'count': len(added.known), 'examples': examples}}"
    return told


class CouponPoolCreate(_TellsWhatBecameOfCodes, generic.CreateView):
    """Make a pool."""


class CouponPoolEdit(_TellsWhatBecameOfCodes, generic.EditView):
    """Change a pool, or fill it up."""


class CouponPoolDelete(generic.DeleteView):
    """Delete a pool of which nobody has a code; the others are the record of who got which."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Without the permission, the parent says so first.
        if self.user_has_permission("delete") and _is_in_use(self.object):
            words = _("People have codes of %(pool)s or wait for one, so it stays: it says who has which. Let it end.")
            messages.error(request, words % {"pool": self.object})
            return HttpResponseRedirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)


def _is_in_use(pool: CouponPool) -> bool:
    taken = pool.codes.filter(taken_at__isnull=False)
    return taken.exists() or pool.welcome_coupons.exists() or pool.incentives.exists()


class CouponPoolIndex(generic.IndexView):
    """Pools with what is left of them."""

    def get_base_queryset(self) -> QuerySet[CouponPool]:
        return with_counts(super().get_base_queryset())

    @property
    def columns(self) -> list[Column]:
        return [
            self._get_title_column("name", TitleColumn),
            Column("free_count", label=_("Left"), sort_key="free_count"),
            WideColumn("waiting_count", label=_("Wait for one"), sort_key="waiting_count"),
            WideColumn("code_count", label=_("Of"), sort_key="code_count"),
            WideColumn("expires_at", label=_("Valid until"), accessor=_until, sort_key="expires_at"),
            StatusTagColumn("state", label=_("Status"), accessor=_state, primary=_is_fine),
        ]


def _until(pool: CouponPool) -> str:
    return date_format(localtime(pool.expires_at), "SHORT_DATETIME_FORMAT") if pool.expires_at else ""


def _state(pool: Any) -> str:
    at: datetime = timezone.now()
    if pool.is_expired(at):
        return gettext("expired")
    if not pool.free_count:
        return gettext("used up")
    return gettext("few left") if pool.free_count < pool.low_stock_at else gettext("enough")


def _is_fine(pool: Any) -> bool:
    return not pool.is_expired(timezone.now()) and pool.free_count >= max(1, pool.low_stock_at)


class CouponPoolViewSet(WithViewPermission):
    """Pools of coupon codes."""

    model = CouponPool
    name = "precise-mail-coupon-pools"
    icon = "pick"
    menu_label = _("Coupon pools")
    index_view_class = CouponPoolIndex
    add_view_class = CouponPoolCreate
    edit_view_class = CouponPoolEdit
    delete_view_class = CouponPoolDelete
    search_fields = ["name", "codes__code"]
    search_backend_name = None
    ordering = "-pk"
    edit_handler = ObjectList(
        [
            FieldPanel("name"),
            FieldRowPanel([FieldPanel("expires_at"), FieldPanel("low_stock_at")]),
            MultiFieldPanel([FieldPanel("codes"), FieldPanel("file")], heading=_("Codes"), icon="list-ul"),
        ],
        base_form_class=CouponPoolForm,
    )
