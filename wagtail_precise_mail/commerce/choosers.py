"""Choosers of products and categories, for forms and for StreamField blocks."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import chooser
from wagtail.admin.viewsets.chooser import ChooserViewSet

from wagtail_precise_mail.choosers import ChosenMultipleView, ChosenView, RequirePermission
from wagtail_precise_mail.commerce.columns import MoneyColumn, PictureColumn, with_pictures
from wagtail_precise_mail.commerce.coupons import with_counts
from wagtail_precise_mail.commerce.models import Category, CouponPool, Product


class _ProductListing:
    per_page = 12

    def get_object_list(self) -> QuerySet[Product]:
        return with_pictures(Product.objects.filter(kind=Product.Kind.PRODUCT))

    @property
    def columns(self) -> list[Column]:
        title, *rest = super().columns  # type: ignore[misc]
        title.label = _("Product")
        return [
            PictureColumn(),
            title,
            Column("sku", label=_("SKU")),
            Column("category", label=_("Category")),
            MoneyColumn("price", label=_("Price")),
            *rest,
        ]


class ProductChooseView(RequirePermission, _ProductListing, chooser.ChooseView):
    """The modal."""


class ProductChooseResultsView(RequirePermission, _ProductListing, chooser.ChooseResultsView):
    """The table in the modal, after a search or a turn of the page."""


class ProductChooserViewSet(ChooserViewSet):
    """Choose a product: pictures, search by name or SKU, pages. Charges such as postage are not offered."""

    model = Product
    icon = "tag"
    choose_one_text = _("Choose a product")
    choose_another_text = _("Choose another product")
    edit_item_text = _("Edit this product")
    per_page = 12
    choose_view_class = ProductChooseView
    choose_results_view_class = ProductChooseResultsView
    chosen_view_class = ChosenView
    chosen_multiple_view_class = ChosenMultipleView


class _CategoryListing:
    per_page = 20

    def get_object_list(self) -> QuerySet[Category]:
        return Category.objects.select_related("parent").annotate(
            product_count=Count("products", filter=Q(products__kind=Product.Kind.PRODUCT))
        )

    @cached_property
    def columns(self) -> list[Column]:
        title, *rest = super().columns  # type: ignore[misc]
        title.label = _("Category")
        return [
            title,
            Column("parent", label=_("Part of")),
            Column("product_count", label=_("Products")),
            *rest,
        ]


class CategoryChooseView(RequirePermission, _CategoryListing, chooser.ChooseView):
    """The modal."""


class CategoryChooseResultsView(RequirePermission, _CategoryListing, chooser.ChooseResultsView):
    """The table in the modal, after a turn of the page."""


class CategoryChooserViewSet(ChooserViewSet):
    """Choose a product category."""

    model = Category
    icon = "folder-open-inverse"
    choose_one_text = _("Choose a category")
    choose_another_text = _("Choose another category")
    edit_item_text = _("Edit this category")
    per_page = 20
    choose_view_class = CategoryChooseView
    choose_results_view_class = CategoryChooseResultsView
    chosen_view_class = ChosenView
    chosen_multiple_view_class = ChosenMultipleView


class _PoolListing:
    per_page = 20

    def get_object_list(self) -> QuerySet[CouponPool]:
        return with_counts(CouponPool.objects.all())

    @cached_property
    def columns(self) -> list[Column]:
        title, *rest = super().columns  # type: ignore[misc]
        title.label = _("Coupon pool")
        return [title, Column("free_count", label=_("Codes left")), Column("expires_at", label=_("Valid until")), *rest]


class PoolChooseView(RequirePermission, _PoolListing, chooser.ChooseView):
    """The modal."""


class PoolChooseResultsView(RequirePermission, _PoolListing, chooser.ChooseResultsView):
    """The table in the modal, after a turn of the page."""


class CouponPoolChooserViewSet(ChooserViewSet):
    """Choose a pool of coupon codes."""

    model = CouponPool
    icon = "pick"
    choose_one_text = _("Choose a coupon pool")
    choose_another_text = _("Choose another coupon pool")
    edit_item_text = _("Edit this coupon pool")
    per_page = 20
    choose_view_class = PoolChooseView
    choose_results_view_class = PoolChooseResultsView
    chosen_view_class = ChosenView
    chosen_multiple_view_class = ChosenMultipleView


product_chooser_viewset = ProductChooserViewSet("precise_mail_product_chooser", url_prefix="mail/choose-product")
category_chooser_viewset = CategoryChooserViewSet("precise_mail_category_chooser", url_prefix="mail/choose-category")
coupon_pool_chooser_viewset = CouponPoolChooserViewSet(
    "precise_mail_coupon_pool_chooser", url_prefix="mail/choose-coupon-pool"
)

ProductChooserBlock = product_chooser_viewset.get_block_class(name="ProductChooserBlock", module_path=__name__)
CategoryChooserBlock = category_chooser_viewset.get_block_class(name="CategoryChooserBlock", module_path=__name__)
CouponPoolChooserBlock = coupon_pool_chooser_viewset.get_block_class(
    name="CouponPoolChooserBlock", module_path=__name__
)
