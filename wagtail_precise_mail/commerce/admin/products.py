"""Products and categories below the menu group."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    MultiFieldPanel,
    ObjectList,
    TitleFieldPanel,
)
from wagtail.admin.ui.tables import Column, StatusTagColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets import SlugInput

from wagtail_precise_mail.commerce.admin.widgets import AmountInput
from wagtail_precise_mail.commerce.checking import checked_attributes
from wagtail_precise_mail.commerce.columns import WIDE_ONLY, MoneyColumn, PictureColumn, with_pictures
from wagtail_precise_mail.commerce.models import Category, Product
from wagtail_precise_mail.commerce.products import find_tags
from wagtail_precise_mail.exceptions import InvalidRecord


class ProductFilterSet(WagtailFilterSet):
    """Filters of the listing."""

    class Meta:
        model = Product
        fields = ["kind", "category", "is_published"]


class ProductForm(WagtailAdminModelForm):
    """Tags are written as words, and a tag that is new is made."""

    tag_names = forms.CharField(
        label=_("Tags"), required=False, help_text=_("Words, parted by commas, such as “vegan, new”.")
    )

    class Meta(WagtailAdminModelForm.Meta):  # else it would have none of Wagtail's own fields, such as choosers
        model = Product
        exclude: list[str] = ["tags"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["tag_names"].initial = ", ".join(self.instance.tags.values_list("name", flat=True))

    def clean_attributes(self) -> dict[str, Any]:
        attributes = self.cleaned_data["attributes"] or {}
        try:
            return checked_attributes(attributes if isinstance(attributes, dict) else {"": ""})
        except InvalidRecord as error:
            raise forms.ValidationError(
                _("Write names with texts, numbers or lists of these, such as {“color”: “red”}.")
            ) from error

    def _save_m2m(self) -> None:
        super()._save_m2m()
        self.instance.tags.set(find_tags(self.cleaned_data["tag_names"].split(",")))

    def save(self, commit: bool = True) -> Product:
        product: Product = super().save(commit)
        if commit:
            product.recount_stock()
        return product


class ProductIndex(generic.IndexView):
    """Products with picture, SKU and price."""

    def get_base_queryset(self) -> QuerySet[Product]:
        return with_pictures(super().get_base_queryset())

    @property
    def columns(self) -> list[Column]:
        title = self._get_title_column("name", TitleColumn)
        title.accessor = str  # the SKU stands in for a missing name
        return [
            PictureColumn(),
            title,
            Column("sku", label=_("SKU"), sort_key="sku", classname=WIDE_ONLY),
            Column("category", label=_("Category"), sort_key="category__name", classname=WIDE_ONLY),
            MoneyColumn("price", label=_("Price"), sort_key="price"),
            Column("stock_count", label=_("In stock"), sort_key="stock_count", classname=WIDE_ONLY),
            StatusTagColumn(
                "state",
                label=_("Status"),
                accessor=_state,
                primary=lambda product: product.is_available,
                classname=WIDE_ONLY,
            ),
        ]


def _state(product: Product) -> str:
    if product.kind == Product.Kind.CHARGE:
        return str(_("charge"))
    if not product.is_published:
        return str(_("not on sale"))
    return str(_("on sale") if product.is_available else _("sold out"))


class ProductDelete(generic.DeleteView):
    """Delete a product that nobody ever ordered; the others are taken off sale."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Without the permission, the parent says so first.
        if self.user_has_permission("delete") and self.object.order_lines.exists():
            messages.error(
                request,
                _("%(product)s stands in orders, which need it. Take it off sale instead.") % {"product": self.object},
            )
            return HttpResponseRedirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)


class WithViewPermission(ModelViewSet):
    """Lets groups be given the permission to look, which the choosers ask for."""

    copy_view_enabled = False

    def get_permissions_to_register(self) -> QuerySet[Permission]:
        return Permission.objects.filter(content_type=ContentType.objects.get_for_model(self.model))


class ProductViewSet(WithViewPermission):
    """Products and charges."""

    model = Product
    name = "precise-mail-products"
    icon = "tag"
    menu_label = _("Products")
    index_view_class = ProductIndex
    delete_view_class = ProductDelete
    filterset_class = ProductFilterSet
    search_fields = ["name", "sku"]
    search_backend_name = None
    list_per_page = 50
    ordering = "name"
    edit_handler = ObjectList(
        [
            FieldPanel("name"),
            FieldRowPanel([FieldPanel("sku"), FieldPanel("kind")]),
            FieldPanel("image"),
            FieldPanel("description"),
            MultiFieldPanel(
                [
                    FieldRowPanel([FieldPanel("price", widget=AmountInput), FieldPanel("currency")]),
                    FieldRowPanel(
                        [
                            FieldPanel("compare_at_price", widget=AmountInput),
                            FieldPanel("cost", widget=AmountInput),
                        ]
                    ),
                    FieldPanel("stock_count"),
                    FieldRowPanel([FieldPanel("is_published"), FieldPanel("published_at")]),
                    FieldRowPanel([FieldPanel("is_replenishable"), FieldPanel("replenish_days")]),
                ],
                heading=_("Sale"),
                icon="tag",
            ),
            MultiFieldPanel(
                [FieldPanel("brand_name"), FieldRowPanel([FieldPanel("rating"), FieldPanel("rating_count")])],
                heading=_("What others say"),
                icon="pick",
            ),
            MultiFieldPanel(
                [
                    FieldPanel("category"),
                    FieldPanel("further_categories"),
                    FieldRowPanel([FieldPanel("url"), FieldPanel("image_url")]),
                ],
                heading=_("Place in the shop"),
                icon="link",
            ),
            MultiFieldPanel(
                [FieldPanel("tag_names"), FieldPanel("attributes")],
                heading=_("Tags and attributes"),
                icon="tag",
            ),
            InlinePanel(
                "variants",
                [
                    FieldRowPanel([FieldPanel("sku"), FieldPanel("name")]),
                    FieldRowPanel([FieldPanel("price", widget=AmountInput), FieldPanel("cost", widget=AmountInput)]),
                    FieldRowPanel([FieldPanel("stock_count"), FieldPanel("is_published")]),
                    FieldPanel("attributes"),
                    FieldPanel("image_url"),
                ],
                heading=_("Variants"),
                label=_("Variant"),
                icon="list-ul",
                help_text=_("Forms of the product, such as sizes. What a variant leaves empty is that of the product."),
            ),
            InlinePanel(
                "images",
                [
                    FieldPanel("image"),
                    FieldPanel("image_url"),
                    FieldRowPanel([FieldPanel("position"), FieldPanel("alt_text")]),
                ],
                heading=_("Further pictures"),
                label=_("Picture"),
                icon="image",
            ),
        ],
        base_form_class=ProductForm,
    )


class CategoryIndex(generic.IndexView):
    """Categories with their number of products."""

    def get_base_queryset(self) -> QuerySet[Category]:
        products = Count("products", filter=Q(products__kind=Product.Kind.PRODUCT))
        return super().get_base_queryset().select_related("parent").annotate(product_count=products)

    @property
    def columns(self) -> list[Column]:
        return [
            self._get_title_column("name", TitleColumn),
            Column("slug", label=_("Slug"), sort_key="slug"),
            Column("parent", label=_("Part of"), sort_key="parent__name"),
            Column("product_count", label=_("Products"), sort_key="product_count"),
        ]


class CategoryViewSet(WithViewPermission):
    """Product categories."""

    model = Category
    name = "precise-mail-categories"
    icon = "folder-open-inverse"
    menu_label = _("Categories")
    index_view_class = CategoryIndex
    search_fields = ["name", "slug"]
    search_backend_name = None
    ordering = "name"
    edit_handler = ObjectList(
        [TitleFieldPanel("name", targets=["slug"]), FieldPanel("slug", widget=SlugInput), FieldPanel("parent")]
    )
