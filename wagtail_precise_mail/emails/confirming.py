"""What makes an email one that confirms a sign-up, or asks for permission again."""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

CONFIRM_BLOCK = "confirm_sign_up"
"""Key of the block with the button, and name of its link in ``personal_links``."""

ASK_AGAIN_BLOCK = "ask_again"
"""The same for the button by which somebody says that they still want mail."""


def can_confirm(email: Any) -> bool:
    """Whether an email has the button that confirms a sign-up, wherever it stands in it."""
    return has_block(email, CONFIRM_BLOCK)


def can_ask_again(email: Any) -> bool:
    """Whether an email has the button that gives permission again, wherever it stands in it."""
    return has_block(email, ASK_AGAIN_BLOCK)


def has_block(email: Any, key: str) -> bool:
    """Whether an email has a block of a kind, wherever it stands in it."""
    # Defaults of blocks may be translated late, which plain JSON cannot write.
    return f'"type": "{key}"' in json.dumps(email.body.get_prep_value(), cls=DjangoJSONEncoder)
