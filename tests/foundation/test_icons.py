"""Every icon that our screens name is one that Wagtail has: of another one nothing would be drawn, without an error."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from wagtail.admin.icons import get_icons

PACKAGE = Path(__file__).resolve().parents[2] / "wagtail_precise_mail"
_NAMES = {"icon", "icon_name", "header_icon", "menu_icon"}
# {% icon name="…" %}, and icon="…" of panels and headers.
_IN_TEMPLATES = re.compile(r"\bicon(?: name|_name)?=[\"']([a-z0-9-]+)[\"']")


def test_every_icon_in_the_code_is_registered() -> None:
    named = {icon: path.name for path in PACKAGE.rglob("*.py") for icon in _named(ast.parse(path.read_text()))}
    assert len(named) > 40
    assert _missing(named) == {}


def test_every_icon_in_the_templates_is_registered() -> None:
    paths = (PACKAGE / "templates").rglob("*.html")
    named = {icon: path.name for path in paths for icon in _IN_TEMPLATES.findall(path.read_text())}
    assert len(named) > 20
    assert _missing(named) == {}


def test_an_icon_that_there_is_not_is_found() -> None:
    planted = ast.parse("class Planted:\n    icon = 'undo' if True else 'mail'\nRow(icon_name='pause')")
    assert _missing(dict.fromkeys(_named(planted), "planted")) == {"undo": "planted", "pause": "planted"}


def _missing(named: dict[str, str]) -> dict[str, str]:
    sprite = get_icons()
    return {icon: where for icon, where in named.items() if f'id="icon-{icon}"' not in sprite}


def _named(tree: ast.AST) -> Iterator[str]:
    """Yield the words given to anything called an icon: attributes, arguments, and both arms of a choice."""
    for node in ast.walk(tree):
        value: ast.expr | None = None
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            value = node.value if any(getattr(one, "id", "") in _NAMES for one in targets) else None
        elif isinstance(node, ast.keyword):
            value = node.value if node.arg in _NAMES else None
        for part in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value:
                yield part.value
