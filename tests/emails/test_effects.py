"""What is drawn into pictures: pixels are looked at."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from PIL import Image
from wagtail.images import get_image_model
from wagtail.images.exceptions import InvalidFilterSpecError

from tests.factories.emails import make_image
from wagtail_precise_mail.emails.brand import contrast
from wagtail_precise_mail.emails.effects import JPEG, badged, opaque, play_badge, shade, shaded


def hex_of(pixel: tuple[int, ...]) -> str:
    return f"#{bytes(pixel[:3]).hex()}"


@pytest.mark.parametrize("color", ["#ffffff", "#ffe900", "#7fd4ff", "#808080", "#101010"])
def test_white_words_can_be_read_on_any_shaded_picture(color: str) -> None:
    picture = shaded(Image.new("RGB", (60, 40), color), "#0f382e", "#ffffff")
    assert contrast(hex_of(picture.getpixel((30, 20))), "#ffffff") >= 4.5


def test_dark_picture_stays_as_it_is() -> None:
    assert hex_of(shaded(Image.new("RGB", (60, 40), "#101010"), "#0f382e", "#ffffff").getpixel((5, 5))) == "#101010"


def test_picture_is_shaded_for_its_bright_part_and_not_for_a_speck() -> None:
    half = Image.new("RGB", (96, 96), "#202020")
    half.paste("#ffffff", (0, 0, 96, 48))
    assert contrast(hex_of(shaded(half, "#0f382e", "#ffffff").getpixel((48, 10))), "#ffffff") >= 4.5


def test_badge_is_in_the_middle_in_the_colors_asked_for() -> None:
    picture = badged(Image.new("RGB", (400, 225), "#dddddd"), "#1f6f5c", "#ffffff")
    assert hex_of(picture.getpixel((204, 112))) == "#ffffff"  # the triangle
    assert hex_of(picture.getpixel((178, 112))) == "#1f6f5c"  # the disk to its left
    assert hex_of(picture.getpixel((20, 20))) == "#dddddd"
    assert picture.size == (400, 225)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "CMYK", "RGB"])
def test_pictures_of_every_mode_become_opaque(mode: str) -> None:
    picture = opaque(Image.new("RGBA", (8, 8), (0, 0, 0, 0)).convert(mode))
    assert picture.mode == "RGB"


def test_what_was_transparent_is_white() -> None:
    assert opaque(Image.new("RGBA", (8, 8), (0, 0, 0, 0))).getpixel((1, 1)) == (255, 255, 255)


@pytest.mark.django_db
@pytest.mark.parametrize("operation", [shade("#0f382e", "#ffffff"), play_badge("#1f6f5c", "#ffffff")])
def test_effect_is_kept_as_a_rendition(operation: str) -> None:
    image = make_image(size=(400, 300))
    first = image.get_rendition(f"width-200|{operation}")
    assert first.pk == image.get_rendition(f"width-200|{operation}").pk
    assert first.width == 200
    assert first.file.name.endswith(".jpg")


@pytest.mark.django_db
@pytest.mark.parametrize("operation", [shade("#0f382e", "#ffffff"), play_badge("#1f6f5c", "#ffffff"), JPEG])
def test_file_has_a_name_that_web_servers_do_not_hide(operation: str) -> None:
    rendition = make_image(size=(1400, 1900)).get_rendition(f"fill-1200x1500|{operation}")
    assert not rendition.file.name.rpartition("/")[2].startswith(".")


@pytest.mark.django_db
def test_what_was_transparent_is_white_in_a_jpeg() -> None:
    file = BytesIO()
    Image.new("RGBA", (80, 60), (0, 0, 0, 0)).save(file, "WEBP")
    image = get_image_model().objects.create(title="x", file=ContentFile(file.getvalue(), name="x.webp"))
    with image.get_rendition(f"width-80|{JPEG}").file.open() as written:
        picture = Image.open(written)
        assert picture.format == "JPEG"
        assert picture.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.django_db
def test_effect_works_on_a_moving_picture() -> None:
    file = BytesIO()
    frames: list[Any] = [Image.new("P", (80, 60), number) for number in (1, 2)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    content = ContentFile(file.getvalue(), name="x.gif")
    image = get_image_model().objects.create(title="Moves", file=content)
    assert image.get_rendition(f"width-80|{play_badge('#1f6f5c', '#ffffff')}").width == 80


@pytest.mark.django_db
@pytest.mark.parametrize("operation", ["mailshade-red-ffffff", "mailplay-1f6f5c", "mailshade-1f6f5c-ffffff-1"])
def test_wrong_colors_are_refused_as_other_wrong_operations(operation: str) -> None:
    with pytest.raises(InvalidFilterSpecError):
        make_image(size=(40, 30)).get_rendition(f"width-20|{operation}")
