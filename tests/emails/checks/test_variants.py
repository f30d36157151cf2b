"""Other forms of a subject: written where a rule knows its shape, and nowhere else."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tests.emails.checks import found
from tests.emails.checks.test_subject import speak
from tests.factories.commerce import make_product
from tests.factories.emails import make_email, raw_block
from wagtail_precise_mail.emails.checks.variants import variants_of
from wagtail_precise_mail.emails.inboxes import width


@pytest.mark.parametrize(
    ("language", "subject", "variants"),
    [
        (
            "en",
            "New teas for spring",
            [
                "Have you seen our new teas for spring?",
                "What makes our new teas for spring special?",
                "4 new teas for spring",
            ],
        ),
        ("en", "New teapot", ["Have you seen our new teapot?", "What makes our new teapot special?"]),
        ("en", "News from the garden.", ["Have you heard the news from the garden?"]),
        ("en-gb", "Brew better tea", ["How to brew better tea", "Ready to brew better tea?"]),
        ("en", "Visit our shop in Bath", ["Ready to visit our shop in Bath?", "Why not visit our shop in Bath?"]),
        ("en", "Care for your orchids", ["How to care for your orchids", "Ready to care for your orchids?"]),
        ("en", "Our spring teas are back!", ["Have you missed our spring teas?", "Guess what is back"]),
        (
            "de",
            "Neue Tees für den Frühling",
            [
                "Lust auf neue Tees für den Frühling?",
                "Was unsere neuen Tees für den Frühling besonders macht",
                "4 neue Tees für den Frühling",
            ],
        ),
        ("de", "Neues aus dem Garten", ["Was gibt es Neues aus dem Garten?"]),
        ("de", "Tee richtig aufbrühen", ["Tee richtig aufbrühen: so geht es", "Tee richtig aufbrühen: wie geht das?"]),
        ("zh-hans", "春季新品上市", ["春季新品，你看过了吗？", "春季新品有什么不一样？", "4款春季新品上市"]),
        ("zh", "来自花园的消息", ["来自花园的消息，你听说了吗？"]),
        ("zh-hans", "泡好一壶茶", ["如何泡好一壶茶？", "想泡好一壶茶吗？"]),
    ],
)
def test_known_shape_gives_sentences(language: str, subject: str, variants: list[str]) -> None:
    assert variants_of(subject, language, product_count=4) == variants


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("en", "Plant of the month"),
        ("en", "Water lilies are in bloom"),
        ("en", "New this week"),
        ("en", "New teas arrive"),
        ("en", "New York by night"),
        ("en", "New year, new teas"),
        ("en", "Keep calm"),
        ("en", 'New teas for {{ contact.first_name | default: "you" }}'),
        ("en", "New teas for a very long spring that never seems to come to its end"),
        ("en", "Your order is here"),
        ("de", "Neue Kanne für kalte Tage"),
        ("de", "Wir kochen"),
        ("de", "Die Köche backen"),
        ("de", "Rosen blühen"),
        ("zh-hant", "春季新品上市"),
        ("zh-hans", "我们搬家了"),
        ("fi", "New teas for spring"),
        ("fr", "Nouveaux thés"),
        ("en", ""),
    ],
)
def test_unknown_shape_gives_nothing(language: str, subject: str) -> None:
    assert variants_of(subject, language) == []


@pytest.mark.parametrize("count", [0, 1, 13])
def test_number_is_said_of_a_few_things_only(count: int) -> None:
    assert not [one for one in variants_of("New teas for spring", "en", product_count=count) if one[0].isdigit()]


def test_one_thing_has_no_number() -> None:
    assert not [one for one in variants_of("New teapot", "en", product_count=3) if one[0].isdigit()]


@given(st.text(max_size=80), st.sampled_from(["en", "de", "zh-hans"]))
def test_whatever_is_suggested_fits_into_inboxes(subject: str, language: str) -> None:
    found = variants_of(subject, language, product_count=3)
    assert len(found) <= 3
    assert all(width(one) <= 60 for one in found)


@pytest.mark.django_db
class TestHint:
    def test_hint_brings_the_variants_with_the_number_of_products(self) -> None:
        products = [raw_block("product", product=make_product(f"TEA-{number}").pk) for number in range(3)]
        (finding,) = found("subject_curiosity", *products, subject="New teas for spring")
        assert finding.variants[2] == "3 new teas for spring"

    @pytest.mark.parametrize(
        ("code", "subject"),
        [("en", "New teas for spring"), ("de", "Tee richtig aufbrühen"), ("zh-hans", "春季新品上市")],
    )
    def test_taken_over_it_is_no_plain_statement_any_more(self, code: str, subject: str) -> None:
        (finding,) = found("subject_curiosity", subject=subject, locale=speak(code))
        for variant in finding.variants:
            assert found("subject_curiosity", subject=variant, locale=speak(code)) == [], variant

    def test_hint_without_variants_stays_a_hint(self) -> None:
        (finding,) = found("subject_curiosity", subject="Rain on the roof")
        assert finding.variants == ()

    def test_panel_offers_them_for_the_subject(self, client: Client) -> None:
        client.force_login(User.objects.create_superuser("root"))
        email = make_email(subject="New <i>teas")
        page = client.get(reverse("precise_mail_email_checks", args=[email.pk])).content.decode()
        assert "wpm-checks__variant" not in page
        email = make_email(subject="New teas & pots")
        page = client.get(reverse("precise_mail_email_checks", args=[email.pk])).content.decode()
        assert page.count('data-action="wpm-checks#take"') == 0
        email = make_email(subject="New teas for spring & fall")
        page = client.get(reverse("precise_mail_email_checks", args=[email.pk])).content.decode()
        assert 'data-field="id_subject" data-text="Have you seen our new teas for spring &amp; fall?"' in page
