"""Choosers of what a shop has, for forms and for StreamField blocks."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column

from wagtail_precise_mail.choosers import ChooserListing, GuardedChooserViewSet
from wagtail_precise_mail.commerce.columns import MoneyColumn, PictureColumn, with_pictures
from wagtail_precise_mail.commerce.coupons import with_counts
from wagtail_precise_mail.commerce.models import Category, CouponPool, Product
from wagtail_precise_mail.commerce.reviews import Review
from wagtail_precise_mail.commerce.stores import Store


class _ProductListing(ChooserListing):
    title = _("Product")

    def get_object_list(self) -> QuerySet[Product]:
        return with_pictures(Product.objects.filter(kind=Product.Kind.PRODUCT))

    def before_title(self) -> list[Column]:
        return [PictureColumn()]

    def after_title(self) -> list[Column]:
        return [
            Column("sku", label=_("SKU")),
            Column("category", label=_("Category")),
            MoneyColumn("price", label=_("Price")),
        ]


class ProductChooserViewSet(GuardedChooserViewSet):
    """Choose a product: pictures, search by name or SKU, pages. Charges such as postage are not offered."""

    model = Product
    listing = _ProductListing
    icon = "tag"
    choose_one_text = _("Choose a product")
    choose_another_text = _("Choose another product")
    edit_item_text = _("Edit this product")
    per_page = 12


class _CategoryListing(ChooserListing):
    title = _("Category")

    def get_object_list(self) -> QuerySet[Category]:
        return Category.objects.select_related("parent").annotate(
            product_count=Count("products", filter=Q(products__kind=Product.Kind.PRODUCT))
        )

    def after_title(self) -> list[Column]:
        return [Column("parent", label=_("Part of")), Column("product_count", label=_("Products"))]


class CategoryChooserViewSet(GuardedChooserViewSet):
    """Choose a product category."""

    model = Category
    listing = _CategoryListing
    icon = "folder-open-inverse"
    choose_one_text = _("Choose a category")
    choose_another_text = _("Choose another category")
    edit_item_text = _("Edit this category")


class _PoolListing(ChooserListing):
    title = _("Coupon pool")

    def get_object_list(self) -> QuerySet[CouponPool]:
        return with_counts(CouponPool.objects.all())

    def after_title(self) -> list[Column]:
        return [Column("free_count", label=_("Codes left")), Column("expires_at", label=_("Valid until"))]


class CouponPoolChooserViewSet(GuardedChooserViewSet):
    """Choose a pool of coupon codes."""

    model = CouponPool
    listing = _PoolListing
    icon = "pick"
    choose_one_text = _("Choose a coupon pool")
    choose_another_text = _("Choose another coupon pool")
    edit_item_text = _("Edit this coupon pool")


class _ReviewListing(ChooserListing):
    title = _("Review")

    def get_object_list(self) -> QuerySet[Review]:
        return Review.objects.filter(state=Review.State.APPROVED).select_related("product")

    def after_title(self) -> list[Column]:
        return [Column("stars", label=_("Stars")), Column("product", label=_("Product"))]


class ReviewChooserViewSet(GuardedChooserViewSet):
    """Choose one of the approved reviews."""

    model = Review
    listing = _ReviewListing
    icon = "openquote"
    choose_one_text = _("Choose a review")
    choose_another_text = _("Choose another review")
    edit_item_text = _("Edit this review")


class _StoreListing(ChooserListing):
    title = _("Store")


class StoreChooserViewSet(GuardedChooserViewSet):
    """Choose a store."""

    model = Store
    listing = _StoreListing
    icon = "home"
    choose_one_text = _("Choose a store")
    choose_another_text = _("Choose another store")
    edit_item_text = _("Edit this store")


product_chooser_viewset = ProductChooserViewSet("precise_mail_product_chooser", url_prefix="mail/choose-product")
category_chooser_viewset = CategoryChooserViewSet("precise_mail_category_chooser", url_prefix="mail/choose-category")
coupon_pool_chooser_viewset = CouponPoolChooserViewSet(
    "precise_mail_coupon_pool_chooser", url_prefix="mail/choose-coupon-pool"
)
review_chooser_viewset = ReviewChooserViewSet("precise_mail_review_chooser", url_prefix="mail/choose-review")
store_chooser_viewset = StoreChooserViewSet("precise_mail_store_chooser", url_prefix="mail/choose-store")

ProductChooserBlock = product_chooser_viewset.get_block_class(name="ProductChooserBlock", module_path=__name__)
CategoryChooserBlock = category_chooser_viewset.get_block_class(name="CategoryChooserBlock", module_path=__name__)
CouponPoolChooserBlock = coupon_pool_chooser_viewset.get_block_class(
    name="CouponPoolChooserBlock", module_path=__name__
)
ReviewChooserBlock = review_chooser_viewset.get_block_class(name="ReviewChooserBlock", module_path=__name__)
StoreChooserBlock = store_chooser_viewset.get_block_class(name="StoreChooserBlock", module_path=__name__)
