"""Pictures: descriptions, weight, movement, formats and rights."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image as PillowImage
from wagtail.images import get_image_model

from tests.emails.checks import button, columns, facts, found, item
from tests.emails.checks.blocks import found_in
from tests.factories.commerce import make_product
from tests.factories.emails import default_site, make_brand, make_email, make_image, make_saved_block, raw_block
from wagtail_precise_mail.emails.checks import check_email, pictures
from wagtail_precise_mail.emails.composition import make_context
from wagtail_precise_mail.emails.rights import ImageRights, credit_of, rights_of

pytestmark = pytest.mark.django_db


def picture(image: Any, alt: str = "A fern", *, decorative: bool = False) -> dict[str, Any]:
    return raw_block("image", image={"image": image.pk, "alt_text": alt, "decorative": decorative})


def test_description_is_asked_for_in_columns_and_saved_blocks() -> None:
    inner = picture(make_image("Fern"), "")
    column = [inner]
    saved = raw_block("saved_block", saved_block=make_saved_block(picture(make_image("Moss"), "")).pk)
    findings = found("image_alt", columns(column), saved, button())
    assert [finding.block_id for finding in findings] == [inner["id"], saved["id"]]
    assert "Fern" in findings[0].message
    assert "Moss" in findings[1].message


@pytest.mark.parametrize(("alt", "count"), [("", 1), ("A fern", 0)])
def test_description_in_a_field_beside_the_picture(alt: str, count: int) -> None:
    raw = raw_block("own_gallery", image=make_image().pk, alt_text=alt, pictures=[])
    assert len(found_in("image_alt", raw, button())) == count


@pytest.mark.parametrize(("alt", "count"), [("", 1), ("A fern", 0)])
def test_description_in_a_list_of_pictures(alt: str, count: int) -> None:
    one = item(picture={"image": make_image().pk, "alt_text": alt, "decorative": False})
    assert len(found_in("image_alt", raw_block("own_gallery", pictures=[one]), button())) == count


def test_picture_in_markup_needs_an_alt_attribute() -> None:
    bad = raw_block("own_markup", html='<img src="https://example.org/fern.png" />')
    good = raw_block("own_markup", html='<img src="https://example.org/fern.png" alt="" />')
    (finding,) = found_in("image_alt", bad, button())
    assert "fern.png" in finding.message
    assert found_in("image_alt", good, button()) == []


def test_heavy_picture_is_a_warning_at_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = picture(make_image())
    monkeypatch.setattr(pictures, "BYTES_LIMIT", 3_000)
    (finding,) = found("image_weight", button(), raw)
    assert finding.block_id == raw["id"]
    assert "MB" in finding.message


@pytest.mark.slow
def test_noise_that_stays_above_a_megabyte_is_found() -> None:
    noise = PillowImage.effect_noise((1200, 1200), 120).convert("RGB")
    file = io.BytesIO()
    noise.save(file, "PNG")
    image = get_image_model().objects.create(title="Noise", file=ContentFile(file.getvalue(), name="noise.png"))
    assert found("image_weight", button(), picture(image))


def test_light_picture_is_none() -> None:
    assert found("image_weight", button(), picture(make_image())) == []


def test_weight_is_asked_of_the_storage_once() -> None:
    seen = facts(picture(make_image()), button())
    rendition = seen.context.shared.pictures[0].rendition
    assert pictures.file_size(rendition) > 0
    rendition.file.storage.delete(rendition.file.name)
    assert pictures.file_size(rendition) > 0


def make_gif(*, frames: int) -> Any:
    images = [PillowImage.new("RGB", (800, 400), color) for color in ("red", "green", "blue")[:frames]]
    file = io.BytesIO()
    images[0].save(file, "GIF", save_all=True, append_images=images[1:])
    return get_image_model().objects.create(title="Steam", file=ContentFile(file.getvalue(), name="steam.gif"))


def test_moving_picture_that_will_stand_still_is_a_hint() -> None:
    (finding,) = found("image_motion", button(), picture(make_gif(frames=3)))
    assert finding.level == "hint"
    assert found("image_motion", button(), picture(make_gif(frames=1))) == []


@pytest.mark.parametrize(
    ("source", "client"),
    [
        ("https://example.org/a.webp", "Outlook for Windows"),
        ("https://example.org/a.svg?v=1", "Gmail"),
        ("https://example.org/a.AVIF", "Outlook for Windows"),
        ("data:image/png;base64,AAAA", "Gmail"),
    ],
)
def test_format_from_elsewhere_names_who_does_not_show_it(source: str, client: str) -> None:
    (finding,) = found_in("image_format", raw_block("own_markup", html=f'<img src="{source}" alt="" />'), button())
    assert client in finding.message
    assert finding.remedy


def test_picture_of_a_product_from_elsewhere_is_looked_at() -> None:
    product = make_product(image_url="https://example.org/mug.webp")
    assert found("image_format", raw_block("product", product=product.pk, layout="above"), button())


def test_pictures_of_the_library_have_a_good_format() -> None:
    file = io.BytesIO()
    PillowImage.new("RGB", (800, 400), "red").save(file, "WEBP")
    image = get_image_model().objects.create(title="Web", file=ContentFile(file.getvalue(), name="web.webp"))
    assert found("image_format", picture(image), button()) == []


def license_of(image: Any, **values: Any) -> ImageRights:
    return ImageRights.objects.create(image=image, **{"license": "CC BY 4.0", **values})


def test_license_that_has_ended_is_an_error_at_its_block() -> None:
    image, raw = make_image("Fern"), None
    license_of(image, expires_on=timezone.localdate() - timedelta(days=1))
    raw = picture(image)
    (finding,) = found("image_rights_expired", button(), raw)
    assert finding.is_error
    assert finding.block_id == raw["id"]


def test_last_day_of_a_license_belongs_to_it() -> None:
    image = make_image()
    license_of(image, expires_on=timezone.localdate())
    assert found("image_rights_expired", picture(image)) == []


def test_license_must_last_until_the_mail_goes_out() -> None:
    image = make_image()
    license_of(image, expires_on=timezone.localdate() + timedelta(days=3))
    email = make_email(picture(image), button())
    later = timezone.now() + timedelta(days=5)
    assert [one for one in check_email(email, default_site(), at=later) if one.key == "image_rights_expired"]
    assert not [one for one in check_email(email, default_site()) if one.key == "image_rights_expired"]


def test_rights_of_the_logo_and_of_cards_count() -> None:
    logo = make_image("Logo", name="logo.png")
    make_brand(logo=logo)
    mug = make_image("Mug")
    for image in (logo, mug):
        license_of(image, expires_on=date(2020, 1, 1))
    block = raw_block("product", product=make_product(image=mug).pk, layout="above")
    messages = " ".join(finding.message for finding in found("image_rights_expired", block, button()))
    assert "Logo" in messages
    assert "Mug" in messages


def test_unknown_rights_are_one_hint() -> None:
    known, own = make_image("Known"), make_image("Own")
    license_of(known)
    ImageRights.objects.create(image=own, is_own=True)
    blocks = [picture(image) for image in (known, own, make_image("Moss"), make_image("Fern"))]
    (finding,) = found("image_rights_missing", *blocks, button())
    assert finding.level == "hint"
    assert "2 images" in finding.message
    assert "“Moss”" in finding.message
    assert "Known" not in finding.message
    assert found("image_rights_missing", *blocks[:2], button()) == []


def test_rights_are_read_in_one_query(django_assert_num_queries: Any) -> None:
    images = [make_image() for _number in range(3)]
    for image in images:
        license_of(image)
    with django_assert_num_queries(1):
        assert set(rights_of(images)) == {image.pk for image in images}
    with django_assert_num_queries(0):
        assert rights_of([]) == {}


def test_credit_is_asked_for_once_per_email(django_assert_num_queries: Any) -> None:
    image, other = make_image(), make_image()
    license_of(image, credit=" Photo: Ada ")
    context = make_context(site=default_site(), base_url="https://x.example", at=timezone.now())
    with django_assert_num_queries(2):
        assert [credit_of(one, context) for one in (image, other, image, other)] == ["Photo: Ada", "", "Photo: Ada", ""]


def test_credit_stands_below_the_image() -> None:
    image = make_image()
    license_of(image, credit="Photo: Ada")
    shown = facts(picture(image), button())
    assert "Photo: Ada" in shown.soup.get_text()
