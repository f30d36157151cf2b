"""What this room announces, after commit. The sender is the class ``Send``, of what came back the class ``Bounce``."""

from __future__ import annotations

from django.dispatch import Signal

send_finished = Signal()
"""No message of a send moves by itself any more. Arguments: ``send``. Comes again when somebody sends again."""

send_paused = Signal()
"""A send stopped. Arguments: ``send``; ``reason``, a sentence for people."""

passed_on = Signal()
"""A contact passed a mail on. Arguments: ``message``; ``via``, "mail", "link" or the key of a network; ``at``."""

bounced = Signal()
"""A server did not deliver a message. Arguments: ``bounce``; its ``kind`` says why. Comes once for each event."""

complained = Signal()
"""A contact called a message spam, and is suppressed. Arguments: ``bounce``. Comes once for each event."""

delivered = Signal()
"""A provider says that a message arrived. Arguments: ``message``, ``at``. The sender is ``OutboxMessage``."""

opened = Signal()
"""A provider saw that a message was opened. Arguments: ``message``, ``at``; ``user_agent``, or ""."""

clicked = Signal()
"""A provider saw a click. Arguments: ``message``, ``at``; ``url``; ``user_agent``, or ""."""

replied = Signal()
"""A contact answered a mail. Arguments: ``reply``; its sender is the class ``Reply``. Comes once for each answer."""
