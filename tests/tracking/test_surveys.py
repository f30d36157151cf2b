"""Answering with one click: GET chooses, POST answers, one answer per mail and question, in words and in figures."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories.contacts import make_contact
from tests.factories.delivery import make_compiled, make_message, make_send
from wagtail_precise_mail.contacts.erasing import erase
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.services import set_attribute
from wagtail_precise_mail.contacts.timeline import read_timeline
from wagtail_precise_mail.delivery.models import OutboxMessage, Send, SendVersion
from wagtail_precise_mail.emails.personal_links import LinkPurpose, personal_links
from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.signing import sign
from wagtail_precise_mail.tracking.models import SurveyAnswer
from wagtail_precise_mail.tracking.signals import survey_answered
from wagtail_precise_mail.tracking.survey_tokens import SurveyToken, make_survey_token, read_survey_token
from wagtail_precise_mail.tracking.surveys import find_survey, record_answer, survey_results

pytestmark = pytest.mark.django_db
BLOCK = "6f0b9a52-0000-4000-8000-000000000001"


def facts(kind: str = "choice", *labels: str, **more: Any) -> dict[str, Any]:
    labels = labels or {"score": tuple(map(str, range(11))), "stars": ("1", "2", "3", "4", "5")}.get(
        kind, ("Green tea", "Black tea")
    )
    answers = [{"value": label, "label": label} for label in labels]
    return {"survey": kind, "question": "Which tea?", "answers": answers, "asks_comment": True, "attribute": "", **more}


def make_asked(**kept: Any) -> OutboxMessage:
    return make_message(make_send(compiled=make_compiled(version=2, kept=kept or {BLOCK: facts()})))


def path_of(message: OutboxMessage, answer: int = 1, block_id: str = BLOCK) -> str:
    token = make_survey_token(message.pk, block_id=block_id, answer=answer)
    return reverse("wagtail_precise_mail:survey", args=[token])


def answer(message: OutboxMessage, number: int, **more: str) -> Any:
    return Client(enforce_csrf_checks=True).post(path_of(message), {"answer": str(number), **more})


def test_link_holds_message_block_and_answer() -> None:
    token = make_survey_token(2**40, block_id=BLOCK, answer=10)
    assert read_survey_token(token) == SurveyToken(2**40, BLOCK, 10)
    made = personal_links.get("survey_answer")(LinkPurpose(7, 3, BLOCK, "4"))
    assert read_survey_token(made.rstrip("/").rpartition("/")[2]) == SurveyToken(7, BLOCK, 4)


@pytest.mark.parametrize(
    "token", ["", "a.b", sign("survey", b"x"), sign("survey", b"\0" * 9 + b"\xff"), sign("open", b"\0" * 9)]
)
def test_foreign_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        read_survey_token(token)
    if token:
        response = Client().get(reverse("wagtail_precise_mail:survey", args=[token]))
        assert response.status_code == 400
        assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_following_the_link_answers_nothing(method: str) -> None:
    message = make_asked()
    assert getattr(Client(), method)(path_of(message)).status_code == 200
    assert not SurveyAnswer.objects.exists()


def test_page_has_the_clicked_answer_chosen() -> None:
    soup = BeautifulSoup(Client().get(path_of(make_asked(), 1)).content, "html.parser")
    chosen = soup.find_all("input", checked=True)
    assert [radio["value"] for radio in chosen] == ["1"]
    assert soup.h1.string == "Which tea?"
    assert soup.find("meta", attrs={"name": "robots"})["content"] == "noindex, nofollow"


def test_answer_is_kept_with_its_comment() -> None:
    message = make_asked()
    assert "Thank you" in answer(message, 1, comment=" Love it.\x00 ").content.decode()
    kept = SurveyAnswer.objects.get()
    assert (kept.value, kept.label, kept.comment, kept.question) == ("Black tea", "Black tea", "Love it.", "Which tea?")
    assert (kept.contact_id, kept.send_id, kept.block_id) == (message.contact_id, message.send_id, BLOCK)


def test_second_answer_takes_the_place_of_the_first() -> None:
    message = make_asked()
    answer(message, 0)
    page = Client().get(path_of(message)).content.decode()
    assert "You answered “Green tea” before" in page
    answer(message, 1)
    assert SurveyAnswer.objects.get().value == "Black tea"


@pytest.mark.parametrize("given", ["", "2", "-1", "99999999999999999999", "x", "²", "１"])
def test_answer_that_is_none_is_asked_for_again(given: str) -> None:
    message = make_asked()
    response = Client().post(path_of(message), {"answer": given, "comment": "<b>mine</b>"})
    assert "Choose an answer." in response.content.decode()
    assert "&lt;b&gt;mine&lt;/b&gt;" in response.content.decode(), "what was typed is not lost"
    assert not SurveyAnswer.objects.exists()


def test_comment_is_cut_and_kept_only_where_it_was_asked_for() -> None:
    message = make_asked()
    answer(message, 0, comment="x" * 5000)
    assert len(SurveyAnswer.objects.get().comment) == 2000
    quiet = make_asked(**{BLOCK: facts(asks_comment=False)})
    answer(quiet, 0, comment="unasked")
    assert SurveyAnswer.objects.get(message=quiet).comment == ""


def test_test_mails_and_erased_contacts_are_thanked_and_not_kept() -> None:
    test, erased = make_asked(), make_asked()
    Send.objects.filter(pk=test.send_id).update(is_test=True)
    erased.contact.delete()
    for message in [test, erased]:
        assert "Thank you" in answer(message, 0).content.decode()
    assert not SurveyAnswer.objects.exists()


def test_what_is_gone_is_gone() -> None:
    message = make_asked()
    assert Client().get(path_of(message, block_id="other")).status_code == 410
    path = path_of(message)
    message.send.delete()
    assert Client().post(path, {"answer": "0"}).status_code == 410


def test_erasing_the_contact_leaves_a_count_about_nobody() -> None:
    message = make_asked()
    answer(message, 0)
    SurveyAnswer.objects.update(comment="Love from Ada")
    erase(Contact.objects.get())
    left = SurveyAnswer.objects.get()
    assert (left.contact, left.comment) == (None, "")


def test_answer_becomes_a_field_of_the_contact() -> None:
    message = make_asked(**{BLOCK: facts(attribute="interest")})
    set_attribute(message.contact, "size", "large")
    answer(message, 0)
    answer(message, 1)
    assert Contact.objects.get(pk=message.contact_id).attributes == {"size": "large", "interest": "Black tea"}
    entries = read_timeline(Contact.objects.get(), kind="survey").days[0].entries
    assert [(entry.title, entry.detail) for entry in entries] == [
        ("Answered “Which tea?” with “Black tea”", "interest = Black tea")
    ]


def test_writing_a_field_keeps_what_somebody_else_wrote_meanwhile() -> None:
    contact = make_contact()
    stale = Contact.objects.get(pk=contact.pk)
    set_attribute(contact, "size", "large")
    set_attribute(stale, "interest", "tea")
    assert Contact.objects.get().attributes == {"size": "large", "interest": "tea"}


def test_answer_is_announced_after_commit(django_capture_on_commit_callbacks: Any) -> None:
    heard = []

    def listen(answer: SurveyAnswer, **kwargs: Any) -> None:
        heard.append(answer.value)

    survey_answered.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            answer(make_asked(), 0)
    finally:
        survey_answered.disconnect(listen)
    assert heard == ["Green tea"]


def answer_all(send: Send, *values: str) -> None:
    for value in values:
        message = make_message(send)
        survey = find_survey(message, BLOCK)
        assert survey is not None
        record_answer(message, survey, next(one for one in survey.answers if one.value == value))


def test_net_promoter_score() -> None:
    send = make_send(compiled=make_compiled(version=2, kept={BLOCK: facts("score")}))
    (result,) = survey_results(send)
    assert (result.count, result.average, result.net_promoter_score) == (0, None, None)
    answer_all(send, "10", "9", "9", "8", "7", "6", "0")
    (result,) = survey_results(send)
    assert result.net_promoter_score == pytest.approx(100 * (3 - 2) / 7)
    assert result.average == pytest.approx(7)
    assert [option.count for option in result.options] == [1, 0, 0, 0, 0, 0, 1, 1, 1, 2, 1]


def test_results_count_each_answer_and_can_be_narrowed() -> None:
    send = make_send(compiled=make_compiled(version=2, kept={BLOCK: facts()}))
    answer_all(send, "Green tea", "Black tea", "Black tea")
    (result,) = survey_results(send)
    assert [(option.answer.label, option.count) for option in result.options] == [("Green tea", 1), ("Black tea", 2)]
    assert result.average is None
    assert round(result.options[1].percent) == 67
    greens = Contact.objects.filter(survey_answers__value="Green tea")
    (narrowed,) = survey_results(send, contacts=greens)
    assert [option.count for option in narrowed.options] == [1, 0]


def test_translations_of_a_question_are_one_question() -> None:
    german = facts(
        question="Welcher Tee?",
        answers=[{"value": "Green tea", "label": "Grüner Tee"}, {"value": "Mate", "label": "Mate"}],
    )
    send = make_send(compiled=make_compiled(version=2, kept={BLOCK: facts()}))
    SendVersion.objects.create(send=send, language="en", compiled=send.compiled)
    SendVersion.objects.create(send=send, language="de", compiled=make_compiled(version=2, kept={BLOCK: german}))
    answer_all(send, "Green tea")
    for number in [0, 1]:
        message = make_message(send, language="de")
        assert "Welcher Tee?" in Client().get(path_of(message)).content.decode()
        answer(message, number)
    (result,) = survey_results(send)
    assert result.survey.question == "Which tea?"
    assert [(option.answer.label, option.count) for option in result.options] == [
        ("Green tea", 2),
        ("Black tea", 0),
        ("Mate", 1),
    ]
    assert SurveyAnswer.objects.filter(value="Green tea", label="Grüner Tee").count() == 1


def test_results_cost_the_same_for_more_answers() -> None:
    send = make_send(compiled=make_compiled(version=2, kept={BLOCK: facts()}))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            survey_results(send)
        return len(captured)

    answer_all(send, "Green tea")
    first = queries()
    answer_all(send, *["Black tea"] * 10)
    assert queries() == first <= 3


def test_email_without_a_survey_has_no_results() -> None:
    assert survey_results(make_send()) == []
