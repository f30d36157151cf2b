"""Sending limits: a list of sentences, and one form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.admin.ui.tables import BaseColumn, TitleColumn
from wagtail.admin.views import generic

from wagtail_precise_mail.charts import as_percent
from wagtail_precise_mail.commerce.admin.products import WithViewPermission
from wagtail_precise_mail.contacts.addresses import domain_of
from wagtail_precise_mail.contacts.admin.columns import WideColumn, with_detail
from wagtail_precise_mail.delivery.admin.advised import AdvisedIndex
from wagtail_precise_mail.delivery.channels import channel_label, channels
from wagtail_precise_mail.delivery.pacing.buckets import Rate
from wagtail_precise_mail.delivery.pacing.groups import group_choices
from wagtail_precise_mail.delivery.pacing.hosting import hosted_groups
from wagtail_precise_mail.delivery.pacing.models import Bucket, SendingLimit, Slowdown
from wagtail_precise_mail.delivery.pacing.waking import look_again
from wagtail_precise_mail.emails.senders import SenderIdentity

Scope = SendingLimit.Scope

# Domains that are named; of the others it is said how many there are.
_SHOWN = 3


def state(limit: SendingLimit, buckets: dict[str, Bucket], slowed: dict[str, float]) -> str:
    """Return what may leave at this moment, and whether the provider asked for less."""
    factor = slowed.get(limit.key, 1.0) if limit.scope == Scope.GROUP else 1.0
    rate = Rate.at_most(f"limit:{limit.pk}", limit.count * factor, limit.seconds)
    bucket = buckets.get(rate.name)
    left = int(rate.left(bucket.tokens, bucket.filled_at, timezone.now()) if bucket else rate.capacity)
    words = gettext("%(left)s of %(capacity)s") % {
        "left": number_format(max(left, 0), force_grouping=True),
        "capacity": number_format(int(rate.capacity), force_grouping=True),
    }
    if factor < 1:
        slower = gettext("slowed to %(percent)s, as the provider asked") % {"percent": as_percent(100 * factor, 0)}
        words = gettext("; ").join([words, slower])
    return words


def hosted_words(domains: Sequence[str]) -> str:
    """Return the first domains that a provider hosts, and how many others: "a.example, b.example and 12 more"."""
    named, more = ", ".join(domains[:_SHOWN]), len(domains) - _SHOWN
    if more <= 0:
        return named
    words = ngettext("%(domains)s and %(count)s more", "%(domains)s and %(count)s more", more)
    return words % {"domains": named, "count": more}


class LimitForm(WagtailAdminModelForm):
    """One choice for what the limit is about: everything that there is to choose from is known."""

    target = forms.ChoiceField(label=_("Which mail"))

    class Meta:
        model = SendingLimit
        fields = ["count", "period"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit = self.instance
        current = f"{limit.scope}:{limit.key}" if limit.pk else ""
        field = self.fields["target"]
        field.choices = [("", gettext("Choose…")), *_choices(current)]
        field.initial = current

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        scope, _colon, key = cleaned.get("target", "").partition(":")
        others = SendingLimit.objects.filter(scope=scope, key=key, period=cleaned.get("period"))
        if scope and others.exclude(pk=self.instance.pk).exists():
            raise ValidationError({"target": _("There is such a limit with this period already: change that one.")})
        self.instance.scope, self.instance.key = scope, key
        return cleaned

    def save(self, commit: bool = True) -> SendingLimit:
        limit: SendingLimit = super().save(commit)
        look_again()
        return limit


def _choices(current: str) -> list[tuple[str, list[tuple[str, str]]]]:
    senders: list[str] = []
    for address in SenderIdentity.objects.order_by("address").values_list("address", flat=True):
        senders += [domain_of(address), address.lower()]
    groups = [
        (gettext("To a mailbox provider"), Scope.GROUP, group_choices()),
        (gettext("From a sender"), Scope.SENDER, [(one, one) for one in dict.fromkeys(sorted(senders))]),
        (gettext("Over a channel"), Scope.CHANNEL, [(key, channel_label(key)) for key in channels]),
    ]
    found = [(title, [(f"{scope}:{key}", label) for key, label in pairs]) for title, scope, pairs in groups if pairs]
    # A sender that is gone since, or a provider that the settings no longer name, stays what it is.
    if current and current not in {value for _title, pairs in found for value, _label in pairs}:
        found.append((gettext("Not in use any more"), [(current, current.partition(":")[2])]))
    return found


class LimitIndex(AdvisedIndex):
    """What may leave at most, and how much of it may leave now."""

    page_title = _("Sending limits")
    add_item_label = _("Add")
    advice = _(
        "Without one, mail leaves as fast as your servers take it. Set limits where your servers are new to a "
        "provider, or where whoever delivers your mail has a quota: “Gmail: 20,000 mails per hour” is a sane first one."
    )

    @property
    def columns(self) -> list[BaseColumn]:
        buckets = {one.name: one for one in Bucket.objects.all()}
        slowed = dict(Slowdown.objects.values_list("group", "factor"))
        hosted: dict[str, list[str]] = defaultdict(list)
        for domain, group in hosted_groups().items():
            hosted[group].append(domain)

        def hosts(limit: SendingLimit) -> str:
            return hosted_words(hosted[limit.key]) if limit.scope == Scope.GROUP else ""

        def now(limit: SendingLimit) -> str:
            return state(limit, buckets, slowed)

        def sentence(limit: SendingLimit) -> str:
            left = gettext("may leave at once: %(state)s") % {"state": now(limit)}
            domains = gettext("also counted: %(domains)s") % {"domains": named} if (named := hosts(limit)) else ""
            return with_detail(str(limit), left, domains)

        return [
            TitleColumn("sentence", label=_("Limit"), accessor=sentence, get_url=self.get_edit_url),
            WideColumn("left", label=_("May leave at once"), accessor=now),
            WideColumn("hosted", label=_("Also counted: domains that it hosts"), accessor=hosts),
        ]


class LimitDelete(generic.DeleteView):
    """Take a limit away; what waited for it leaves."""

    def delete_action(self) -> None:
        super().delete_action()
        look_again()


class LimitViewSet(WithViewPermission):
    """Sending limits."""

    model = SendingLimit
    name = "precise-mail-limits"
    icon = "time"
    menu_label = _("Sending limits")
    add_to_settings_menu = True
    index_view_class = LimitIndex
    delete_view_class = LimitDelete
    ordering = ["scope", "key", "period"]
    search_fields: list[str] = []
    edit_handler = ObjectList(
        [
            FieldPanel("target"),
            FieldPanel(
                "count",
                help_text=_(
                    "A tenth of the number may leave at once, and the rest is spread evenly, so that no period has "
                    "more. What is over waits, and holds up no mail to others. Of the tenth, a part is kept for mail "
                    "about orders."
                ),
            ),
            FieldPanel("period"),
        ],
        base_form_class=LimitForm,
    )
