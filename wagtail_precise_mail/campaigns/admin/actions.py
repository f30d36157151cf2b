"""The buttons of campaigns: POST only, for those who may send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views import View
from wagtail.admin import messages
from wagtail.admin.utils import get_valid_next_url_from_request
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.admin.forms import NoteForm, ReasonForm, TimeForm
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.exceptions import InvalidTransition, NotReady


class Refused(Exception):
    """What was typed cannot be taken; the message is for the person."""


class ActionView(PermissionCheckedMixin, View):
    """One verb on one campaign."""

    http_method_names = ["post", "options"]
    model = Campaign
    permission_required = "send"
    inspect_url_name = ""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = get_object_or_404(Campaign, pk=pk)
        try:
            with transaction.atomic():
                messages.success(request, self.act(campaign, request.user))
        except NotReady as error:
            messages.error(request, " ".join(error.problems))
        except (InvalidTransition, Refused) as error:
            messages.error(request, str(error))
        return redirect(get_valid_next_url_from_request(request) or self.back_to(campaign))

    def act(self, campaign: Campaign, user: Any) -> str:
        """Do it, and return a sentence that says so.

        Raises:
            Refused, NotReady, InvalidTransition: it was not done.
        """
        raise NotImplementedError

    def back_to(self, campaign: Campaign) -> str:
        """The campaign page, where the message is shown."""
        return reverse(self.inspect_url_name, args=[campaign.pk])


class TimedView(ActionView):
    """A verb that needs a time."""

    verb: ClassVar[Callable[..., Campaign]]
    done: ClassVar[str]
    is_refused = False

    def act(self, campaign: Campaign, user: AbstractBaseUser) -> str:
        at = timezone.now()
        if self.request.POST.get("when") == "now":
            type(self).verb(campaign, scheduled_at=at, by=user, at=at)
            return _("“%(campaign)s” starts now.") % {"campaign": campaign}
        form = TimeForm(self.request.POST)
        if not form.is_valid():
            self.is_refused = True
            raise Refused(form.first_error)
        moment, zone = form.cleaned_data["moment"], form.cleaned_data["time_zone"]
        type(self).verb(campaign, scheduled_at=moment, time_zone=zone, by=user, at=at)
        return _("“%(campaign)s” will be sent on %(when)s (%(zone)s).") % {
            "campaign": campaign,
            "when": date_format(moment.astimezone(campaign.zone), "DATETIME_FORMAT"),
            "zone": campaign.time_zone,
        }

    def back_to(self, campaign: Campaign) -> str:
        page = super().back_to(campaign)
        if not self.is_refused:
            return page
        # What was typed stays in the form, to be corrected.
        typed = {key: self.request.POST.get(key, "")[:40] for key in ("send_on", "time_zone")}
        return f"{page}?{urlencode(typed)}#wpm-when"


class ScheduleView(TimedView):
    """Pins the approved email and a time."""

    verb = services.schedule


class RescheduleView(TimedView):
    """Chooses another time."""

    verb = services.reschedule


class UnscheduleView(ActionView):
    """Makes it a draft again."""

    def act(self, campaign: Campaign, user: AbstractBaseUser) -> str:
        services.unschedule(campaign, by=user)
        return _("“%(campaign)s” is a draft again.") % {"campaign": campaign}


class PauseView(ActionView):
    """Holds it."""

    def act(self, campaign: Campaign, user: AbstractBaseUser) -> str:
        form = ReasonForm(self.request.POST)
        if not form.is_valid():
            raise Refused(_("The reason is too long."))
        reason = form.cleaned_data["reason"] or _("Paused by %(person)s.") % {"person": user}
        services.pause(campaign, reason=reason, by=user)
        return _("“%(campaign)s” is paused.") % {"campaign": campaign}


class ResumeView(ActionView):
    """Goes on."""

    def act(self, campaign: Campaign, user: AbstractBaseUser) -> str:
        services.resume(campaign, by=user)
        return _("“%(campaign)s” goes on.") % {"campaign": campaign}


class CancelView(ActionView):
    """Ends it for good."""

    def act(self, campaign: Campaign, user: AbstractBaseUser) -> str:
        services.cancel(campaign, by=user)
        return _("“%(campaign)s” is cancelled. What has not left stays here.") % {"campaign": campaign}


class EvaluateView(ActionView):
    """Keeps what was learned."""

    def act(self, campaign: Campaign, user: AbstractBaseUser) -> str:
        form = NoteForm(self.request.POST)
        if not form.is_valid():
            raise Refused(_("Write down what you learned."))
        services.evaluate(campaign, note=form.cleaned_data["note"], by=user)
        return _("“%(campaign)s” is evaluated.") % {"campaign": campaign}


# By the name in the URL.
VIEWS: dict[str, type[ActionView]] = {
    "schedule": ScheduleView,
    "reschedule": RescheduleView,
    "unschedule": UnscheduleView,
    "pause": PauseView,
    "resume": ResumeView,
    "cancel": CancelView,
    "evaluate": EvaluateView,
}
