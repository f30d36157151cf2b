"""The blocks of an email's body."""
from wagtail.blocks import StreamBlock


def make_body_block() -> StreamBlock:
    return StreamBlock()


def make_saved_body_block() -> StreamBlock:
    return StreamBlock()
