"""AIDA: attention, interest, desire, action. Blocks may say which of these they are for."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, email_checks
from wagtail_precise_mail.emails.checks.facts import BlockFacts, EmailFacts

ROLES = ("attention", "interest", "desire", "action")
"""In the order in which a reader should meet them."""

_LABELS = {
    "attention": gettext_lazy("attention"),
    "interest": gettext_lazy("interest"),
    "desire": gettext_lazy("desire"),
    "action": gettext_lazy("action"),
}


@email_checks.register("aida")
class AidaStructure(EmailCheck):
    """An email whose blocks have AIDA roles has one for action, and the roles come in their order."""

    label = gettext_lazy("Attention, interest, desire, action")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        roles = [(block, role) for block in facts.blocks if (role := role_of(block))]
        if not roles:
            return
        if all(role != "action" for _block, role in roles):
            yield self.finding(
                _("No block is for action."),
                _("Say what the reader should do, and mark that block as action."),
                place=_("Body"),
            )
        before = 0
        for block, role in roles:
            if ROLES.index(role) < before:
                yield self.finding(
                    _("“%(role)s” comes after “%(before)s”.")
                    % {"role": _LABELS[role], "before": _LABELS[ROLES[before]]},
                    _("Attention comes first, then interest, desire and action."),
                    block=block,
                )
            before = max(before, ROLES.index(role))


def role_of(block: BlockFacts) -> str:
    """Return the AIDA role of a block: what an editor chose, else what its class says; or ""."""
    role = str(block.get("aida") or getattr(block.block, "aida_role", None) or "")
    return role if role in ROLES else ""
