"""The products of an import: found or made in bulk, then named and priced by what was sold."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils.text import slugify

from wagtail_precise_mail.commerce.importing.mapping import OrderMapping
from wagtail_precise_mail.commerce.importing.report import ImportReport
from wagtail_precise_mail.commerce.importing.rows import OrderRow, charge_reader
from wagtail_precise_mail.commerce.models import Category, Order, OrderLine, Product
from wagtail_precise_mail.indexing import index_in_bulk

_CHUNK = 500
_REFRESHED = ["name", "price", "currency", "kind", "category", "image_url", "url", "cost"]
_NO_FACTS = ("", "", "", None)


class ProductShelf:
    """Finds products by SKU and makes those that are missing."""

    def __init__(self, mapping: OrderMapping, report: ImportReport, *, at: datetime) -> None:
        self._report = report
        self._at = at
        self._kind = charge_reader(mapping)
        self._pks: dict[str, int] = {}
        self._new: set[int] = set()
        self._categories: dict[str, Category] = {}
        # By SKU: category, picture, link and cost of the last row that has one.
        self._facts: dict[str, tuple[str, str, str, Decimal | None]] = {}

    def resolve(self, rows: list[OrderRow]) -> dict[str, int]:
        """Return the primary keys of all products met so far by SKU."""
        for row in rows:
            if row.category or row.image_url or row.url or row.cost is not None:
                category, image_url, url, cost = self._facts.get(row.sku, _NO_FACTS)
                cost = cost if row.cost is None else row.cost
                self._facts[row.sku] = (row.category or category, row.image_url or image_url, row.url or url, cost)
        unmet = list({row.sku for row in rows if row.sku not in self._pks})
        if unmet:
            self._pks.update(Product.objects.filter(sku__in=unmet).values_list("sku", "pk"))
            self._create([sku for sku in unmet if sku not in self._pks], rows)
        return self._pks

    def _create(self, skus: list[str], rows: list[OrderRow]) -> None:
        if not skus:
            return
        names = {row.sku: row.description for row in rows if row.description}
        products = [Product(sku=sku, kind=self._kind(sku), name=names.get(sku, "")) for sku in skus]
        # The shop may add a product while the import runs: then theirs is taken.
        Product.objects.bulk_create(products, ignore_conflicts=True)
        made = list(Product.objects.filter(sku__in=skus))
        index_in_bulk(Product, made)
        self._pks.update({product.sku: product.pk for product in made})
        self._new.update(product.pk for product in made)
        self._report.new_products += len(products)

    def refresh(self) -> None:
        """Name and price the file's products by all lines that are stored of them.

        The name is what most paid lines call it, the price that of the latest sale. What an editor or the shop wrote
        stays: only values that came from lines are replaced.
        """
        pks = sorted(self._pks.values())
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
        category, image_url, url, cost = self._facts.get(product.sku, _NO_FACTS)
        before = (product.category_id, product.image_url, product.url, product.kind, product.cost)
        if category and product.category_id is None:
            product.category = self._category(category)
        product.image_url = product.image_url or image_url
        product.url = product.url or url
        product.cost = cost if product.cost is None else product.cost
        if self._kind(product.sku) == Product.Kind.CHARGE:
            product.kind = Product.Kind.CHARGE
        return before != (product.category_id, product.image_url, product.url, product.kind, product.cost)

    def _category(self, name: str) -> Category | None:
        slug = slugify(name, allow_unicode=False)[:150] or slugify(name.encode("unicode_escape").decode())[:150]
        if slug not in self._categories:
            self._categories[slug], _created = Category.objects.get_or_create(slug=slug, defaults={"name": name})
        return self._categories[slug]


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
