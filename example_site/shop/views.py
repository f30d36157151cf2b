"""The storefront: what is sold, the basket, the checkout."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from example_site.shop import services
from example_site.shop.basket import Basket
from example_site.shop.forms import CheckoutForm, QuantityForm
from example_site.shop.queries import shown_categories, shown_products
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.tracking.visitors import record_product_view

PER_PAGE = 24


@require_safe
def index(request: HttpRequest, category_slug: str = "") -> HttpResponse:
    """Everything that is sold, or one category of it, or what matches a word."""
    category = get_object_or_404(shown_categories(), slug=category_slug) if category_slug else None
    words = request.GET.get("q", "").strip()[:100]
    products = shown_products()
    if category:
        products = products.filter(category=category)
    if words:
        products = products.filter(name__icontains=words)
    page = Paginator(products, PER_PAGE).get_page(request.GET.get("page"))
    context = {"category": category, "categories": shown_categories(), "products": page, "words": words}
    return render(request, "shop/index.html", context)


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """One product."""
    shown = get_object_or_404(shown_products(), sku=slug.upper())
    record_product_view(request, shown)
    others = shown_products().filter(category=shown.category).exclude(pk=shown.pk)[:4]
    return render(request, "shop/product.html", {"product": shown, "others": others})


@require_POST
def put(request: HttpRequest, slug: str) -> HttpResponse:
    """Put a product into the basket, or change how many are in it."""
    shown = get_object_or_404(shown_products(), sku=slug.upper())
    form = QuantityForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Please choose a quantity from 1 to 20.")
        return redirect("shop:product", slug=slug.lower())
    basket = Basket(request.session)
    is_change = "change" in request.POST
    if not is_change and not shown.is_available:
        messages.error(request, f"{shown.name} is out of stock.")
    else:
        basket.put(shown.sku, form.cleaned_data["quantity"], more=not is_change)
        if not is_change:
            messages.success(request, f"{shown.name} is in your basket.")
    return redirect("shop:basket")


@never_cache
@require_safe
def basket(request: HttpRequest) -> HttpResponse:
    """What the visitor is about to buy."""
    return render(request, "shop/basket.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """Ask who buys, and place the order. Posting twice places one order."""
    basket = Basket(request.session)
    if request.method == "POST":
        return _place(request, basket)
    if not basket.lines:
        return redirect("shop:basket")
    form = CheckoutForm(initial={"number": basket.start_checkout(), "country": "GB"})
    return render(request, "shop/checkout.html", {"form": form})


def _place(request: HttpRequest, basket: Basket) -> HttpResponse:
    form = CheckoutForm(request.POST)
    number = request.POST.get("number", "")
    if basket.placed(number):
        return redirect("shop:thanks", number=number)
    lines = basket.lines
    if not lines or not basket.is_checking_out(number):
        messages.error(request, "Your basket changed in the meantime. Please look at it once more.")
        return redirect("shop:basket")
    if not form.is_valid():
        return render(request, "shop/checkout.html", {"form": form}, status=422)
    buyer = {name: form.cleaned_data[name] for name in ("email", "first_name", "last_name", "country")}
    services.place_order(number, lines, **buyer)
    basket.finish(number)
    return redirect("shop:thanks", number=number)


@never_cache
@require_safe
def thanks(request: HttpRequest, number: str) -> HttpResponse:
    """What was bought, for the one who bought it."""
    if not Basket(request.session).placed(number):
        raise Http404
    order = get_object_or_404(Order.objects.prefetch_related("lines__product"), source=services.SOURCE, number=number)
    return render(request, "shop/thanks.html", {"order": order})
