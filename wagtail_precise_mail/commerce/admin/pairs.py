"""Product pairs below the menu group: learned ones to look at, own ones to say."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, ObjectList
from wagtail.admin.ui.tables import Column, StatusTagColumn, TitleColumn
from wagtail.admin.views import generic

from wagtail_precise_mail.commerce.admin.products import WithViewPermission
from wagtail_precise_mail.commerce.columns import WIDE_ONLY
from wagtail_precise_mail.commerce.models import CategoryPair, ProductPair


class ProductPairForm(WagtailAdminModelForm):
    """Whoever saves a pair says it: from then on learning leaves it alone."""

    def save(self, commit: bool = True) -> ProductPair:
        self.instance.is_manual = True
        return super().save(commit)


class ProductPairFilterSet(WagtailFilterSet):
    """Filters of the listing."""

    is_manual = django_filters.BooleanFilter(label=_("Said by a person"))

    class Meta:
        model = ProductPair
        fields = ["is_manual"]


class ProductPairIndex(generic.IndexView):
    """Pairs, those of people first."""

    def get_base_queryset(self) -> QuerySet[ProductPair]:
        return super().get_base_queryset().select_related("product", "companion")

    @property
    def columns(self) -> list[Column]:
        return [
            self._get_title_column("product", TitleColumn),
            Column("companion", label=_("is shown")),
            StatusTagColumn("how", label=_("How"), accessor=_how, primary=lambda pair: pair.is_manual),
            Column("order_count", label=_("Orders with both"), sort_key="order_count", classname=WIDE_ONLY),
            Column("lift", label=_("Lift"), accessor=_lift, sort_key="lift", classname=WIDE_ONLY),
        ]


def _how(pair: ProductPair) -> str:
    return gettext("said") if pair.is_manual else gettext("learned")


def _lift(pair: ProductPair) -> str:
    return "" if pair.is_manual and not pair.lift else f"{pair.lift:.1f}"


class ProductPairViewSet(WithViewPermission):
    """Which product is shown to those who bought another."""

    model = ProductPair
    name = "precise-mail-pairs"
    icon = "link"
    menu_label = _("Product pairs")
    index_view_class = ProductPairIndex
    filterset_class = ProductPairFilterSet
    search_fields = ["product__name", "product__sku", "companion__name", "companion__sku"]
    search_backend_name = None
    add_to_reference_index = False
    list_per_page = 50

    edit_handler = ObjectList(
        [
            HelpPanel(
                _(
                    "Lists of products “bought together with the last order” show these pairs. Those that people say "
                    "come first; the others are learned from orders every day."
                )
            ),
            FieldRowPanel([FieldPanel("product"), FieldPanel("companion")]),
        ],
        base_form_class=ProductPairForm,
    )

    def get_index_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_index_view_kwargs(**{"default_ordering": ["-is_manual", "-lift", "pk"], **kwargs})


class CategoryPairIndex(generic.IndexView):
    """Pairs by category."""

    def get_base_queryset(self) -> QuerySet[CategoryPair]:
        return super().get_base_queryset().select_related("category", "companion")

    @property
    def columns(self) -> list[Column]:
        return [self._get_title_column("category", TitleColumn), Column("companion", label=_("is shown"))]


class CategoryPairViewSet(WithViewPermission):
    """Which product is shown to those who bought from a category."""

    model = CategoryPair
    name = "precise-mail-category-pairs"
    icon = "link"
    menu_label = _("Pairs of categories")
    index_view_class = CategoryPairIndex
    search_fields = ["category__name", "companion__name", "companion__sku"]
    search_backend_name = None
    add_to_reference_index = False
    ordering = ["category__name", "pk"]
    edit_handler = ObjectList(
        [
            HelpPanel(
                _(
                    "Whoever bought from the category, or from one below it, is shown the product: after the pairs "
                    "that people said of single products, and before all that was learned."
                )
            ),
            FieldRowPanel([FieldPanel("category"), FieldPanel("companion")]),
        ]
    )
