"""Conditions on mails: received, opened, clicked and bought from, of any campaign, some campaigns, or some topics."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar

from django.db.models import F, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import blocks

from wagtail_precise_mail.campaigns.conditions.parameters import CampaignKeys, campaign_block
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.segments.conditions import Choice, Keys, Tally, Text, Window, Windowed, conditions
from wagtail_precise_mail.segments.conditions.words import listed, named
from wagtail_precise_mail.tracking.conditions.sharing import (
    REACTIONS,
    SHOWN,
    Times,
    count_rows,
    dated,
    evidence,
    figure_name,
    holds_text,
    times_in_words,
)
from wagtail_precise_mail.tracking.models import MessageEvent

Kind = MessageEvent.Kind


def _topics() -> list[tuple[str, str | Promise]]:
    return list(Topic.objects.values_list("slug", "name"))


def _topic_block(**kwargs: object) -> blocks.ChoiceBlock:
    return blocks.ChoiceBlock(choices=_topics, **kwargs)


Campaigns = Annotated[
    tuple[str, ...],
    CampaignKeys(
        label=gettext_lazy("Campaigns"),
        item_label=gettext_lazy("Campaign"),
        help_text=gettext_lazy("Any of them, by their numbers. Empty: any mail."),
        model="wagtail_precise_mail.Campaign",
        attribute="pk",
        chooser=campaign_block,
    ),
]
Topics = Annotated[
    tuple[str, ...],
    Keys(
        label=gettext_lazy("Topics"),
        item_label=gettext_lazy("Topic"),
        help_text=gettext_lazy("Mails about any of them."),
        model="wagtail_precise_mail.Topic",
        attribute="slug",
        chooser=_topic_block,
    ),
]
CampaignName = Annotated[
    str,
    Text(
        label=gettext_lazy("Name of the campaign"),
        help_text=gettext_lazy("A part of it, in any case: every campaign that is called so."),
        max_length=150,
    ),
]
BlockId = Annotated[
    str, Text(label=gettext_lazy("Block"), help_text=gettext_lazy("Id of a block of the email."), max_length=40)
]
Link = Annotated[
    str,
    Text(
        label=gettext_lazy("Link"), help_text=gettext_lazy("Address that it led to, or a part of it."), max_length=200
    ),
]
LinkMatch = Annotated[
    str,
    Choice(
        label=gettext_lazy("The link"),
        choices=[("contains", gettext_lazy("contains it")), ("is", gettext_lazy("is exactly it"))],
    ),
]
By = Annotated[
    str,
    Choice(
        label=gettext_lazy("Opened by"),
        help_text=gettext_lazy("Mail programs load pictures on their own: such an open says nothing about the reader."),
        choices=[("person", gettext_lazy("a person")), ("any", gettext_lazy("a person or a machine"))],
    ),
]


class _Reaction(Windowed):
    """Contacts with at least so many rows of mails of some campaigns, in a window."""

    group = REACTIONS
    moment: ClassVar[str] = "happened_at"

    # Fields of the conditions below, each in its own order; not all have the last ones.
    campaigns: tuple[str, ...]
    topics: tuple[str, ...]
    campaign_name: str
    times: int
    block: str = ""
    link: str = ""
    link_match: str = "contains"

    def as_q(self, at: datetime) -> Q:
        return self.tally(at).as_q()

    def tally(self, at: datetime) -> Tally:
        wanted = self._wanted()
        parts = (self.campaigns, self.topics, self.campaign_name, self.block, self.link, self.link_match)
        figure = figure_name(*parts)
        return Tally(
            source=("mails", type(self).__name__, self._source(), self.window),
            rows=lambda: self._rows(at),
            wanted=wanted,
            figures={figure: count_rows},
            having=Q(**{f"{figure}__gte": self.times}),
            is_any_row=self.times == 1,
            is_guesswork=bool(self.link) and self.link_match == "contains",
        )

    def _source(self) -> object:
        return None

    @abstractmethod
    def _rows(self, at: datetime) -> QuerySet[Any]:
        """Return the rows up to a moment, of whatever mail."""

    @abstractmethod
    def _verb(self) -> str:
        """Return what they did with "%(mails)s"."""

    def _wanted(self) -> Q:
        wanted = Q()
        if self.campaigns or self.campaign_name:
            campaigns = Campaign.objects.filter(send__isnull=False).order_by()
            if self.campaigns:
                campaigns = campaigns.filter(pk__in=[int(key) for key in self.campaigns])
            if self.campaign_name:
                campaigns = campaigns.filter(name__icontains=self.campaign_name)
            wanted &= Q(send__in=campaigns.values("send"))
        if self.topics:
            wanted &= Q(send__in=Send.objects.filter(topic__slug__in=self.topics, is_test=False).values("pk"))
        if self.block:
            wanted &= Q(block_id=self.block)
        if self.link:
            wanted &= Q(url=self.link) if self.link_match == "is" else holds_text("url", self.link)
        return wanted

    def sentence(self) -> str:
        words = [self._verb() % {"mails": self._mails()}]
        if self.link:
            is_exact = self.link_match == "is"
            link = _("on the link %(link)s") if is_exact else _("on a link with “%(link)s” in it")
            words.append(link % {"link": self.link})
        if self.block:
            words.append(_("in block %(block)s") % {"block": self.block})
        return " ".join(words) + times_in_words(self.times) + self.window.sentence()

    def _mails(self) -> str:
        parts = []
        if self.campaigns:
            parts.append(listed(map(named, self.campaigns)))
        if self.campaign_name:
            parts.append(_("a campaign with “%(name)s” in its name") % {"name": self.campaign_name})
        if self.topics:
            parts.append(_("a mail about %(topics)s") % {"topics": listed(map(named, self.topics))})
        return _(" and ").join(parts) or _("any mail")

    def explain(self, contact: Contact, at: datetime) -> str:
        rows = self._rows(at).filter(self._wanted(), contact=contact)
        latest = rows.order_by(f"-{self.moment}", "-pk").values(
            "pk", moment=F(self.moment), campaign=F("send__campaign__name"), email=F("send__compiled__email__name")
        )[:SHOWN]
        deleted = _("a deleted email")
        lines = [dated(f"“{row['campaign'] or row['email'] or deleted}”", row["moment"]) for row in latest]
        return evidence(lines, rows.count(), _("never"))


def _events(kind: Kind, at: datetime, window: Window) -> QuerySet[MessageEvent]:
    return MessageEvent.objects.order_by().filter(kind=kind, contact__isnull=False, **window.lookups(at, "happened_at"))


@conditions.register("received_mail")
@dataclass(frozen=True)
class ReceivedMail(_Reaction):
    """Contacts who were sent mails, as far as their server took them."""

    label = gettext_lazy("Received a mail")
    description = gettext_lazy("Accepted by the reader's server. Several campaigns: any of them.")
    icon = "mail"
    moment = "handed_off_at"

    campaigns: Campaigns = ()
    topics: Topics = ()
    campaign_name: CampaignName = ""
    times: Times = 1

    def _rows(self, at: datetime) -> QuerySet[OutboxMessage]:
        return OutboxMessage.objects.order_by().filter(
            state=OutboxMessage.State.ACCEPTED,
            send__is_test=False,
            contact__isnull=False,
            **self.window.lookups(at, "handed_off_at"),
        )

    def _verb(self) -> str:
        return _("received %(mails)s")


@conditions.register("opened_mail")
@dataclass(frozen=True)
class OpenedMail(_Reaction):
    """Contacts who opened mails themselves; machines only when that is asked for."""

    label = gettext_lazy("Opened a mail")
    description = gettext_lazy("By the person, as far as one can tell; clicks say more.")
    icon = "view"

    campaigns: Campaigns = ()
    topics: Topics = ()
    campaign_name: CampaignName = ""
    by: By = "person"
    times: Times = 1

    def _source(self) -> object:
        return self.by

    def _rows(self, at: datetime) -> QuerySet[MessageEvent]:
        opens = _events(Kind.OPEN, at, self.window)
        # Both are said, for the index has them apart.
        return opens.filter(is_machine__in=[False, True] if self.by == "any" else [False])

    def _verb(self) -> str:
        return _("opened %(mails)s, perhaps by a machine,") if self.by == "any" else _("opened %(mails)s")


@dataclass(frozen=True)
class _OnLinks(_Reaction):
    """Rows that say on which link of which block."""

    campaigns: Campaigns = ()
    topics: Topics = ()
    campaign_name: CampaignName = ""
    link: Link = ""
    link_match: LinkMatch = "contains"
    block: BlockId = ""
    times: Times = 1


@conditions.register("clicked_mail")
@dataclass(frozen=True)
class ClickedMail(_OnLinks):
    """Contacts who clicked in mails themselves."""

    label = gettext_lazy("Clicked in a mail")
    description = gettext_lazy("By the person, not by a scanner; any link, or some links.")
    icon = "link"

    def _rows(self, at: datetime) -> QuerySet[MessageEvent]:
        return _events(Kind.CLICK, at, self.window).filter(is_machine=False)

    def _verb(self) -> str:
        return _("clicked in %(mails)s")


@conditions.register("bought_from_mail")
@dataclass(frozen=True)
class BoughtFromMail(_OnLinks):
    """Contacts who ordered after a click, by an order that belongs to it."""

    label = gettext_lazy("Bought from a mail")
    description = gettext_lazy("An order that is credited to the last click before it.")
    icon = "success"

    def _rows(self, at: datetime) -> QuerySet[MessageEvent]:
        return _events(Kind.CONVERSION, at, self.window).filter(is_machine=False)

    def _verb(self) -> str:
        return _("bought from %(mails)s")
