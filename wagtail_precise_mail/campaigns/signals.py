"""What campaigns announce.

``campaign_moved``: a campaign went to another state. Sent after commit, with ``campaign``, ``before`` and ``after``
(values of ``Campaign.State``) and ``by`` (a user, or None when the machine did it).
"""

from __future__ import annotations

from django.dispatch import Signal

campaign_moved = Signal()
