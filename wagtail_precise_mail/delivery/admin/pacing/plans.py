"""Warm-up plans: where each is today, and one form."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList
from wagtail.admin.ui.tables import BaseColumn, Column, TitleColumn
from wagtail.admin.views import generic

from wagtail_precise_mail.commerce.admin.products import WithViewPermission
from wagtail_precise_mail.contacts.addresses import domain_of
from wagtail_precise_mail.contacts.admin.columns import WideColumn, with_detail
from wagtail_precise_mail.delivery.admin.advised import AdvisedIndex
from wagtail_precise_mail.delivery.pacing.models import WarmUp, default_volumes
from wagtail_precise_mail.delivery.pacing.waking import look_again
from wagtail_precise_mail.delivery.pacing.warming import Today, follow_plan, today
from wagtail_precise_mail.emails.senders import SenderIdentity

_MOST_DAYS = 90


class VolumesField(forms.CharField):
    """Whole numbers with commas between them, as a list."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> str:
        return ", ".join(str(one) for one in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        parts = [part for part in re.split(r"[,;\s]+", str(value or "")) if part]
        if not parts:
            return []
        if not all(part.isascii() and part.isdigit() and 0 < int(part) < 10**9 for part in parts):
            raise ValidationError(_("Give whole numbers above 0, one for each day, such as 50, 100, 200."))
        if len(parts) > _MOST_DAYS:
            raise ValidationError(_("A plan has %(count)s days at most.") % {"count": _MOST_DAYS})
        return [int(part) for part in parts]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))


class WarmUpForm(WagtailAdminModelForm):
    """A plan for a domain that mail comes from."""

    domain = forms.ChoiceField(label=_("Domain of the sender"))
    volumes = VolumesField(
        label=_("Messages on each day"),
        help_text=_(
            "One number for each day. The next number comes after a day on which at least half of the last one left; "
            "after the last one the plan is through, and limits nothing any more."
        ),
    )

    class Meta:
        model = WarmUp
        fields = ["domain", "volumes", "started_on", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        addresses = SenderIdentity.objects.values_list("address", flat=True)
        domains = {domain_of(address) for address in addresses}
        if self.instance.pk:
            domains.add(self.instance.domain)
        self.fields["domain"].choices = [(one, one) for one in sorted(domains)]
        self.fields["volumes"].widget.attrs["rows"] = 3
        if not self.instance.pk:
            self.fields["volumes"].initial = default_volumes()

    def save(self, commit: bool = True) -> WarmUp:
        plan: WarmUp = super().save(commit)
        follow_plan(plan, at=timezone.now())
        look_again()
        return plan


def where(plan: WarmUp, now: Today) -> str:
    """Return how far a plan is."""
    if not plan.is_active:
        return gettext("not in force")
    if plan.started_on > timezone.localdate():
        return gettext("has not begun")
    if now.volume is None:
        return gettext("through: no limit any more")
    return gettext("day %(number)s of %(count)s") % {"number": now.number, "count": len(plan.volumes)}


def left(plan: WarmUp, now: Today) -> str:
    """Return what may still leave today; "" where the plan limits nothing."""
    if not plan.is_active or now.volume is None or plan.started_on > timezone.localdate():
        return ""
    return gettext("%(left)s of %(volume)s") % {
        "left": number_format(now.left, force_grouping=True),
        "volume": number_format(now.volume, force_grouping=True),
    }


class WarmUpIndex(AdvisedIndex):
    """Plans, with what is left of today."""

    page_title = _("Warm-up plans")
    add_item_label = _("Add")
    advice = _(
        "A new sender domain needs one: providers learn to trust it when its mail grows from day to day. Write the "
        "plan before the first send. Domains that have sent for long need none."
    )

    @property
    def columns(self) -> list[BaseColumn]:
        at = timezone.now()

        def place(plan: WarmUp) -> str:
            return where(plan, today(plan, at=at))

        return [
            self._get_title_column("domain", TitleColumn, accessor=lambda plan: with_detail(plan.domain, place(plan))),
            WideColumn("where", label=_("Where it is"), accessor=place),
            Column("left", label=_("May still leave today"), accessor=lambda plan: left(plan, today(plan, at=at))),
        ]


class WarmUpDelete(generic.DeleteView):
    """Give a plan up; what waited for it leaves."""

    def delete_action(self) -> None:
        super().delete_action()
        look_again()


class WarmUpViewSet(WithViewPermission):
    """Warm-up plans."""

    model = WarmUp
    name = "precise-mail-warm-ups"
    icon = "calendar-alt"
    menu_label = _("Warm-up plans")
    add_to_settings_menu = True
    index_view_class = WarmUpIndex
    delete_view_class = WarmUpDelete
    ordering = "domain"
    search_fields: list[str] = []
    edit_handler = ObjectList(
        [
            FieldPanel(
                "domain",
                help_text=_(
                    "Newsletters and campaigns from this domain keep to the plan, the most engaged contacts first; "
                    "what is over leaves on the next day. Mail about orders leaves at once, and counts."
                ),
            ),
            FieldPanel("volumes"),
            FieldRowPanel([FieldPanel("started_on"), FieldPanel("is_active")]),
        ],
        base_form_class=WarmUpForm,
    )
