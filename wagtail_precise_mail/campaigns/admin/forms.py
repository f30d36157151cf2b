"""Forms of campaigns: the time is asked for as it stands on the wall, with its zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.localization import get_available_admin_time_zones
from wagtail.admin.widgets import AdminDateTimeInput

from wagtail_precise_mail.campaigns.clocks import to_moment
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.contacts.models import Topic
from wagtail_precise_mail.emails.sender_forms import ChoosesSender
from wagtail_precise_mail.emails.sites import has_several_sites, site_of


def time_zone_choices() -> list[tuple[str, str]]:
    """Every zone that the admin offers, readable: "Europe/Berlin"."""
    return [(name, name.replace("_", " ")) for name in get_available_admin_time_zones()]


class WallTimeField(forms.DateTimeField):
    """A date and time as it stands on some wall (naive): which wall, another field says."""

    def prepare_value(self, value: Any) -> Any:
        return value.replace(tzinfo=None) if isinstance(value, datetime) else value

    def to_python(self, value: Any) -> datetime | None:
        # UTC has neither gaps nor folds, so nothing is refused here that another zone would accept.
        with timezone.override(UTC):
            moment = super().to_python(value)
        return moment and moment.replace(tzinfo=None)


class CampaignForm(ChoosesSender, WagtailAdminModelForm):
    """What a draft consists of."""

    send_on = WallTimeField(
        label=_("Send at"),
        required=False,
        widget=AdminDateTimeInput,
        help_text=_("As the clocks of the time zone show it. You confirm it when you schedule."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=time_zone_choices, widget=forms.Select(attrs={"class": "w-w-full"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial.setdefault("send_on", self.instance.scheduled_locally_at)
        else:
            self.initial["time_zone"] = (
                kwargs.get("initial", {}).get("time_zone") or timezone.get_current_timezone_name()
            )
            self._preselect_topic()
            site = cast("forms.ModelChoiceField", self.fields["site"])
            site.required, site.empty_label = False, _("The email's")
        if not has_several_sites():
            self.fields.pop("site", None)
        _offer(self.fields["time_zone"], self.initial.get("time_zone"))

    def _preselect_topic(self) -> None:
        topics = list(Topic.objects.all()[:2])
        if len(topics) == 1:
            self.initial.setdefault("topic", topics[0].pk)

    def clean(self) -> dict[str, Any]:
        cleaned = cast("dict[str, Any]", super().clean())
        _add_moment(self, cleaned)
        if self.instance.site_id is None and not cleaned.get("site"):
            self.instance.site = cleaned["site"] = site_of(cleaned.get("email"))
        segment = cleaned.get("segment")
        if segment and segment in (cleaned.get("excluded_segments") or []):
            self.add_error("excluded_segments", _("The audience itself cannot be excluded: nobody would be left."))
        return cleaned

    def save(self, commit: bool = True) -> Campaign:
        self.instance.scheduled_at = self.cleaned_data.get("moment")
        return cast("Campaign", super().save(commit))


class TimeForm(forms.Form):
    """When to send: asked again when scheduling and rescheduling."""

    send_on = WallTimeField(label=_("Date and time"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zone_choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Browsers fill in datetime-local from this format only.
        self.fields["send_on"].widget.format = "%Y-%m-%dT%H:%M"
        _offer(self.fields["time_zone"], self.initial.get("time_zone"))

    def clean(self) -> dict[str, Any]:
        cleaned = cast("dict[str, Any]", super().clean())
        _add_moment(self, cleaned)
        return cleaned

    @property
    def first_error(self) -> str:
        """One sentence for a message on screen."""
        return next((str(error) for errors in self.errors.values() for error in errors), "")


class ReasonForm(forms.Form):
    """Why a campaign is paused; colleagues read it."""

    reason = forms.CharField(max_length=500, required=False, strip=True)


class NoteForm(forms.Form):
    """What was learned."""

    note = forms.CharField(max_length=10_000, strip=True)


def _offer(field: forms.Field, zone: str | None) -> None:
    choices = time_zone_choices()
    if zone and zone not in dict(choices):
        choices.insert(0, (zone, zone.replace("_", " ")))
    cast("forms.ChoiceField", field).choices = choices


def _add_moment(form: forms.BaseForm, cleaned: dict[str, Any]) -> None:
    wall, zone = cleaned.get("send_on"), cleaned.get("time_zone")
    if not wall or not zone:
        return
    try:
        cleaned["moment"] = to_moment(wall, ZoneInfo(zone))
    except ValidationError as error:
        form.add_error("send_on", error)
