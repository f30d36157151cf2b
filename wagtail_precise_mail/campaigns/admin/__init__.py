"""The Wagtail side of campaigns."""

from __future__ import annotations

from wagtail_precise_mail.campaigns.admin import hooks as hooks
from wagtail_precise_mail.campaigns.admin.calendar import CalendarViewSet
from wagtail_precise_mail.campaigns.admin.ideas import IdeaViewSet
from wagtail_precise_mail.campaigns.admin.sunsets import SunsetViewSet
from wagtail_precise_mail.campaigns.admin.viewsets import CampaignViewSet

viewsets: list = [CampaignViewSet, CalendarViewSet, IdeaViewSet]

people_viewsets: list = [SunsetViewSet]
"""For the menu of people: campaigns look for those who no longer read."""
