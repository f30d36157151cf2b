"""The ways out, by key; the option ``channel`` names the one in use."""

from wagtail_precise_mail.delivery.channels.base import Channel, Envelope, Receipt, channels
from wagtail_precise_mail.delivery.channels.memory import MemoryChannel
from wagtail_precise_mail.delivery.channels.smtp import SmtpChannel

__all__ = ["Channel", "Envelope", "MemoryChannel", "Receipt", "SmtpChannel", "channels"]
