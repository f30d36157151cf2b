"""Words for people can be found by those who translate."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import wagtail_precise_mail

ROOT = Path(wagtail_precise_mail.__file__).parent
NAMES = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}


def hidden_words(path: Path) -> Iterator[str]:
    for literal in ast.walk(ast.parse(path.read_text())):
        if isinstance(literal, ast.JoinedStr):
            for node in ast.walk(literal):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}"


def test_no_words_stand_inside_of_f_strings_where_gettext_does_not_look() -> None:
    found = [place for path in sorted(ROOT.rglob("*.py")) for place in hidden_words(path)]
    assert found == []
