"""The survey block: large links for each answer, the same in plain text, and only for the one who got the mail."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError

from tests.factories.emails import block_form, compiled, make_email, raw_block
from wagtail_precise_mail.emails.blocks.survey import SurveyBlock
from wagtail_precise_mail.emails.editions import Edition
from wagtail_precise_mail.emails.personalize import FilledEmail, Personalizer
from wagtail_precise_mail.exceptions import RenderError

pytestmark = pytest.mark.django_db


def survey(**value: Any) -> dict[str, Any]:
    return {"type": "survey", "value": {"question": "How was it?", "kind": "stars", **value}, "id": "s1"}


def choices(*labels: str) -> list[dict[str, Any]]:
    return [{"type": "item", "value": {"label": label, "value": ""}, "id": label} for label in labels]


def read(*blocks: dict[str, Any], edition: Edition = Edition.MAIL) -> FilledEmail:
    email = make_email(*blocks, shows_web_link=False)
    return Personalizer(compiled(email), edition=edition).fill(
        {},
        rewrite_link=lambda link: link.url,
        system={"unsubscribe_url": "https://shop.example.com/leave"},
        personal_link=lambda name, block_id, argument: f"https://shop.example.com/{name}/{block_id}/{argument}",
    )


def answers(mail: FilledEmail) -> list[tuple[str, str]]:
    links = BeautifulSoup(mail.html, "html.parser").find_all("a", class_="wpm-answer")
    return [(str(link["href"]).rpartition("/")[2], " ".join(link.get_text().split())) for link in links]


def test_score_has_eleven_answers() -> None:
    mail = read(survey(kind="score", low_label="Never", high_label="Any time"))
    assert answers(mail) == [(str(score), str(score)) for score in range(11)]
    assert "- 0 (Never):\n  https://shop.example.com/survey_answer/s1/0\n- 1:" in mail.text
    assert "- 10 (Any time):\n  https://shop.example.com/survey_answer/s1/10\n" in mail.text
    assert "0\xa0=\xa0Never" in BeautifulSoup(mail.html, "html.parser").get_text()


def test_stars_say_how_many_to_people_who_do_not_see_them() -> None:
    mail = read(survey())
    links = BeautifulSoup(mail.html, "html.parser").find_all("a", class_="wpm-answer")
    assert [link["aria-label"] for link in links] == ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"]
    assert mail.text.startswith("How was it?\n\n- 1 star:\n  https://shop.example.com/survey_answer/s1/0\n- 2 stars:")


def test_own_answers_are_listed() -> None:
    mail = read(survey(kind="choice", choices=choices("Green tea", "Black <tea>")))
    assert answers(mail) == [("0", "Green tea"), ("1", "Black <tea>")]
    assert "- Black <tea>:\n  https://shop.example.com/survey_answer/s1/1" in mail.text


@pytest.mark.parametrize("edition", [Edition.SHARED, Edition.PUBLIC])
@pytest.mark.parametrize("in_columns", [False, True])
def test_copies_for_others_ask_nothing(edition: Edition, in_columns: bool) -> None:
    paragraph = raw_block("rich_text", content="<p>Hello.</p>")
    blocks = (
        [raw_block("columns", columns=[{"content": [survey(), paragraph]}])] if in_columns else [survey(), paragraph]
    )
    assert "How was it?" in read(*blocks, edition=Edition.WEB).html
    copy = read(*blocks, edition=edition)
    for text in [copy.html, copy.text]:
        assert "How was it?" not in text
        assert "survey_answer" not in text
        assert "Hello." in text


def test_compiled_email_keeps_what_was_asked() -> None:
    block = survey(kind="choice", choices=choices("Green", "Black"), attribute="interest", asks_comment=True)
    assert compiled(make_email(block)).payload["kept"] == {
        "s1": {
            "survey": "choice",
            "question": "How was it?",
            "answers": [{"value": "Green", "label": "Green"}, {"value": "Black", "label": "Black"}],
            "asks_comment": True,
            "attribute": "interest",
        }
    }


def test_another_field_for_the_answer_is_another_email() -> None:
    block = survey(kind="choice", choices=choices("Green", "Black"), attribute="interest")
    email = make_email(block)
    before = compiled(email)
    email.body = [{**block, "value": {**block["value"], "attribute": "taste"}}]
    assert compiled(email) != before


@pytest.mark.parametrize("broken", [{"question": ""}, {"question": None}, {"kind": "choice"}])
def test_unfinished_survey_stops_the_email(broken: dict[str, Any]) -> None:
    with pytest.raises(RenderError, match="Survey"):
        read(survey(**broken))


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ({"kind": "stars", "attribute": "interest"}, "attribute"),
        ({"kind": "choice", "choices": ["Only one"]}, "choices"),
        ({"kind": "choice", "choices": ["Same", "Same"]}, "choices"),
        ({"kind": "choice", "choices": ["A", "B"], "attribute": "has spaces"}, "attribute"),
    ],
)
def test_form_says_what_is_wrong(value: dict[str, Any], wrong: str) -> None:
    block = SurveyBlock()
    written = block.to_python(
        {"question": "How?", **value, "choices": [{"label": label, "value": ""} for label in value.get("choices", [])]}
    )
    with pytest.raises(ValidationError) as caught:
        block.clean(written)
    assert list(caught.value.block_errors) == [wrong]


def test_hostile_words_stay_words() -> None:
    evil = '<script>alert(1)</script>"}} {{ contact.email }}\u202e'
    mail = read(survey(question=evil, kind="choice", choices=choices(evil, "b"), low_label=evil))
    soup = BeautifulSoup(mail.html, "html.parser")
    assert not soup.find_all("script")
    assert "{{ contact.email }}" in soup.get_text()


def test_form_of_the_block_can_be_saved(client: Any) -> None:
    assert set(SurveyBlock().child_blocks) >= set(block_form(question="", kind="", choices=""))
