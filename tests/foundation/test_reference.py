"""The reference pages list what there is: every option with its default, every check by its id."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from wagtail_precise_mail import checks
from wagtail_precise_mail.conf import Options

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


def test_every_option_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", (REFERENCE / "settings.md").read_text(), re.MULTILINE)
    documented = {name: default.replace('"', "'") for name, default in rows}
    defaults = Options()
    assert documented == {field.name: repr(getattr(defaults, field.name)) for field in fields(Options)}


def test_every_check_is_documented_and_exists() -> None:
    pattern = r"wagtail_precise_mail\.[EWI]\d{3}"
    in_code = set(re.findall(pattern, Path(checks.__file__).read_text()))
    rows = re.findall(rf"^\| `({pattern})` \|", (REFERENCE / "checks.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(in_code)
