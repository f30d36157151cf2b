"""Welcome coupons on the form of a source: what signing up there gives, and who waits for a code."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, HelpPanel, InlinePanel, MultiFieldPanel, Panel
from wagtail.permission_policies import ModelPermissionPolicy

from wagtail_precise_mail.commerce.coupons import free_count
from wagtail_precise_mail.commerce.models import CouponPool
from wagtail_precise_mail.commerce.welcome import incentive_figures
from wagtail_precise_mail.contacts.panels import source_panels


class WelcomeFiguresPanel(Panel):
    """How many got a code, how many wait for one, and what is left: four queries, on this form alone."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "wagtail_precise_mail/commerce/welcome_figures.html"

        def is_shown(self) -> bool:
            return bool(self.instance.pk) and self.instance.incentives.exists()

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            incentive = self.instance.incentives.first()
            pool = CouponPool.objects.get(pk=incentive.pool_id)
            left = free_count(pool)
            may_fill = ModelPermissionPolicy(CouponPool).user_has_permission(self.request.user, "change")
            return {
                **super().get_context_data(parent_context),
                **incentive_figures(incentive),
                "pool": pool,
                "left": left,
                "is_low": left < pool.low_stock_at,
                "pool_url": reverse("precise-mail-coupon-pools:edit", args=[pool.pk]) if may_fill else "",
            }


@source_panels.register("welcome_coupon")
def welcome_panel() -> Panel:
    """Return the panels for the form of a source."""
    fields = [
        FieldPanel("title"),
        FieldPanel("pool"),
        FieldPanel("terms"),
        FieldPanel("url"),
        FieldPanel("is_mailed"),
    ]
    explained = _("Once for each person, after they confirmed by the mail. Topics without such a mail bring no coupon.")
    return MultiFieldPanel(
        [
            HelpPanel(explained),
            WelcomeFiguresPanel(),
            InlinePanel("incentives", fields, max_num=1, label=_("Welcome coupon")),
        ],
        heading=_("Welcome coupon"),
        icon="pick",
    )
