"""Blocks of a project, for checks that read blocks they do not know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

from django.utils import timezone
from django.utils.safestring import mark_safe
from wagtail.blocks import CharBlock, DateTimeBlock, ListBlock, StructBlock, TextBlock
from wagtail.images.blocks import ImageBlock, ImageChooserBlock

from tests.factories.emails import default_site
from wagtail_precise_mail.emails.blocks import EmailBlock, email_blocks
from wagtail_precise_mail.emails.body import make_body_block
from wagtail_precise_mail.emails.checks import EmailFacts, Finding
from wagtail_precise_mail.emails.checks import run_checks as run_all


class MarkupBlock(EmailBlock):
    """Whatever HTML somebody wrote into an mj-text."""

    html = TextBlock()

    def prepare(self, value: Any, context: Any) -> dict[str, Any]:
        return {}

    def compile(self, value: Any, context: Any) -> Any:
        return mark_safe(f"<mj-text>{value['html']}</mj-text>")

    def text(self, value: Any, context: Any) -> str:
        return " ".join(str(value["html"]).split()) if "<" not in value["html"] else ""


class OfferBlock(EmailBlock):
    """An offer as a project would write it."""

    terms = TextBlock(required=False)
    ends_at = DateTimeBlock(required=False)
    aida_role = "desire"
    nature = "promotion"

    def prepare(self, value: Any, context: Any) -> dict[str, Any]:
        return {}

    def compile(self, value: Any, context: Any) -> Any:
        return mark_safe("<mj-text>Three for two</mj-text>")

    def text(self, value: Any, context: Any) -> str:
        return "Three for two"


class GalleryBlock(EmailBlock):
    """Pictures in a list, and one whose description stands in a field beside it."""

    image = ImageChooserBlock(required=False)
    alt_text = CharBlock(required=False)
    pictures = ListBlock(StructBlock([("picture", ImageBlock())]))

    def prepare(self, value: Any, context: Any) -> dict[str, Any]:
        return {}

    def compile(self, value: Any, context: Any) -> Any:
        return mark_safe("<mj-text>Pictures</mj-text>")

    def text(self, value: Any, context: Any) -> str:
        return "Pictures"


OF_A_PROJECT = {"own_markup": MarkupBlock, "own_offer": OfferBlock, "own_gallery": GalleryBlock}


@contextmanager
def project_facts(*blocks: dict[str, Any], at: Any = None, **overrides: Any) -> Iterator[EmailFacts]:
    """An email with blocks of a project, seen by its checks."""
    with ExitStack() as stack:
        for key, block in OF_A_PROJECT.items():
            stack.enter_context(email_blocks.temporarily(key, block))
        body = make_body_block().to_python(list(blocks))
        email = SimpleNamespace(**{"subject": "News", "preheader": "For you", "body": body, **overrides})
        yield EmailFacts(email, default_site(), at=at or timezone.now())


def found_in(key: str, *blocks: dict[str, Any], at: Any = None) -> list[Finding]:
    """What one check finds in an email with blocks of a project."""
    with project_facts(*blocks, at=at) as facts:
        return [finding for finding in run_all(facts) if finding.key == key]
