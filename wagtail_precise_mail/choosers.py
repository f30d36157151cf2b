"""Choosers that ask for a permission: Wagtail's own let everybody in who has the admin."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from wagtail.admin.views.generic import chooser
from wagtail.coreutils import resolve_model_string
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.snippets.views import chooser as snippets

_ANY = ["view", "add", "change", "delete", "publish"]


class RequirePermission:
    """Opens a chooser to those who may at least view its model."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        model = resolve_model_string(self.model)  # type: ignore[attr-defined]
        if not ModelPermissionPolicy(model).user_has_any_permission(request.user, _ANY):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class ChosenView(RequirePermission, chooser.ChosenView):
    """One was chosen."""


class ChosenMultipleView(RequirePermission, chooser.ChosenMultipleView):
    """Several were chosen."""


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
