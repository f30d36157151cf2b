"""RegistryStreamField: its blocks come late, and migrations do not see them."""

from __future__ import annotations

from wagtail.blocks import CharBlock, StreamBlock

from wagtail_precise_mail.fields import RegistryStreamField


def test_block_is_made_when_first_used_and_not_before() -> None:
    made = []

    def make_block() -> StreamBlock:
        made.append(1)
        return StreamBlock([("word", CharBlock())])

    field = RegistryStreamField(make_block, blank=True)
    assert not made

    assert list(field.stream_block.child_blocks) == ["word"]
    assert field.stream_block is field.stream_block
    assert made == [1]


def test_migrations_do_not_change_with_the_blocks() -> None:
    field = RegistryStreamField(lambda: StreamBlock([("word", CharBlock())]), blank=True)

    _name, path, args, kwargs = field.deconstruct()

    assert path == "wagtail_precise_mail.fields.RegistryStreamField"
    assert args == []
    assert kwargs == {"blank": True}


def test_blank_decides_whether_the_block_is_required() -> None:
    assert RegistryStreamField(StreamBlock, blank=True).stream_block.meta.required is False
    assert RegistryStreamField(StreamBlock).stream_block.meta.required is True
