"""Rules as blocks."""
from wagtail.blocks import StreamBlock


def make_rules_block() -> StreamBlock:
    return StreamBlock()
