"""Choosers of reviews and stores."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import chooser
from wagtail.admin.viewsets.chooser import ChooserViewSet

from wagtail_precise_mail.choosers import ChosenMultipleView, ChosenView, RequirePermission
from wagtail_precise_mail.commerce.reviews import Review
from wagtail_precise_mail.commerce.stores import Store


class _ReviewListing:
    per_page = 20

    def get_object_list(self) -> QuerySet[Review]:
        return Review.objects.filter(state=Review.State.APPROVED).select_related("product")

    @property
    def columns(self) -> list[Column]:
        title, *rest = super().columns  # type: ignore[misc]
        title.label = _("Review")
        return [title, Column("stars", label=_("Stars")), Column("product", label=_("Product")), *rest]


class ReviewChooseView(RequirePermission, _ReviewListing, chooser.ChooseView):
    """The modal."""


class ReviewChooseResultsView(RequirePermission, _ReviewListing, chooser.ChooseResultsView):
    """The table in the modal, after a turn of the page."""


class ReviewChooserViewSet(ChooserViewSet):
    """Choose one of the approved reviews."""

    model = Review
    icon = "openquote"
    choose_one_text = _("Choose a review")
    choose_another_text = _("Choose another review")
    edit_item_text = _("Edit this review")
    per_page = 20
    choose_view_class = ReviewChooseView
    choose_results_view_class = ReviewChooseResultsView
    chosen_view_class = ChosenView
    chosen_multiple_view_class = ChosenMultipleView


class StoreChooseView(RequirePermission, chooser.ChooseView):
    """The modal."""


class StoreChooseResultsView(RequirePermission, chooser.ChooseResultsView):
    """The table in the modal, after a turn of the page."""


class StoreChooserViewSet(ChooserViewSet):
    """Choose a store."""

    model = Store
    icon = "home"
    choose_one_text = _("Choose a store")
    choose_another_text = _("Choose another store")
    edit_item_text = _("Edit this store")
    choose_view_class = StoreChooseView
    choose_results_view_class = StoreChooseResultsView
    chosen_view_class = ChosenView
    chosen_multiple_view_class = ChosenMultipleView


review_chooser_viewset = ReviewChooserViewSet("precise_mail_review_chooser", url_prefix="mail/choose-review")
store_chooser_viewset = StoreChooserViewSet("precise_mail_store_chooser", url_prefix="mail/choose-store")

ReviewChooserBlock = review_chooser_viewset.get_block_class(name="ReviewChooserBlock", module_path=__name__)
StoreChooserBlock = store_chooser_viewset.get_block_class(name="StoreChooserBlock", module_path=__name__)
