"""Tables of products."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.images import get_image_model_string
from wagtail.search import index


# The checker does not see the managers of models that hold their children until they are saved, such as products.
class Category(models.Model):  # type: ignore[django-manager-missing]
    """A product category; its slug is its natural key."""

    name = models.CharField(_("name"), max_length=150)
    slug = models.SlugField(_("slug"), max_length=150, unique=True)
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )
    products: models.Manager[Product]

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if self.parent_id is not None and self.pk is not None and is_below(self.parent_id, self.pk):
            raise ValidationError({"parent": _("This category is above it, so the two would go round in a ring.")})


def is_below(category_id: int, other_id: int) -> bool:
    """Whether a category is another one or below it, in one query; a ring that is stored ends where it began."""
    parents = dict(Category.objects.order_by().values_list("pk", "parent_id"))
    seen: set[int] = set()
    pk: int | None = category_id
    while pk is not None and pk not in seen:
        if pk == other_id:
            return True
        seen.add(pk)
        pk = parents.get(pk)
    return False


class ProductTag(models.Model):
    """A word on products, such as "vegan"; its slug is its natural key."""

    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("slug"), max_length=100, unique=True)

    class Meta:
        verbose_name = _("product tag")
        verbose_name_plural = _("product tags")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def normalize_sku(code: str) -> str:
    """Return the natural key of a product: stock codes that differ only in case are one product."""
    return code.strip().upper()


class Product(index.Indexed, ClusterableModel):
    """Something that is sold, or a charge (postage, a fee) that appears on orders beside it."""

    class Kind(models.TextChoices):
        PRODUCT = "product", _("product")
        CHARGE = "charge", _("charge")

    sku = models.CharField(_("SKU"), max_length=100, unique=True, help_text=_("Stock code; case does not matter."))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.PRODUCT)
    name = models.CharField(_("name"), max_length=250, blank=True)
    description = models.TextField(_("description"), blank=True)
    url = models.CharField(_("link"), max_length=500, blank=True, help_text=_("Page of the product in the shop."))
    image = models.ForeignKey(
        get_image_model_string(), models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("image")
    )
    image_url = models.URLField(_("image elsewhere"), max_length=500, blank=True)
    category = models.ForeignKey(
        Category, models.SET_NULL, null=True, blank=True, related_name="products", verbose_name=_("category")
    )
    # Beside the main one, which lists and figures name; conditions ask for all of them.
    further_categories = models.ManyToManyField(
        Category, related_name="further_products", blank=True, verbose_name=_("further categories")
    )
    tags: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        "ProductTag", related_name="products", blank=True, verbose_name=_("tags")
    )
    attributes = models.JSONField(
        _("attributes"), default=dict, blank=True, help_text=_('Such as {"color": "red", "material": "wool"}.')
    )
    price = models.DecimalField(_("price"), max_digits=14, decimal_places=4, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    compare_at_price = models.DecimalField(
        _("price before"),
        max_digits=14,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_("Struck through beside the price where it is higher. It must have been asked for before."),
    )
    # In the currency of the price. For choosing only: no mail, and nothing that a contact sees, may show it.
    cost = models.DecimalField(
        _("cost"),
        max_digits=14,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("What you pay for one, in the same currency; for lists with a least margin. Mails never show it."),
    )
    # Below zero where a shop sells more than it has: that is a fact, and kept. Of a product with variants the sum of
    # what is left of those on sale, so that lists need not look at them.
    stock_count = models.IntegerField(
        _("in stock"),
        null=True,
        blank=True,
        help_text=_("Empty: not counted. Variants have their own, which add up here."),
    )
    is_published = models.BooleanField(_("on sale"), default=True)
    published_at = models.DateTimeField(
        _("new since"), null=True, blank=True, help_text=_("Empty: since it was added here.")
    )
    is_replenishable = models.BooleanField(
        _("bought again and again"),
        default=False,
        help_text=_("Such as tea: shown also to those who bought it before."),
    )
    replenish_days = models.PositiveIntegerField(
        _("used up after days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: what the customers' own orders say."),
    )
    # Pieces sold within a year, counted every day: lists in mails cannot count them for every batch.
    popularity = models.IntegerField(_("popularity"), default=0, editable=False)
    # Orders of the last days with it, counted with the same; and the median days after which customers bought it again.
    recent_order_count = models.PositiveIntegerField(_("recent orders"), default=0, editable=False)
    learned_replenish_days = models.PositiveIntegerField(_("bought again after days"), null=True, editable=False)
    brand_name = models.CharField(_("brand"), max_length=100, blank=True)
    rating = models.DecimalField(
        _("rating"),
        max_digits=3,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(5)],
        help_text=_("Of 5 stars."),
    )
    rating_count = models.PositiveIntegerField(_("ratings"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects: ClassVar[models.Manager[Product]] = models.Manager()

    search_fields = [
        index.SearchField("name"),
        index.SearchField("sku"),
        index.AutocompleteField("name"),
        index.AutocompleteField("sku"),
        index.FilterField("kind"),
        index.FilterField("category"),
    ]

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["name", "sku"]
        constraints = [models.CheckConstraint(condition=~models.Q(sku=""), name="wpm_product_has_sku")]
        indexes = [models.Index(fields=["brand_name"], name="wpm_product_brand")]

    def __str__(self) -> str:
        return self.name or self.sku

    @property
    def is_available(self) -> bool:
        """Whether it can be bought now."""
        # Shops that oversell count below zero.
        is_in_stock = self.stock_count is None or self.stock_count > 0
        return self.kind == self.Kind.PRODUCT and self.is_published and is_in_stock

    @property
    def margin_percent(self) -> Decimal | None:
        """What of the price is left after the cost, of 100; None where either is unknown, or it is free."""
        if self.price is None or self.cost is None or self.price <= 0:
            return None
        return (self.price - self.cost) * 100 / self.price

    @property
    def new_since(self) -> datetime:
        """Since when it is new."""
        return self.published_at or self.created_at

    @property
    def discount_percent(self) -> int:
        """By how much the price is below the one before, from 0 to 100, rounded down."""
        price, before = self.price, self.compare_at_price
        if price is None or before is None or not Decimal(0) <= price < before:
            return 0
        return int((before - price) * 100 / before)

    def clean(self) -> None:
        super().clean()
        self.sku = normalize_sku(self.sku)
        if ProductVariant.objects.filter(sku=self.sku).exists():
            raise ValidationError({"sku": _("There is a variant with this SKU.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sku = normalize_sku(self.sku)
        super().save(*args, **kwargs)

    def recount_stock(self) -> None:
        """Take over what is left of the variants that are on sale; without variants nothing changes."""
        counts = list(self.variants.filter(is_published=True).values_list("stock_count", flat=True))
        if not counts and not self.variants.exists():
            return
        # A variant that is oversold takes nothing from the others.
        stock = None if None in counts else sum(max(0, count) for count in counts if count is not None)
        if stock != self.stock_count:
            self.stock_count = stock
            Product.objects.filter(pk=self.pk).update(stock_count=stock)


class ProductVariant(models.Model):
    """One of several forms of a product, such as a size. No product and no other variant has its SKU."""

    product = ParentalKey(Product, on_delete=models.CASCADE, related_name="variants", verbose_name=_("product"))
    sku = models.CharField(_("SKU"), max_length=100, unique=True, help_text=_("Stock code; case does not matter."))
    name = models.CharField(_("name"), max_length=150, blank=True, help_text=_("Such as “red, 42”."))
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    # Empty values are those of the product.
    price = models.DecimalField(_("price"), max_digits=14, decimal_places=4, null=True, blank=True)
    cost = models.DecimalField(
        _("cost"), max_digits=14, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    stock_count = models.IntegerField(_("in stock"), null=True, blank=True, help_text=_("Empty: not counted."))
    is_published = models.BooleanField(_("on sale"), default=True)
    image_url = models.URLField(_("image elsewhere"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("product variant")
        verbose_name_plural = _("product variants")
        ordering = ["product", "sku"]
        constraints = [models.CheckConstraint(condition=~models.Q(sku=""), name="wpm_variant_has_sku")]

    def __str__(self) -> str:
        return f"{self.product} {self.name or self.sku}"

    def clean(self) -> None:
        super().clean()
        self.sku = normalize_sku(self.sku)
        if Product.objects.filter(sku=self.sku).exists():
            raise ValidationError({"sku": _("There is a product with this SKU.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sku = normalize_sku(self.sku)
        super().save(*args, **kwargs)


class ProductImage(models.Model):
    """A further picture of a product, beside the main one."""

    product = ParentalKey(Product, on_delete=models.CASCADE, related_name="images")
    position = models.PositiveSmallIntegerField(_("place"), default=1)
    image = models.ForeignKey(get_image_model_string(), models.SET_NULL, null=True, blank=True, related_name="+")
    image_url = models.URLField(_("image elsewhere"), max_length=500, blank=True)
    alt_text = models.CharField(_("what it shows"), max_length=250, blank=True)

    class Meta:
        verbose_name = _("product image")
        verbose_name_plural = _("product images")
        ordering = ["product", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["product", "position"], name="wpm_product_image_once")]

    def __str__(self) -> str:
        return f"{self.product} #{self.position}"
