"""The ways out, by key; the option ``channel`` names the one in use."""

from wagtail_precise_mail.delivery.channels.anymail import AnymailChannel
from wagtail_precise_mail.delivery.channels.base import Channel, Envelope, Outcome, Receipt, channels
from wagtail_precise_mail.delivery.channels.choosing import channel_label, open_channel
from wagtail_precise_mail.delivery.channels.django_backend import DjangoChannel
from wagtail_precise_mail.delivery.channels.file import FileChannel
from wagtail_precise_mail.delivery.channels.memory import MemoryChannel
from wagtail_precise_mail.delivery.channels.smtp import SmtpChannel

__all__ = [
    "AnymailChannel",
    "Channel",
    "DjangoChannel",
    "Envelope",
    "FileChannel",
    "MemoryChannel",
    "Outcome",
    "Receipt",
    "SmtpChannel",
    "channel_label",
    "channels",
    "open_channel",
]
