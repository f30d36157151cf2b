"""How the blocks of a page become blocks of an email; headings, text, pictures and quotes need nothing here."""

from __future__ import annotations

from collections.abc import Iterator

from wagtail.blocks import StructValue

from wagtail_precise_mail.emails.bridge import RawBlock
from wagtail_precise_mail.emails.bridge.pieces import bullets, columns, heading, product, rich_text


def tip(value: StructValue) -> Iterator[RawBlock]:
    """A box beside the text becomes a part of its own."""
    yield heading(value["title"], level=3)
    yield from rich_text(value["text"])


def steps(value: StructValue) -> list[RawBlock]:
    """Steps become a numbered list."""
    return [bullets(value["steps"], ordered=True)]


def products(value: StructValue) -> Iterator[RawBlock]:
    """Products stay references: price and stock are read when the email goes out."""
    found = [one for one in value["products"] if one][:4]
    if found:
        yield heading(value["title"])
        # On phones an odd one would stand alone in the middle.
        on_phones = "below" if len(found) % 2 else "pairs"
        yield columns(*([product(one, layout="above")] for one in found), on_phones=on_phones)


def sign_up(value: StructValue) -> list[RawBlock]:
    """Whoever reads the mail has signed up."""
    return []


STORY_IN_EMAILS = {"tip": tip, "steps": steps, "products": products, "sign_up": sign_up}
