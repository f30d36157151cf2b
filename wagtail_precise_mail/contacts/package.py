"""The package of everything about a person: a ZIP with one JSON file, and one CSV file for each table."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.personal_data import Rows, collect_everything
from wagtail_precise_mail.tabular.cells import neutralize
from wagtail_precise_mail.tabular.lines import as_csv


def make_package(contact: Contact, *, at: datetime) -> bytes:
    """Return the bytes of the ZIP, made of everything that is stored at this moment."""
    tables = collect_everything(contact)
    whole = {"made_at": at, "address": contact.email, "tables": tables}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _readme(tables))
        archive.writestr("data.json", json.dumps(whole, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))
        for name, rows in tables.items():
            if rows:
                archive.writestr(f"{name}.csv", _as_csv(rows))
    return buffer.getvalue()


def file_name(at: datetime) -> str:
    """Return the name of the file; nothing personal is in it, for it stays in lists of downloads."""
    return f"my-data-{at:%Y-%m-%d}.zip"


def _readme(tables: dict[str, Rows]) -> str:
    lines = [
        _("This is everything that is stored about you."),
        _("data.json holds all of it; the .csv files hold the same, table by table, for spreadsheets (UTF-8)."),
        "",
        *(f"{name}: {len(rows)}" for name, rows in tables.items()),
    ]
    return "\r\n".join([*lines, ""])


def _as_csv(rows: Rows) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return "".join(as_csv([names, *([_cell(row.get(name)) for name in names] for row in rows)]))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        value = json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return neutralize(text) if isinstance(value, str) else text
