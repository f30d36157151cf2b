"""The form of a landing page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from wagtail.admin.forms.pages import WagtailAdminPageForm

from wagtail_precise_mail.campaigns.landing.blocks import goal_buttons
from wagtail_precise_mail.campaigns.landing.goals import Goal
from wagtail_precise_mail.emails.guarding import BodyForm


class LandingPageForm(BodyForm, WagtailAdminPageForm):
    """Guards raw MJML as the form of an email does, and asks for the button without which nobody reaches the goal."""

    def clean(self) -> dict[str, Any] | None:
        cleaned: dict[str, Any] | None = super().clean()
        # A draft may be saved half done.
        if not cleaned or self.is_deferred_validation:
            return cleaned
        body = cleaned.get("body")
        if cleaned.get("goal") == Goal.PRESS and body is not None and not goal_buttons(body):
            self.add_error("goal", _("There is no goal button in the body: add one, or choose another goal."))
        return cleaned
