"""Call to action, outline, balance, structure and length of the body."""

from __future__ import annotations

import pytest

from tests.emails.checks import button, columns, facts, found, heading, text
from tests.emails.checks.blocks import found_in, project_facts
from tests.emails.checks.test_subject import speak
from tests.factories.commerce import make_product
from tests.factories.emails import make_saved_block, raw_block
from wagtail_precise_mail.emails.checks.balance import balance_of
from wagtail_precise_mail.emails.checks.figures import figures_of
from wagtail_precise_mail.emails.checks.reading import read, syllable_count

pytestmark = pytest.mark.django_db

EASY = "We like tea. You like tea. The pot is hot. Come in and sit by the fire. " * 5
HARD = (
    "Notwithstanding considerable organizational complexities, multidisciplinary collaboration fundamentally "
    "necessitates comprehensive communication infrastructures facilitating interdepartmental responsibilities. "
) * 5


def paragraphs(count: int) -> list[dict[str, object]]:
    return [text("<p>Words.</p>") for _number in range(count)]


def test_button_of_any_block_is_a_call_to_action() -> None:
    markup = '<mj-button href="https://example.org/">Go</mj-button>'
    assert found_in("call_to_action", raw_block("own_markup", html=f"</mj-text>{markup}<mj-text>")) == []
    assert found_in("call_to_action", raw_block("own_markup", html="Words"))


def test_button_in_a_column_is_a_call_to_action() -> None:
    column = [button()]
    assert found("call_to_action", columns(column)) == []


def test_two_buttons_side_by_side_are_a_call_to_action() -> None:
    second = {"second_label": "Ask us", "second_url": "https://example.org/ask/"}
    pair = raw_block("button", label="Go", url="https://example.org/", **second)
    assert found("call_to_action", pair) == []


def test_title_of_a_hero_and_heading_of_an_offer_are_part_of_the_outline() -> None:
    hero = raw_block("hero", title="The kettle is on")
    offer = raw_block("offer", title="A tenth off", terms="One each.", end="2099-06-14T23:59:00Z")
    assert found("heading_order", hero, heading(2), offer, heading(3)) == []
    (finding,) = found("heading_order", heading(2), hero)
    assert "title follows other headings" in finding.message
    assert found("heading_order", hero, heading(3))


def test_button_that_is_far_from_the_end_is_a_hint() -> None:
    (finding,) = found("call_to_action_end", button(), *paragraphs(6))
    assert finding.level == "hint"
    assert found("call_to_action_end", button(), *paragraphs(6), button()) == []
    assert found("call_to_action_end", button(), *paragraphs(3)) == []


def test_headings_in_rich_text_count() -> None:
    (finding,) = found("heading_order", heading(1), text("<h4>Deep</h4><p>Words.</p>"), button())
    assert finding.place == "Text, block 2"
    assert found("heading_order", heading(1), text("<h2>Next</h2><p>Words.</p>"), button()) == []


def test_headings_in_markup_count() -> None:
    (finding,) = found_in("heading_order", heading(1), raw_block("own_markup", html="<h3>Deep</h3>"))
    assert "level 3 follows one of level 1" in finding.message


def test_heading_in_a_saved_block_leads_to_the_saved_block() -> None:
    saved = make_saved_block(heading(3))
    raw = raw_block("saved_block", saved_block=saved.pk)
    (finding,) = found("heading_order", heading(1), raw, button())
    assert finding.block_id == raw["id"]
    assert finding.place == "Saved block, block 2 › Heading, block 1"


def test_finding_in_a_column_leads_to_the_block_in_it() -> None:
    inner = heading(3)
    column = [inner]
    (finding,) = found("heading_order", heading(1), columns(column), button())
    assert finding.block_id == inner["id"]
    assert finding.place == "Columns, block 2 › Heading, block 1"


def products(count: int) -> list[dict[str, object]]:
    return [raw_block("product", product=make_product(name=f"Mug {number}").pk) for number in range(count)]


def test_mail_that_only_sells_is_a_warning() -> None:
    (finding,) = found("promotion_share", *products(5), text("<p>Words.</p>"))
    assert finding.message == "5 of 6 parts are promotion (83%)."


def test_mail_with_something_to_read_is_none() -> None:
    assert found("promotion_share", *products(4), text("<p>Words.</p>")) == []
    assert found("promotion_share", *products(2)) == [], "too few to say anything"


def test_limit_of_promotion_is_a_setting(settings: pytest.FixtureRequest) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"max_promotion_percent": 50}
    assert found("promotion_share", *products(2), text("<p>Words.</p>"))


def test_block_of_the_project_says_its_nature() -> None:
    with project_facts(raw_block("own_offer"), raw_block("own_markup", html="x")) as seen:
        assert balance_of(seen).promotion_count == 1
        assert balance_of(seen).editorial_count == 0


def test_roles_without_action_are_a_warning() -> None:
    (finding,) = found_in("aida", raw_block("own_offer", terms="x"))
    assert finding.message == "No block is for action."


def test_mail_without_roles_has_no_structure_to_check() -> None:
    assert found("aida", text("<p>Words.</p>"), button()) == []


def test_roles_out_of_order_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    from wagtail_precise_mail.emails.blocks.basic import ButtonBlock, HeadingBlock

    monkeypatch.setattr(ButtonBlock, "aida_role", "action", raising=False)
    monkeypatch.setattr(HeadingBlock, "aida_role", "attention", raising=False)
    (finding,) = found("aida", button(), heading(1))
    assert finding.message == "“attention” comes after “action”."
    assert finding.place == "Heading, block 2"
    assert found("aida", heading(1), button()) == []


def test_long_mail_is_a_warning() -> None:
    assert found("word_count", text(f"<p>{'word ' * 400}</p>")) == []
    (finding,) = found("word_count", text(f"<p>{'word ' * 401}</p>"))
    assert "401 words" in finding.message


def test_addresses_and_footer_are_no_words() -> None:
    assert facts(text('<p>One <a href="https://example.org/a/b/c">two</a>.</p>')).text == "One two ."


def test_hard_text_is_a_hint_with_its_score() -> None:
    (finding,) = found("readability", text(f"<p>{HARD}</p>"))
    assert finding.level == "hint"
    assert "reading ease 0 of 100" in finding.message
    assert found("readability", text(f"<p>{EASY}</p>")) == []


def test_score_is_flesch() -> None:
    # 8 words, 1 sentence, 14 syllables; then the same twice, in two sentences.
    sentence = "Our garden opens again after a rainy winter."
    assert read(sentence, "en").ease == round(206.835 - 1.015 * 8 - 84.6 * 14 / 8) == 51
    assert read(f"{sentence} {sentence}", "en").ease == 51
    assert read(f"{sentence[:-1]} {sentence}", "en").ease == round(206.835 - 1.015 * 16 - 84.6 * 14 / 8)


@pytest.mark.parametrize(
    ("word", "count"),
    [("tea", 1), ("kettle", 2), ("garden", 2), ("like", 1), ("wanted", 2), ("roses", 2), ("beautiful", 3), ("a", 1)],
)
def test_syllables(word: str, count: int) -> None:
    assert syllable_count(word) == count


def test_german_has_a_formula_of_its_own() -> None:
    # Amstad: 5 words, 1 sentence, 7 syllables.
    assert read("Der Garten ist im Winter.", "de").ease == round(180 - 5 - 58.5 * 7 / 5)


def test_chinese_is_measured_by_its_sentences() -> None:
    short = read("春天来了。茶也来了。", "zh")
    assert short.sentence_length == 4
    assert short.word_count == 4
    assert not short.is_hard
    assert read("茶" * 41 + "。", "zh").is_hard
    (finding,) = found("readability", text(f"<p>{'茶' * 150}。</p>"), locale=speak("zh-hans"))
    assert "150 characters per sentence" in finding.message


def test_figures_stand_beside_their_limits() -> None:
    values = {figure.label: figure for figure in figures_of(facts(text(f"<p>{EASY}</p>"), button()))}
    assert values["Words"].value == f"{len(EASY.split()) + 1} of 400"
    assert values["Easy to read"].value.endswith("of 100")
    assert values["Parts"].value == "0 promotion, 1 to read"
    assert values["HTML"].percent is not None
    assert not any(figure.is_over for figure in values.values())
