"""What this room announces, after commit."""

from __future__ import annotations

from django.dispatch import Signal

survey_answered = Signal()
"""A contact answered a survey, for the first time or anew. The sender is ``SurveyAnswer``. Arguments: ``answer``."""
