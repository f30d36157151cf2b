"""Sending limits, warm-up plans and seed addresses, in the menu of settings."""

from __future__ import annotations

from wagtail import hooks
from wagtail.admin.viewsets.model import ModelViewSet

from wagtail_precise_mail.delivery.admin.pacing.limits import LimitViewSet
from wagtail_precise_mail.delivery.admin.pacing.plans import WarmUpViewSet
from wagtail_precise_mail.delivery.admin.pacing.seeds import SeedViewSet


@hooks.register("register_admin_viewset")
def register_pacing() -> list[ModelViewSet]:
    """They are for whoever looks after the servers, so they stand beside the other settings."""
    return [LimitViewSet(), WarmUpViewSet(), SeedViewSet()]
