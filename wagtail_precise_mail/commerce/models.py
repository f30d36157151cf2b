"""Tables of products and orders."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.images import get_image_model_string
from wagtail.search import index

from wagtail_precise_mail.contacts.models import Contact


class Category(models.Model):
    """A product category; its slug is its natural key."""

    name = models.CharField(_("name"), max_length=150)
    slug = models.SlugField(_("slug"), max_length=150, unique=True)
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def normalize_sku(code: str) -> str:
    """Return the natural key of a product: stock codes that differ only in case are one product."""
    return code.strip().upper()


class Product(index.Indexed, models.Model):
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
    stock_count = models.IntegerField(_("in stock"), null=True, blank=True, help_text=_("Empty: not counted."))
    is_published = models.BooleanField(_("on sale"), default=True)
    published_at = models.DateTimeField(
        _("new since"), null=True, blank=True, help_text=_("Empty: since it was added here.")
    )
    is_replenishable = models.BooleanField(
        _("bought again and again"),
        default=False,
        help_text=_("Such as tea: shown also to those who bought it before."),
    )
    # Pieces sold within a year, counted every day: lists in mails cannot count them for every batch.
    popularity = models.IntegerField(_("popularity"), default=0, editable=False)
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

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sku = normalize_sku(self.sku)
        super().save(*args, **kwargs)


class Order(models.Model):
    """An invoice of a source: a sale, a refund, or a bookkeeping adjustment that is neither."""

    class Kind(models.TextChoices):
        SALE = "sale", _("sale")
        REFUND = "refund", _("refund")
        ADJUSTMENT = "adjustment", _("adjustment")

    source = models.CharField(_("source"), max_length=50)
    number = models.CharField(_("number"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.SALE)
    # Orders without a contact count for product figures only.
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="orders", verbose_name=_("contact")
    )
    placed_at = models.DateTimeField(_("placed"))
    currency = models.CharField(_("currency"), max_length=3)
    # The sum of the lines, negative for refunds: kept here because segments read it for every contact.
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=4, default=0)
    country = models.CharField(_("country"), max_length=2, blank=True)
    is_historical = models.BooleanField(_("imported history"), default=False)
    recorded_at = models.DateTimeField(_("recorded"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-placed_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="wpm_order_once")]
        indexes = [
            models.Index(fields=["contact", "kind", "placed_at"], name="wpm_order_contact"),
            models.Index(fields=["kind", "placed_at"], name="wpm_order_placed"),
        ]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """One line of an order; its position in the order is its natural key."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField(_("position"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="order_lines", verbose_name=_("product"))
    description = models.CharField(_("description"), max_length=250, blank=True)
    quantity = models.IntegerField(_("quantity"), help_text=_("Negative in refunds."))
    unit_price = models.DecimalField(_("unit price"), max_digits=14, decimal_places=4)
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=4)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["order", "position"]
        constraints = [models.UniqueConstraint(fields=["order", "position"], name="wpm_line_once")]

    def __str__(self) -> str:
        return f"{self.order} #{self.position}"


class ProductPair(models.Model):
    """Two products of which one is shown to those who bought the other: learned from orders, or said by a person."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="pairs", verbose_name=_("who bought"))
    companion = models.ForeignKey(Product, models.CASCADE, related_name="+", verbose_name=_("is shown"))
    is_manual = models.BooleanField(_("said by a person"), default=False, editable=False)
    order_count = models.PositiveIntegerField(_("orders with both"), default=0, editable=False)
    # How many times as often as chance would have it they stand in one order.
    lift = models.FloatField(_("lift"), default=0, editable=False)

    class Meta:
        verbose_name = _("product pair")
        verbose_name_plural = _("product pairs")
        constraints = [
            models.UniqueConstraint(fields=["product", "companion"], name="wpm_pair_once"),
            models.CheckConstraint(condition=~models.Q(product=models.F("companion")), name="wpm_pair_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.product} → {self.companion}"

    def clean(self) -> None:
        super().clean()
        if self.product_id and self.product_id == self.companion_id:
            raise ValidationError({"companion": _("Choose another product than the one that was bought.")})


class CouponPool(models.Model):
    """A pile of unique codes, of which each message takes one."""

    name = models.CharField(_("name"), max_length=150, unique=True)
    expires_at = models.DateTimeField(
        _("valid until"), null=True, blank=True, help_text=_("After it, mails show no code of it. Empty: for good.")
    )
    low_stock_at = models.PositiveIntegerField(
        _("warn below"), default=100, help_text=_("Colleagues are warned when fewer codes than this are left.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("coupon pool")
        verbose_name_plural = _("coupon pools")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name

    def is_expired(self, at: datetime) -> bool:
        """Whether its codes are worth nothing any more."""
        return self.expires_at is not None and self.expires_at <= at


class CouponCode(models.Model):
    """One code: free, or taken for good, by a message or by a contact as their welcome."""

    pool = models.ForeignKey(CouponPool, models.CASCADE, related_name="codes", verbose_name=_("pool"))
    code = models.CharField(_("code"), max_length=40)
    # A plain id: messages belong to a room above this one.
    message_id = models.BigIntegerField(_("message"), null=True, blank=True)
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="coupon_codes", verbose_name=_("contact")
    )
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True)

    class Meta:
        verbose_name = _("coupon code")
        verbose_name_plural = _("coupon codes")
        constraints = [
            models.UniqueConstraint(fields=["pool", "code"], name="wpm_coupon_code_once"),
            models.UniqueConstraint(fields=["pool", "message_id"], name="wpm_coupon_per_message"),
        ]
        indexes = [
            models.Index(fields=["pool", "id"], name="wpm_coupon_free", condition=models.Q(taken_at__isnull=True))
        ]

    def __str__(self) -> str:
        return self.code
