"""What can be done with an import in the admin: one view for each verb, by POST."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View
from wagtail.admin import messages

from wagtail_precise_mail.contacts.admin.forms import describe_errors
from wagtail_precise_mail.contacts.admin.import_forms import ReasonForm
from wagtail_precise_mail.contacts.admin.imports import PAGE, OfImports
from wagtail_precise_mail.contacts.importing import services
from wagtail_precise_mail.contacts.imports import ImportBatch
from wagtail_precise_mail.exceptions import InvalidTransition, NotReady


class ActionView(OfImports, View):
    """One verb on one import, by POST."""

    http_method_names = ["post", "options"]
    needs = "add"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = get_object_or_404(ImportBatch, pk=pk)
        try:
            if told := self.act(batch, request):
                messages.success(request, told)
        except NotReady as error:
            messages.error(request, " ".join(error.problems))
        except (InvalidTransition, ValueError) as error:
            messages.error(request, str(error))
        return redirect(PAGE, batch.pk)

    def act(self, batch: ImportBatch, request: HttpRequest) -> str:
        """Do it, and return a sentence that says so, or ""."""
        raise NotImplementedError


def _reason(request: HttpRequest) -> str:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise ValueError(describe_errors(form))
    return str(form.cleaned_data["reason"])


class CheckView(ActionView):
    """A dry run."""

    def act(self, batch: ImportBatch, request: HttpRequest) -> str:
        services.check_import(batch)
        return ""


class StartView(ActionView):
    """In earnest."""

    def act(self, batch: ImportBatch, request: HttpRequest) -> str:
        services.start_import(batch, by=cast("Any", request.user))
        return ""


class StopView(ActionView):
    """Hold it."""

    def act(self, batch: ImportBatch, request: HttpRequest) -> str:
        services.stop_import(batch)
        return _("The import was stopped. What is in stays in until you undo it.")


class ResumeView(ActionView):
    """Let it go on."""

    def act(self, batch: ImportBatch, request: HttpRequest) -> str:
        services.resume_import(batch, by=cast("Any", request.user))
        return ""


class UndoView(ActionView):
    """Take it back."""

    needs = "undo"

    def act(self, batch: ImportBatch, request: HttpRequest) -> str:
        services.undo_import(batch, by=cast("Any", request.user), reason=_reason(request))
        return ""


class ReleaseView(ActionView):
    """End the quarantine."""

    needs = "release"

    def act(self, batch: ImportBatch, request: HttpRequest) -> str:
        count = services.release_import(batch, reason=_reason(request), by=cast("Any", request.user))
        words = ngettext("%(count)d contact may get mail now.", "%(count)d contacts may get mail now.", count)
        return words % {"count": count}


VIEWS: dict[str, type[ActionView]] = {
    "check": CheckView,
    "start": StartView,
    "stop": StopView,
    "resume": ResumeView,
    "undo": UndoView,
    "release": ReleaseView,
}
"""By the verb in the address."""
