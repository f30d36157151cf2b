"""The brand: what a site chose, what its theme says, and nothing that could be code in a style sheet."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from wagtail.models import Locale

from tests.emails.conftest import fill
from tests.factories.emails import default_site, make_brand, make_email, make_image, raw_block
from wagtail_precise_mail.emails.brand import Brand, brand_of
from wagtail_precise_mail.emails.colors import contrast, readable
from wagtail_precise_mail.emails.contrast import color_pairs, dark_pairs
from wagtail_precise_mail.emails.fonts import WebFont, clean_stack, web_fonts
from wagtail_precise_mail.emails.models import BrandSettings
from wagtail_precise_mail.emails.themes import find_theme, themes

hex_colors = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def brand(**values: Any) -> Brand:
    """The brand of a row that was never checked by the form."""
    return brand_of(BrandSettings(site=default_site(), **values), default_site())


@pytest.mark.django_db
class TestChoosing:
    def test_empty_brand_looks_as_its_theme_says(self) -> None:
        for key, theme in themes.items():
            shown = brand(theme=key)
            assert (shown.panel_color, shown.font_family) == (theme.panel_color, theme.font_family)
            assert (shown.button_shape, shown.radius) == (theme.button_shape, theme.radius)

    def test_what_the_brand_chose_goes_before_its_theme(self) -> None:
        shown = brand(theme="bold", panel_color="#FFEEDD", button_shape="square", corner_radius=0, spacing="compact")
        assert (shown.panel_color, shown.button_radius, shown.radius) == ("#ffeedd", 0, 0)
        assert shown.space.m < brand(theme="bold").space.m

    def test_theme_whose_code_is_gone_gives_the_first_of_ours(self) -> None:
        assert brand(theme="gone").theme is find_theme("paper")

    def test_headings_take_the_fonts_of_the_text_unless_they_have_their_own(self) -> None:
        assert brand(font_family="Verdana, sans-serif").heading_font == "Verdana, sans-serif"
        assert brand(font_family="Verdana, sans-serif", web_font="inter").heading_font.startswith("'Inter'")
        assert brand(heading_font_family="Impact, sans-serif", web_font="inter").heading_font == "Impact, sans-serif"

    def test_ground_of_a_block_keeps_the_brands_own_colors_readable(self) -> None:
        on = brand(primary_color="#1f5a48", link_color="#1f5a48", heading_color="#204030").on("primary")
        assert contrast(on.link_color, on.panel_color) >= 4.5
        assert contrast(on.heading_color, on.panel_color) >= 4.5
        assert contrast(on.text_color, on.panel_color) >= 4.5


class TestReading:
    @settings(deadline=None)
    @given(primary=hex_colors, text=hex_colors, key=st.sampled_from(list(themes)))
    def test_everything_can_be_read_in_dark_mode_whatever_was_chosen(self, primary: str, text: str, key: str) -> None:
        shown = Brand(theme=find_theme(key), primary_color=primary, text_color=text, own_link_color=text)
        assert [pair for pair in dark_pairs(shown) if not pair.is_readable] == []
        for ground in ("panel", "box", "raised"):
            for ink in ("text", "heading", "muted", "link", "accent"):
                assert contrast(shown.dark[ink], shown.dark[ground]) >= 4.5
        assert contrast(shown.dark["text"], shown.dark["primary"]) >= 4.5

    @settings(deadline=None)
    @given(primary=hex_colors, background=hex_colors, key=st.sampled_from(list(themes)))
    def test_automatic_colors_can_be_read_in_light_mode(self, primary: str, background: str, key: str) -> None:
        theme = find_theme(key)
        shown = Brand(theme=theme, primary_color=primary, background_color=background, panel_color=theme.panel_color)
        assert [pair for pair in color_pairs(shown) if not pair.is_readable] == []

    @settings(deadline=None)
    @given(color=hex_colors, ground=hex_colors)
    def test_readable_color_can_be_read(self, color: str, ground: str) -> None:
        assert contrast(readable(color, ground), ground) >= 4.5

    def test_readable_color_keeps_its_hue(self) -> None:
        red, green, blue = (int(readable("#1f5a48", "#1d2220")[place : place + 2], 16) for place in (1, 3, 5))
        assert green > blue > red
        assert green - red > 80

    def test_color_that_the_brand_chose_stands_and_is_judged(self) -> None:
        shown = Brand(own_link_color="#dddddd")
        assert shown.link_color == "#dddddd"
        assert [pair.name for pair in color_pairs(shown) if not pair.is_readable] == ["Links"]


@pytest.mark.django_db
class TestWebFonts:
    def test_mail_loads_the_web_font_where_outlook_does_not_see_it(self) -> None:
        make_brand(web_font="lora", font_family="Georgia, serif")
        html = fill(make_email()).html
        guarded = html[html.index("<!--[if !mso]><!--><style>@import") :].partition("<!--<![endif]-->")[0]
        assert "fonts.bunny.net/css?family=lora" in guarded
        assert "font-family:&#39;Lora&#39;, Georgia, serif" in html or "font-family:'Lora', Georgia, serif" in html

    def test_outlook_gets_the_stack_without_the_web_font(self) -> None:
        make_brand(web_font="lora", font_family="Georgia, serif", heading_font_family="Impact, sans-serif")
        html = fill(make_email()).html
        outlook = html[html.index("<!--[if mso]><style>") :].partition("<![endif]-->")[0]
        assert "font-family: Georgia, serif !important" in outlook
        assert "font-family: Impact, sans-serif !important" in outlook
        assert "Lora" not in outlook

    def test_mail_without_a_web_font_asks_nobody(self) -> None:
        html = fill(make_email()).html
        assert "@import" not in html
        assert "@font-face" not in html

    def test_font_file_of_the_site_gets_the_address_of_the_site(self) -> None:
        with web_fonts.temporarily("fern", WebFont("Fern Serif", "/static/fern.woff2")):
            make_brand(heading_web_font="fern")
            html = fill(make_email()).html
        assert 'url("https://shop.example.com/static/fern.woff2") format("woff2")' in html
        assert "font-family:'Fern Serif'" in html

    def test_font_whose_code_is_gone_is_left_out(self) -> None:
        assert brand(web_font="gone").fonts == ()


HOSTILE = "</style><script>alert(1)</script>"


@pytest.mark.django_db
class TestHostileValues:
    @pytest.mark.parametrize(
        "values",
        [
            {"font_family": HOSTILE},
            {"font_family": "a;} body{display:none"},
            {"font_family": "a-->b"},
            {"font_family": "'a"},
            {"heading_font_family": '"a'},
            {"primary_color": "red;}"},
            {"text_color": "#12345\n"},
            {"link_color": "url(x)"},
            {"web_font": "own", "own_font_name": "a'}", "own_font_url": "https://example.com/a.css"},
            {"web_font": "own", "own_font_name": "a", "own_font_url": 'https://example.com/a");}*{display:none'},
            {"web_font": "own", "own_font_name": "a", "own_font_url": "https://example.com/(a)"},
            {"web_font": "own", "own_font_name": "a", "own_font_url": "javascript:alert(1)"},
            # As long as the columns: PostgreSQL takes no more.
            {"theme": HOSTILE, "button_shape": HOSTILE[:20], "button_size": HOSTILE[:20], "spacing": HOSTILE[:20]},
            {"corner_radius": 32000, "logo_width": 0},
        ],
    )
    def test_row_that_no_form_checked_looks_like_an_empty_one(self, values: dict[str, Any]) -> None:
        email = make_email()
        expected = fill(email).html
        make_brand(**values)
        html = fill(email).html
        if "corner_radius" not in values:
            assert html == expected
        assert "alert(1)" not in html
        assert "display:none;" not in html.replace('style="display:none;', "")

    def test_address_of_a_font_cannot_end_the_comment_around_it(self) -> None:
        make_brand(web_font="own", own_font_name="a", own_font_url="https://example.com/--><b>")
        html = fill(make_email()).html
        assert '@import url("https://example.com/--%3E%3Cb%3E");' in html
        assert "--><b>" not in html

    def test_words_of_the_brand_are_words(self) -> None:
        names = ("company_name", "postal_address", "phone", "reason", "footer_text", "contact_address")
        words = dict.fromkeys(names, f"{HOSTILE}&\"'")
        make_brand(**words)
        html = fill(make_email()).html
        assert "<script>" not in html
        footer = BeautifulSoup(html, "html.parser").find(class_="wpm-footer")
        assert footer is not None
        assert footer.get_text().count("alert(1)") == len(words)

    @pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "https://"])
    def test_links_of_the_brand_lead_nowhere_harmful(self, url: str) -> None:
        links = [{"type": "link", "value": {"label": "Imprint", "page": None, "url": url}}]
        accounts = [{"type": "account", "value": {"network": "x", "url": url}}]
        make_brand(footer_links=json.dumps(links), social_accounts=json.dumps(accounts))
        html = fill(make_email()).html
        assert "Imprint" not in html
        assert url.partition(":")[0] + ":a" not in html

    @pytest.mark.slow
    @settings(deadline=None)
    @given(text=st.text(max_size=80))
    def test_clean_stack_is_names_of_fonts_or_nothing(self, text: str) -> None:
        stack = clean_stack(text)
        assert not set(stack) & set('<>{};"\\/*()&\n')
        assert stack.count("'") % 2 == 0


@pytest.mark.django_db
class TestLogo:
    def logos(self, **values: Any) -> SimpleNamespace:
        make_brand(logo=make_image("Logo", size=(640, 160), name="logo.png"), **values)
        html = fill(make_email()).html
        found = BeautifulSoup(html, "html.parser").find_all("img", class_=["wpm-light", "wpm-dark", "wpm-chip"])
        return SimpleNamespace(html=html, classes=[image["class"][0] for image in found], images=found)

    def test_dark_mode_swaps_the_logo(self) -> None:
        logos = self.logos(logo_dark=make_image("Dark", size=(640, 160), name="dark.png"))
        assert logos.classes == ["wpm-light", "wpm-dark"]
        assert "display:none;mso-hide:all" in logos.images[1]["style"]
        assert ".wpm-dark { display: inline-block !important; }" in logos.html
        assert "[data-ogsc] .wpm-light { display: none !important; }" in logos.html

    def test_outlook_never_sees_the_dark_logo(self) -> None:
        logos = self.logos(logo_dark=make_image("Dark", size=(640, 160), name="dark.png"))
        before = logos.html.partition('class="wpm-dark"')[0]
        assert before.rindex("<!--[if !mso]><!-->") > before.rindex("wpm-light")

    def test_logo_without_a_dark_one_gets_a_light_ground_in_dark_mode(self) -> None:
        logos = self.logos()
        assert logos.classes == ["wpm-chip"]
        assert ".wpm-chip { background-color: #f4f1ea !important" in logos.html

    def test_header_in_a_dark_color_shows_the_logo_for_dark_grounds_at_once(self) -> None:
        dark = make_image("Dark", size=(640, 160), name="dark.png")
        logos = self.logos(theme="bold", primary_color="#0a3a2a", logo_dark=dark)
        assert logos.classes == []
        image = BeautifulSoup(logos.html, "html.parser").find("img")
        assert image is not None
        assert "dark" in str(image["src"])

    def test_one_logo_on_a_dark_header_brings_its_light_ground(self) -> None:
        logos = self.logos(theme="bold", primary_color="#0a3a2a")
        assert "background-color:#ffffff;padding" in logos.images[0]["style"]


@pytest.mark.django_db
def test_blocks_take_the_tokens_of_the_brand() -> None:
    make_brand(
        theme="bold", heading_color="#123456", button_shape="square", button_size="small", heading_font_family="Impact"
    )
    html = BeautifulSoup(
        fill(
            make_email(
                raw_block("heading", title="Hello", level="1"),
                raw_block("button", label="Go", url="https://example.org/"),
            )
        ).html,
        "html.parser",
    )
    heading, button = html.find("h1"), html.find("a", string=lambda text: "Go" in (text or ""))
    assert heading is not None
    assert button is not None
    assert "font-size:48px" in str(heading["style"])
    assert "font-family:Impact" in str(heading["style"])
    assert "color:#123456" in str(heading["style"])
    assert "font-size:15px" in str(button["style"])
    assert "border-radius:0px" in str(button["style"])


@pytest.mark.django_db
def test_numbers_in_style_sheets_have_points_in_every_language() -> None:
    email = make_email(raw_block("heading", title="Hallo", level="1"))
    email.locale = Locale.objects.create(language_code="de")
    html = fill(email).html
    assert 'lang="de"' in html
    assert "line-height:1.15" in html
    assert "1,15" not in html
