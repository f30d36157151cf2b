"""Stores below the menu group."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views import generic

from wagtail_precise_mail.commerce.admin.products import WithViewPermission
from wagtail_precise_mail.commerce.columns import WIDE_ONLY
from wagtail_precise_mail.commerce.stores import Store


class StoreFilterSet(WagtailFilterSet):
    """Filters of the listing."""

    class Meta:
        model = Store
        fields = ["country", "region"]


class StoreIndex(generic.IndexView):
    """Stores with their places."""

    @property
    def columns(self) -> list[Column]:
        return [
            self._get_title_column("name", TitleColumn),
            Column("city", label=_("City"), sort_key="city"),
            Column("region", label=_("Region"), sort_key="region", classname=WIDE_ONLY),
            Column("country", label=_("Country"), sort_key="country"),
        ]


class StoreViewSet(WithViewPermission):
    """Shops that one can walk into."""

    model = Store
    name = "precise-mail-stores"
    icon = "home"
    menu_label = _("Stores")
    index_view_class = StoreIndex
    filterset_class = StoreFilterSet
    search_fields = ["name", "city", "region"]
    search_backend_name = None
    ordering = "name"
    edit_handler = ObjectList(
        [
            FieldPanel("name"),
            MultiFieldPanel(
                [
                    FieldPanel("address"),
                    FieldPanel("city"),
                    FieldRowPanel([FieldPanel("region"), FieldPanel("country")]),
                ],
                heading=_("Where"),
                icon="home",
            ),
            FieldPanel("opening_hours"),
            FieldPanel("url"),
            FieldPanel("image"),
        ]
    )
