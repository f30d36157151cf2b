"""The channel that the options name."""

from __future__ import annotations

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.channels.base import Channel, channels


def channel_label(name: str) -> str:
    """Return what people call a channel; its key where it has no label, or where nobody registers it any more.

    Args:
        name: its key, or "key:argument"; of two channels of one kind the argument tells which.
    """
    key, _colon, argument = name.partition(":")
    label = str(channels.get(key).label) if key in channels else ""
    if not label:
        return name
    return f"{label} ({argument})" if argument else label


def open_channel(name: str = "") -> Channel:
    """Return a channel, which connects when it first sends.

    Args:
        name: its key, or "key:argument" such as "django:newsletters"; "" takes the option ``channel``.

    Raises:
        UnknownKey: nobody registered such a channel.
        ConfigurationError: its argument, or what it needs of the settings, is wrong or missing.
    """
    key, _colon, argument = (name or options().channel).partition(":")
    channel = channels.get(key)
    return channel.of(argument) if argument else channel()
