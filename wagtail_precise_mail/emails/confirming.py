"""What makes an email one that confirms a sign-up."""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

CONFIRM_BLOCK = "confirm_sign_up"
"""Key of the block with the button, and name of its link in ``personal_links``."""


def can_confirm(email: Any) -> bool:
    """Whether an email has the button, wherever it stands in it."""
    # Defaults of blocks may be translated late, which plain JSON cannot write.
    return f'"type": "{CONFIRM_BLOCK}"' in json.dumps(email.body.get_prep_value(), cls=DjangoJSONEncoder)
