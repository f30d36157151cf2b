"""Pictures: the numbers behind them, what they say to those who do not see them, and where things are drawn."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from html import unescape

import pytest
from bs4 import BeautifulSoup
from django.template import Context, Template
from django.test import override_settings
from django.utils import translation

from wagtail_precise_mail.charts import (
    BarChart,
    Cell,
    FlatBars,
    Grid,
    LineChart,
    Mark,
    Picture,
    Series,
    StackedBars,
    as_percent,
)
from wagtail_precise_mail.charts.scales import scale_of

BARS = BarChart(
    key="intervals",
    title="Days between orders",
    definition="Each pair of purchases.",
    row_title="Days",
    labels=["0–9", "10–19", "20–29"],
    values=[4, 2, 1],
    value_title="Intervals",
    marks=[Mark(1.5, "half: 15 days")],
)
STACKS = StackedBars(
    key="stages",
    title="Stages",
    definition="On the last day.",
    row_title="Month",
    labels=["January", "February"],
    series=[Series("new", [1, 3]), Series("mature", [2, None])],
)
LINES = LineChart(
    key="sizes",
    title="Sizes",
    definition="At night.",
    row_title="Day",
    labels=["1", "2", "3"],
    series=[Series("Loyal", [10, None, 20]), Series("VIP", [1, 2, 3])],
)
GRID = Grid(
    key="grid",
    title="Grid",
    definition="Customers.",
    row_title="Frequency",
    column_title="Recency",
    labels=["2", "1"],
    columns=["1", "2"],
    cells=[[Cell(8, url="/listing/"), Cell(4)], [Cell(1, is_thin=True), None]],
    has_totals=True,
)
ALL = [BARS, STACKS, LINES, GRID]


def _soup(picture: Picture) -> BeautifulSoup:
    html = Template("{% load wagtailadmin_tags %}{% component picture %}").render(Context({"picture": picture}))
    return BeautifulSoup(html, "html.parser")


def _table(soup: BeautifulSoup) -> list[list[str]]:
    return [[cell.get_text(strip=True) for cell in row.find_all(["th", "td"])] for row in soup.select("tbody tr")]


@pytest.mark.parametrize("picture", ALL, ids=lambda picture: picture.key)
def test_every_picture_has_a_table_with_a_caption_and_its_definition(picture: Picture) -> None:
    soup = _soup(picture)

    assert picture.title in soup.select_one("table caption").get_text()
    assert picture.definition in soup.select_one("figcaption").get_text()
    assert "How this is counted" in soup.select_one("figcaption").get_text()
    assert [len(row) for row in _table(soup)] == [len(row) for row in picture.rows()[: len(picture.labels)]]


@pytest.mark.parametrize("picture", [BARS, STACKS, LINES], ids=lambda picture: picture.key)
def test_a_drawing_has_a_name_and_a_description(picture: Picture) -> None:
    drawing = _soup(picture).select_one("svg[role=img]")

    name, words = drawing["aria-labelledby"].split()
    assert drawing.find("title", id=name).get_text() == picture.title
    assert drawing.find("desc", id=words).get_text() == picture.describe()
    assert drawing.find("desc", id=words).get_text()


@pytest.mark.parametrize("picture", ALL, ids=lambda picture: picture.key)
def test_the_table_scrolls_by_keyboard(picture: Picture) -> None:
    region = _soup(picture).select_one("[role=region]")

    assert region["tabindex"] == "0"
    assert region.get("aria-label") or region.get("aria-labelledby")


def test_bars_are_as_high_as_their_values() -> None:
    heights = [float(bar["height"].rstrip("%")) for bar in _soup(BARS).select("svg .wpm-chart__bar")]

    assert heights == pytest.approx([100, 50, 25])


def test_a_bar_below_zero_hangs_from_the_line() -> None:
    soup = _soup(replace(BARS, values=[10, -10, 0]))
    up, down, none = soup.select("svg .wpm-chart__bar")

    assert up["y"] == "0.000%"
    assert (down["y"], none["y"]) == (soup.select_one(".wpm-chart__axis")["y1"],) * 2
    assert (float(down["height"].rstrip("%")), none["height"]) == (50.0, "0.000%")


def test_a_mark_is_between_the_bars_where_it_says() -> None:
    assert _soup(BARS).select_one(".wpm-chart__mark")["x1"] == "50.000%"


def test_bands_lie_on_top_of_each_other() -> None:
    new, mature = _soup(STACKS).select(".wpm-chart__band")[:2]

    assert float(new["y"].rstrip("%")) == pytest.approx(
        float(mature["y"].rstrip("%")) + float(mature["height"].rstrip("%")), abs=0.01
    )


def test_a_stack_adds_up_in_its_table() -> None:
    assert STACKS.rows() == [["January", 1, 2, 3], ["February", 3, None, 3]]
    assert _table(_soup(STACKS)) == [["January", "1", "2", "3"], ["February", "3", "–", "3"]]


def test_a_missing_value_breaks_the_line() -> None:
    path = _soup(LINES).select_one(".wpm-chart__lines path")["d"]

    assert path.count("M") == 2
    assert "L" not in path


def test_lines_can_be_told_apart_without_color() -> None:
    keys = _soup(LINES).select(".wpm-chart__legend li")

    assert [key.get_text(strip=True) for key in keys] == ["Loyal", "VIP"]
    markers = {key.select_one(".wpm-chart__marker")["d"] for key in keys}
    assert len(markers) == 2


def test_a_grid_adds_up_rows_and_columns() -> None:
    assert GRID.rows() == [["2", 8, 4, 12], ["1", 1, None, 1], ["Total", 9, 4, 13]]
    assert [cell.get_text(strip=True) for cell in _soup(GRID).select("tfoot td")] == ["9", "4", "13"]


def test_columns_before_the_grid_are_counts_whatever_the_cells_are() -> None:
    soup = _soup(replace(GRID, leads=[("Customers", [70, 30])], number=as_percent))

    assert [cell.get_text(strip=True) for cell in soup.select("tfoot td")] == ["100", "9.0%", "4.0%", "13.0%"]
    assert [cell.get_text(strip=True) for cell in soup.select(".wpm-grid__lead")] == ["70", "30"]


def test_a_cell_is_tinted_by_its_value_and_a_thin_one_is_not() -> None:
    cells = _soup(GRID).select(".wpm-grid__cell")

    assert [re.search(r"--tint: (\d+)%", cell["style"])[1] for cell in cells] == ["40", "20", "0"]
    assert "is-thin" in cells[2]["class"]
    assert "too few to judge" in cells[2].get_text()
    assert cells[0].a["href"] == "/listing/"


def test_second_values_of_cells_stand_in_columns_of_their_own_in_the_file() -> None:
    grid = replace(GRID, cells=[[Cell(8, extra=Decimal("1.5")), None], [None, None]], extra_title="revenue")

    assert grid.header() == ["Frequency", "1", "2", "Total", "1: revenue", "2: revenue"]
    assert grid.rows()[0] == ["2", 8, None, 8, Decimal("1.5"), None]


def test_what_is_missing_stands_in_place_of_the_picture() -> None:
    picture = replace(BARS, labels=[], values=[], missing="Too few to show: 3 orders.", download_url="/file/")
    soup = _soup(picture)

    assert "Too few to show: 3 orders." in soup.get_text()
    assert soup.find("svg") is None
    assert soup.find("table") is None
    assert soup.find("a") is None
    assert picture.definition in soup.get_text()


def test_the_file_is_offered_where_there_is_one() -> None:
    assert _soup(BARS).select_one(".wpm-chart__download") is None
    assert _soup(replace(BARS, download_url="?file=1")).select_one(".wpm-chart__download")["href"] == "?file=1"


def test_names_from_outside_are_escaped() -> None:
    soup = _soup(replace(LINES, series=[Series('<script>"x"</script>', [1, 2, 3])]))

    assert soup.find("script") is None
    assert '<script>"x"</script>' in unescape(soup.select_one(".wpm-chart__legend").decode())


@override_settings(USE_THOUSAND_SEPARATOR=True)
def test_numbers_are_written_in_the_language_and_coordinates_are_not() -> None:
    with translation.override("de"):
        soup = _soup(replace(BARS, values=[Decimal("1234.5"), 2, 1]))

    assert _table(soup)[0][1] == "1.234,5"
    for bar in soup.select(".wpm-chart__bar"):
        assert re.fullmatch(r"\d+\.\d{3}%", bar["height"])


@pytest.mark.parametrize(
    ("values", "ticks", "unit"),
    [
        ([1, 0], ["0", "1"], ""),
        ([3], ["0", "1", "2", "3"], ""),
        ([0, 0], ["0", "1"], ""),
        ([0.4], ["0", "0.1", "0.2", "0.3", "0.4"], ""),
        ([97, -20], ["-50", "0", "50", "100"], ""),
        ([40_000], ["0", "10", "20", "30", "40"], "thousands"),
        ([None, 8_000_000], ["0", "2", "4", "6", "8"], "millions"),
    ],
)
def test_the_axis_has_round_steps(values: list[float | None], ticks: list[str], unit: str) -> None:
    scale = scale_of(values)

    assert [text for _top, text in scale.ticks] == ticks
    assert scale.unit == unit


@pytest.mark.parametrize(("share", "text"), [(1000 / 36, "27.8%"), (Decimal("12.34"), "12.3%"), (100, "100.0%")])
def test_a_share_is_rounded_to_one_decimal(share: float, text: str) -> None:
    assert as_percent(share) == text


def test_flat_bars_are_their_own_table_and_as_long_as_their_values() -> None:
    picture = FlatBars(
        key="combinations",
        title="Every combination",
        definition="Exactly these.",
        row_title="In",
        value_title="Contacts",
        labels=["Loyal + a long name", "Loyal", "Nobody"],
        values=[40, 10, 0],
    )
    soup = _soup(picture)

    assert _table(soup) == [["Loyal + a long name", "40"], ["Loyal", "10"], ["Nobody", "0"]]
    assert [bar["style"] for bar in soup.select(".wpm-flat__bar")] == [
        "inline-size: 75.000%",
        "inline-size: 18.750%",
        "inline-size: 0.000%",
    ]


def test_names_stand_beside_the_last_bar_where_they_do_not_meet() -> None:
    series = [Series("many", [1, 90]), Series("hardly any", [1, 1]), Series("some", [1, 8]), Series("none", [1, 0])]
    soup = _soup(replace(STACKS, series=series))

    assert {one.get_text() for one in soup.select(".wpm-chart__name--beside")} == {"many", "some"}
    assert "hardly any" in soup.select_one(".wpm-chart__legend").get_text()


def test_a_series_may_have_a_color_of_its_own() -> None:
    soup = _soup(replace(STACKS, series=[Series("new", [1, 3], tone=5), Series("mature", [2, 1])]))

    tones = {str(band["class"][1]) for band in soup.select("rect.wpm-chart__band")}
    assert tones == {"wpm-chart__tone-5", "wpm-chart__tone-2"}


def test_long_words_above_many_columns_stand_upright() -> None:
    words = [f"a long word {number}" for number in range(12)]
    wide = replace(GRID, columns=words, labels=["1"], cells=[[Cell(1)] * 12], has_totals=False)

    assert _soup(wide).select_one("table.wpm-grid--many.wpm-grid--upright") is not None
    assert _soup(replace(wide, columns=[str(number) for number in range(12)])).select_one(".wpm-grid--upright") is None
    assert _soup(GRID).select_one(".wpm-grid--many") is None


def test_what_is_shown_leads_to_segments() -> None:
    soup = _soup(replace(STACKS, segments=[("new", "/new/?rules=1"), ("mature", "/new/?rules=2")]))

    assert [(one.get_text(), one["href"]) for one in soup.select(".wpm-chart__segments a")] == [
        ("new", "/new/?rules=1"),
        ("mature", "/new/?rules=2"),
    ]
