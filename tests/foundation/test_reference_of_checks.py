"""The reference of checks of emails lists what is registered; the how-to shows the code that runs."""

from __future__ import annotations

import re
from pathlib import Path

from wagtail_precise_mail.emails.checks import email_checks
from wagtail_precise_mail.emails.checks.clients import table

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference" / "checks-of-emails.md"
HOW_TO = ROOT / "docs" / "how-to" / "add-a-check.md"
EXAMPLE = ROOT / "example_site" / "shop" / "email_checks.py"


def rows() -> list[str]:
    """The table of the page, as the registry says it; what projects register is theirs to document."""
    ours = [(key, one) for key, one in email_checks.items() if one.__module__.startswith("wagtail_precise_mail.")]
    return [f"| `{key}` | {one.label} | {one.level} | {' '.join(str(one.__doc__).split())} |" for key, one in ours]


def test_every_check_is_documented_as_it_is() -> None:
    page = REFERENCE.read_text()
    written = page[page.index("## All checks") : page.index("Parts for segments")]
    assert re.findall(r"^\| `.*$", written, re.MULTILINE) == rows(), "the table should be:\n" + "\n".join(rows())


def test_page_says_how_old_the_table_of_clients_is() -> None:
    assert f"as of {table().updated}" in REFERENCE.read_text()


def test_how_to_shows_the_check_of_the_shop() -> None:
    code = EXAMPLE.read_text()
    assert code[code.index("import re") :].strip() in HOW_TO.read_text()
    assert len(code.splitlines()) < 50
