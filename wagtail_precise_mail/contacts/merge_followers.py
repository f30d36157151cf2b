"""Who has to work something out again when rows went from one contact to another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from wagtail_precise_mail.registry import Registry

merge_followers: Registry[Callable[[Sequence[int], Collection[str]], None]] = Registry("follower of merges")
"""Called in the transaction of a merge, and of taking one back, with the ids of the contacts (some may be gone)
and what moved, such as "wagtail_precise_mail.Order.contact"."""
