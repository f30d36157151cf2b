"""The axes on which a buyer moves: RFM group, buying stage, value tier and favorite category."""

from __future__ import annotations

from django.apps import apps
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.figuring.rfm import RfmGroup
from wagtail_precise_mail.commerce.models import BuyingStage, ContactStanding, ValueTier
from wagtail_precise_mail.segments.axes import Axis, Choices, axes


def _standing() -> type[Model]:
    return ContactStanding


def _categories() -> Choices:
    model = apps.get_model("wagtail_precise_mail.Category")
    return [(str(pk), name) for pk, name in model._default_manager.values_list("pk", "name")]


axes.register("rfm_group")(
    Axis(_("RFM group"), lambda: list(RfmGroup.choices), model=_standing, place="rfm_group", since="rfm_since")
)
axes.register("buying_stage")(
    Axis(
        _("Buying stage"),
        lambda: list(BuyingStage.choices),
        model=_standing,
        place="buying_stage",
        since="stage_since",
        missing=BuyingStage.PROSPECT,
    )
)
axes.register("value_tier")(
    Axis(_("Value"), lambda: list(ValueTier.choices), model=_standing, place="value_tier", since="tier_since")
)
axes.register("category")(Axis(_("Favorite category"), _categories))
