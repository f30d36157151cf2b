"""The products of an import: found or made in bulk, then named and priced by what was sold."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, Max, Q

from wagtail_precise_mail.commerce.categories import CategoryBook
from wagtail_precise_mail.commerce.importing.mapping import OrderMapping
from wagtail_precise_mail.commerce.importing.report import ImportReport
from wagtail_precise_mail.commerce.importing.rows import OrderRow, charge_reader, split_tags
from wagtail_precise_mail.commerce.models import Order, OrderLine, Product, ProductVariant
from wagtail_precise_mail.commerce.products import find_tags
from wagtail_precise_mail.indexing import index_in_bulk

_CHUNK = 500
_REFRESHED = ["name", "price", "currency", "kind", "category", "image_url", "url", "cost", "brand_name"]


@dataclass(frozen=True, slots=True)
class Shelved:
    """What a SKU of the file stands for."""

    pk: int
    is_charge: bool
    variant_id: int | None = None


@dataclass(slots=True)
class _Facts:
    """What the rows say of a product; the last one that says something counts."""

    category: str = ""
    image_url: str = ""
    url: str = ""
    cost: Decimal | None = None
    brand: str = ""
    tags: str = ""

    def take(self, row: OrderRow) -> None:
        self.category = row.category or self.category
        self.image_url = row.image_url or self.image_url
        self.url = row.url or self.url
        self.cost = self.cost if row.cost is None else row.cost
        self.brand = row.brand or self.brand
        self.tags = row.tags or self.tags


_NO_FACTS = _Facts()


class ProductShelf:
    """Finds products by SKU and makes those that are missing."""

    def __init__(self, mapping: OrderMapping, report: ImportReport, *, at: datetime) -> None:
        self._report = report
        self._at = at
        self._kind = charge_reader(mapping)
        self._met: dict[str, Shelved] = {}
        self._new: set[int] = set()
        self._categories = CategoryBook()
        self._has_variants = bool(mapping.columns.variant)
        self._facts: dict[str, _Facts] = {}

    def resolve(self, rows: list[OrderRow]) -> dict[str, Shelved]:
        """Return what all SKUs met so far stand for. A row with a variant is about that one."""
        for row in rows:
            if row.category or row.image_url or row.url or row.cost is not None or row.brand or row.tags:
                self._facts.setdefault(row.sku, _Facts()).take(row)
        unmet = list({row.sku for row in rows if row.sku not in self._met})
        if unmet:
            self._find(unmet)
            self._create([sku for sku in unmet if sku not in self._met], rows)
        if self._has_variants:
            self._meet_variants([row for row in rows if row.variant])
        return self._met

    def _find(self, skus: list[str]) -> None:
        charge = Product.Kind.CHARGE
        for sku, pk, kind in Product.objects.filter(sku__in=skus).values_list("sku", "pk", "kind"):
            # What the mapping calls a charge is one at the end of the file.
            self._met[sku] = Shelved(pk, charge in (kind, self._kind(sku)))
        missing = [sku for sku in skus if sku not in self._met]
        if missing:
            variants = ProductVariant.objects.filter(sku__in=missing)
            for sku, pk, product_id in variants.values_list("sku", "pk", "product_id"):
                self._met[sku] = Shelved(product_id, is_charge=False, variant_id=pk)

    def _meet_variants(self, rows: list[OrderRow]) -> None:
        """Find or make the variants that rows name, and let the rows be about them."""
        told = {row.variant: row.sku for row in rows if row.variant != row.sku}
        unmet = [sku for sku in told if sku not in self._met]
        if unmet:
            self._find(unmet)
            missing = [sku for sku in unmet if sku not in self._met]
            made = [ProductVariant(product_id=self._met[told[sku]].pk, sku=sku) for sku in missing]
            ProductVariant.objects.bulk_create(made, ignore_conflicts=True)
            self._find(missing)
        for row in rows:
            row.sku = row.variant

    def _create(self, skus: list[str], rows: list[OrderRow]) -> None:
        if not skus:
            return
        names = {row.sku: row.description for row in rows if row.description}
        products = [Product(sku=sku, kind=self._kind(sku), name=names.get(sku, "")) for sku in skus]
        # The shop may add a product while the import runs: then theirs is taken.
        Product.objects.bulk_create(products, ignore_conflicts=True)
        made = list(Product.objects.filter(sku__in=skus))
        index_in_bulk(Product, made)
        for product in made:
            self._met[product.sku] = Shelved(product.pk, product.kind == Product.Kind.CHARGE)
        self._new.update(product.pk for product in made)
        self._report.new_products += len(products)

    def refresh(self) -> None:
        """Name and price the file's products by all lines that are stored of them.

        The name is what most paid lines call it, the price that of the latest sale. What an editor or the shop wrote
        stays: only values that came from lines are replaced.
        """
        pks = sorted({shelved.pk for shelved in self._met.values()})
        for start in range(0, len(pks), _CHUNK):
            with transaction.atomic():
                self._refresh_chunk(pks[start : start + _CHUNK])

    def _refresh_chunk(self, pks: list[int]) -> None:
        names, prices = _names(pks), _prices(pks)
        changed, found_anew = [], []
        for product in Product.objects.filter(pk__in=pks):
            is_found_anew = _rename(product, names[product.pk]) | self._fill(product)
            if _reprice(product, prices[product.pk]) or is_found_anew:
                product.updated_at = self._at
                changed.append(product)
            if is_found_anew:
                found_anew.append(product)
        # An upsert of rows that are there: many times faster than the CASE of bulk_update.
        Product.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["pk"], update_fields=[*_REFRESHED, "updated_at"]
        )
        index_in_bulk(Product, found_anew)
        self._report.changed_products += sum(product.pk not in self._new for product in changed)

    def _fill(self, product: Product) -> bool:
        """Fill in what the file knows and the product lacks; what the mapping calls a charge is one."""
        facts = self._facts.get(product.sku, _NO_FACTS)
        before = [getattr(product, name) for name in _FILLED]
        if facts.category and product.category_id is None:
            product.category = self._categories.find(facts.category)
        product.image_url = product.image_url or facts.image_url
        product.url = product.url or facts.url
        product.cost = facts.cost if product.cost is None else product.cost
        product.brand_name = product.brand_name or facts.brand
        if self._kind(product.sku) == Product.Kind.CHARGE:
            product.kind = Product.Kind.CHARGE
        if facts.tags:
            product.tags.add(*find_tags(split_tags(facts.tags)))
        return before != [getattr(product, name) for name in _FILLED]


_FILLED = ("category_id", "image_url", "url", "kind", "cost", "brand_name")


def _names(pks: list[int]) -> dict[int, list[tuple[int, int, datetime, str]]]:
    """Return what lines call each product: paid lines, all lines, the latest, the name."""
    found = defaultdict(list)
    rows = (
        OrderLine.objects.filter(product__in=pks)
        .exclude(description="")
        .values_list("product_id", "description")
        .order_by()
        .annotate(paid=Count("pk", filter=Q(unit_price__gt=0)), all=Count("pk"), last=Max("order__placed_at"))
    )
    for pk, name, paid, count, last in rows:
        found[pk].append((paid, count, last, name))
    return found


def _prices(pks: list[int]) -> dict[int, list[tuple[datetime, Decimal, str]]]:
    """Return for what each product was sold: the latest moment, the price, the currency."""
    found = defaultdict(list)
    rows = (
        OrderLine.objects.filter(product__in=pks, order__kind=Order.Kind.SALE, unit_price__gt=0, quantity__gt=0)
        .values_list("product_id", "unit_price", "order__currency")
        .order_by()
        .annotate(last=Max("order__placed_at"))
    )
    for pk, price, currency, last in rows:
        found[pk].append((last, price, currency))
    return found


def _rename(product: Product, names: list[tuple[int, int, datetime, str]]) -> bool:
    if not names or (product.name and product.name not in {name for *_rest, name in names}):
        return False
    before, product.name = product.name, max(names)[-1]
    return before != product.name


def _reprice(product: Product, prices: list[tuple[datetime, Decimal, str]]) -> bool:
    if not prices:
        return False
    before = (product.price, product.currency)
    if product.price is not None and before not in {(price, currency) for _last, price, currency in prices}:
        return False
    _last, product.price, product.currency = max(prices)
    return before != (product.price, product.currency)
