"""What this room announces, after commit. The sender is always the class ``Send``."""

from __future__ import annotations

from django.dispatch import Signal

send_finished = Signal()
"""No message of a send moves by itself any more. Arguments: ``send``. Comes again when somebody sends again."""

send_paused = Signal()
"""A send stopped. Arguments: ``send``; ``reason``, a sentence for people."""

passed_on = Signal()
"""A contact passed a mail on. Arguments: ``message``; ``via``, "mail", "link" or the key of a network; ``at``."""
