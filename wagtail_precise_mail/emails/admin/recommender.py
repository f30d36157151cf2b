"""The page of the recommender: how well it does, what it learned, and what it would show to somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.viewsets.base import ViewSet

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.commerce import evaluation, tasks
from wagtail_precise_mail.commerce.models import Product, ProductPair, RecommenderRun
from wagtail_precise_mail.commerce.models.evaluations import BASELINE, RECOMMENDER
from wagtail_precise_mail.contacts.masking import shown_address
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.choosers import contact_chooser_viewset
from wagtail_precise_mail.emails.readers import Item, Occasion
from wagtail_precise_mail.emails.sources.products import FOR_YOU, PersonalProductItems

SEE, REBUILD = "wagtail_precise_mail.view_productpair", "wagtail_precise_mail.change_productpair"
SEE_CONTACTS = "wagtail_precise_mail.view_contact"

RUNS, PAIRS, SHOWN = 30, 40, 10

LABELS = {
    RECOMMENDER: gettext_lazy("For you"),
    "bought_together": gettext_lazy("Bought together with the last order"),
    "popular": gettext_lazy("Popular just now: most orders in 30 days"),
    BASELINE: gettext_lazy("Best-selling: most pieces in 90 days (the baseline)"),
}
WIDTH, HEIGHT = 640, 160


class ContactForm(forms.Form):
    """Whose list is looked at."""

    contact = forms.ModelChoiceField(
        queryset=Contact.objects.none(),
        label=gettext_lazy("Contact"),
        widget=contact_chooser_viewset.widget_class,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contact"].queryset = Contact.objects.all()  # type: ignore[attr-defined]


@dataclass(frozen=True)
class ProgramRow:
    """One program of a run, in percent."""

    label: Any
    rates: list[float | None]
    coverage: float | None
    product_count: int
    is_ours: bool


class RecommenderView(WagtailAdminTemplateMixin, TemplateView):
    """GET only: nothing here changes anything."""

    page_title = gettext_lazy("Recommendations")
    header_icon = "pick"
    template_name = "wagtail_precise_mail/emails/recommender.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(SEE):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        runs = list(RecommenderRun.objects.all()[:RUNS])
        words = self.request.GET.get("q", "").strip()[:100]
        may_see_contacts = self.request.user.has_perm(SEE_CONTACTS)
        return {
            **super().get_context_data(**kwargs),
            "run": runs[0] if runs else None,
            "programs": _programs(runs[0]) if runs else [],
            "sizes": evaluation.SIZES,
            "ours": _percent(runs[0].hit_rate(RECOMMENDER)) if runs else None,
            "theirs": _percent(runs[0].hit_rate(BASELINE)) if runs else None,
            "falls_back": evaluation.falls_back(),
            "history": [_past(run) for run in runs],
            "chart": _chart(runs),
            "words": words,
            "pairs": _pairs(words),
            "may_rebuild": self.request.user.has_perm(REBUILD),
            "may_see_contacts": may_see_contacts,
            **(self._somebody() if may_see_contacts else {}),
        }

    def _somebody(self) -> dict[str, Any]:
        form = ContactForm(self.request.GET if "contact" in self.request.GET else None)
        contact = form.cleaned_data["contact"] if form.is_valid() else None
        words = {"form": form, "media": form.media}
        if contact is None:
            return words
        return {
            **words,
            "contact": contact,
            "address": shown_address(contact.email, self.request.user),
            "items": shown_to(contact),
        }


class RebuildView(View):
    """Learn and evaluate again, in the background: three tasks, so that none takes long."""

    http_method_names = ["post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(REBUILD):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        for task in (tasks.learn_from_orders, tasks.learn_from_views, tasks.evaluate_recommendations):
            enqueue(task)
        messages.success(request, _("Recommendations are learned again. Look at this page in a few minutes."))
        return redirect("precise-mail-recommendations:index")


def shown_to(contact: Contact) -> list[Item]:
    """Return what the list "for you" would show to a contact now, with the reasons; it asks for their permission."""
    at, language = timezone.now(), translation.get_language() or "en"
    occasion = Occasion(at=at, base_url="", language=language)
    source, spec = PersonalProductItems(), {"selection": FOR_YOU, "show_reason": True, "pixels": 80}
    chosen = list(source.load(spec, [contact], limit=SHOWN, occasion=occasion).get(contact.pk or 0, ()))
    names = {f"product:{pk}": name for pk, name in _names(chosen).items()}
    return [{**item, "name": names[item["key"]]} for item in chosen if item["key"] in names]


def _names(items: list[Item]) -> dict[int, str]:
    ids = [int(item["key"].partition(":")[2]) for item in items]
    return {product.pk: f"{product} ({product.sku})" for product in Product.objects.filter(pk__in=ids)}


def _programs(run: RecommenderRun) -> list[ProgramRow]:
    return [
        ProgramRow(
            label=LABELS[name],
            rates=[_percent(run.hit_rate(name, size)) for size in evaluation.SIZES],
            coverage=_percent(run.coverage(name)),
            product_count=run.results[name]["products"],
            is_ours=name == RECOMMENDER,
        )
        for name in evaluation.PROGRAMS
        if name in run.results
    ]


def _past(run: RecommenderRun) -> dict[str, Any]:
    return {
        "on": date_format(localtime(run.evaluated_at), "SHORT_DATETIME_FORMAT"),
        "contacts": run.contact_count,
        "ours": _percent(run.hit_rate(RECOMMENDER)),
        "theirs": _percent(run.hit_rate(BASELINE)),
        "is_better": run.is_better,
    }


def _chart(runs: list[RecommenderRun]) -> dict[str, Any] | None:
    """Return two lines of points from the oldest run to the newest, in the units of the picture."""
    known = [run for run in reversed(runs) if run.contact_count]
    if len(known) < 2:
        return None
    rates = [(run.hit_rate(RECOMMENDER) or 0, run.hit_rate(BASELINE) or 0) for run in known]
    most = max(0.01, *(max(pair) for pair in rates))
    step = WIDTH / (len(rates) - 1)

    def points(place: int) -> str:
        return " ".join(f"{step * n:.1f},{HEIGHT - HEIGHT * pair[place] / most:.1f}" for n, pair in enumerate(rates))

    return {"ours": points(0), "theirs": points(1), "most": _percent(most), "width": WIDTH, "height": HEIGHT}


def _pairs(words: str) -> list[ProductPair]:
    pairs = ProductPair.objects.select_related("product", "companion")
    if words:
        pairs = pairs.filter(Q(product__name__icontains=words) | Q(product__sku__icontains=words))
    return list(pairs.order_by("-is_manual", "-lift", "pk")[:PAIRS])


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


class RecommenderMenuItem(MenuItem):
    """Shown to whoever may see pairs."""

    def is_shown(self, request: Any) -> bool:
        return bool(request.user.has_perm(SEE))


class RecommenderViewSet(ViewSet):
    """The page below the menu of the shop."""

    name = "precise-mail-recommendations"
    icon = "pick"
    menu_label = gettext_lazy("Recommendations")
    menu_item_class = RecommenderMenuItem

    def get_urlpatterns(self) -> list:
        return [
            path("", RecommenderView.as_view(), name="index"),
            path("rebuild/", RebuildView.as_view(), name="rebuild"),
        ]
