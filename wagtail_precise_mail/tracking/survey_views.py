"""The page behind the answers of a survey: the click chooses, and the button answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from wagtail_precise_mail.contacts.public import make_private, page_language, public_context
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.tracking.survey_tokens import SurveyToken, read_survey_token
from wagtail_precise_mail.tracking.surveys import COMMENT_LENGTH, Survey, find_answer, find_survey, record_answer

_TEMPLATES = "wagtail_precise_mail/tracking/survey/"


# What protects this POST is the signed token in its URL; browsers inside of mail programs may keep no cookies.
@method_decorator(csrf_exempt, name="dispatch")
class SurveyView(View):
    """GET shows the chosen answer and changes nothing, for scanners follow links; POST keeps it."""

    http_method_names = ["get", "head", "post", "options"]
    chosen: SurveyToken
    message: OutboxMessage
    survey: Survey

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.chosen = read_survey_token(kwargs["token"])
        except InvalidToken:
            return self._dead_end("wagtail_precise_mail/contacts/public/bad_link.html", 400)
        messages = OutboxMessage.objects.select_related("send__compiled", "contact")
        message = messages.filter(pk=self.chosen.message_id).first()
        survey = find_survey(message, self.chosen.block_id) if message else None
        if message is None or survey is None:
            return self._dead_end("wagtail_precise_mail/delivery/public/gone.html", 410)
        self.message, self.survey = message, survey
        with translation.override(page_language(message.contact)):
            return make_private(super().dispatch(request, *args, **kwargs))

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._ask(self.chosen.answer)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        given = request.POST.get("answer", "")
        number = int(given) if given.isascii() and given.isdigit() and len(given) < 3 else -1
        if not 0 <= number < len(self.survey.answers):
            return self._ask(-1, is_missing=True)
        answer = self.survey.answers[number]
        comment = request.POST.get("comment", "") if self.survey.asks_comment else ""
        record_answer(self.message, self.survey, answer, comment=comment)
        return self._page("thanks.html", {"answer": answer})

    def _ask(self, number: int, *, is_missing: bool = False) -> HttpResponse:
        known = find_answer(self.message, self.survey.block_id)
        return self._page(
            "ask.html",
            {
                "answers": list(enumerate(self.survey.answers)),
                "chosen": number,
                "is_missing": is_missing,
                "known": known,
                "comment": self.request.POST.get("comment") or (known.comment if known else ""),
                "comment_length": COMMENT_LENGTH,
            },
        )

    def _page(self, template: str, context: dict[str, Any]) -> HttpResponse:
        whole = {**public_context(self.request), "survey": self.survey, **context}
        return render(self.request, f"{_TEMPLATES}{template}", whole)

    def _dead_end(self, template: str, status: int) -> HttpResponseBase:
        return make_private(render(self.request, template, public_context(self.request), status=status))
