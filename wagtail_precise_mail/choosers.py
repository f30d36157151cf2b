"""Choosers that ask for a permission: Wagtail's own let everybody in who has the admin."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import Promise, cached_property
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import chooser
from wagtail.admin.viewsets.chooser import ChooserViewSet
from wagtail.coreutils import resolve_model_string
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.snippets.views import chooser as snippets
from wagtail.snippets.views import snippets as snippets_views

_ANY = ["view", "add", "change", "delete", "publish"]


class RequirePermission:
    """Opens a chooser to those who may at least view its model."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        model = resolve_model_string(self.model)  # type: ignore[attr-defined]
        if not ModelPermissionPolicy(model).user_has_any_permission(request.user, _ANY):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class _ChosenView(RequirePermission, chooser.ChosenView):
    """One was chosen."""


class _ChosenMultipleView(RequirePermission, chooser.ChosenMultipleView):
    """Several were chosen."""


class ChooserListing:
    """What the table of a chooser shows: subclasses say which objects (``get_object_list``) and which columns."""

    title: str | Promise

    def before_title(self) -> list[Column]:
        """Return the columns in front of the title."""
        return []

    def after_title(self) -> list[Column]:
        """Return the columns behind the title."""
        return []

    @cached_property
    def columns(self) -> list[Column]:
        title, *rest = super().columns  # type: ignore[misc]
        title.label = self.title
        return [*self.before_title(), title, *self.after_title(), *rest]


class GuardedChooserViewSet(ChooserViewSet):
    """The chooser of a model, for those who may at least view it. Subclasses set ``listing``."""

    listing: type[ChooserListing]
    per_page = 20
    chosen_view_class = _ChosenView
    chosen_multiple_view_class = _ChosenMultipleView

    @cached_property
    def choose_view_class(self) -> type[chooser.ChooseView]:
        return self._with_listing(chooser.ChooseView)

    @cached_property
    def choose_results_view_class(self) -> type[chooser.ChooseResultsView]:
        return self._with_listing(chooser.ChooseResultsView)

    def _with_listing(self, view: type[Any]) -> type[Any]:
        return type(f"{type(self).__name__}{view.__name__}", (RequirePermission, self.listing, view), {})


class _SnippetChooseView(RequirePermission, snippets.ChooseView):
    """The modal."""


class _SnippetChooseResultsView(RequirePermission, snippets.ChooseResultsView):
    """The table in the modal."""


class _SnippetChosenView(RequirePermission, snippets.SnippetChosenView):
    """One was chosen."""


class _SnippetChosenMultipleView(RequirePermission, snippets.SnippetChosenMultipleView):
    """Several were chosen."""


class GuardedSnippetChooserViewSet(snippets.SnippetChooserViewSet):
    """The chooser of a snippet, for those who may at least view it."""

    choose_view_class = _SnippetChooseView
    choose_results_view_class = _SnippetChooseResultsView
    chosen_view_class = _SnippetChosenView
    chosen_multiple_view_class = _SnippetChosenMultipleView


class GuardedSnippetViewSet(snippets_views.SnippetViewSet):
    """A snippet that is chosen by those who may view it, and looked for in the database itself."""

    chooser_viewset_class = GuardedSnippetChooserViewSet
    search_backend_name = None
