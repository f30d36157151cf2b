"""What a landing page is for."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Goal(TextChoices):
    """What visitors of a landing page should do."""

    PRESS = "press", _("press the goal button")
    BUY = "buy", _("buy something")
    OTHER = "other", _("do something that your site records")
