"""What people do with clusters: ask for a search, and save one as a segment. Works without the extra."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.commerce.forecasting import require_extra
from wagtail_precise_mail.commerce.models import Cluster, ClusterRun
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.rules import Rules
from wagtail_precise_mail.segments.services import save_segment

MOST_WANTED = 12


def ask_for_clusters(*, by: Any, count: int = 0) -> ClusterRun:
    """Search in the background; one that waits already is enough.

    Args:
        count: how many clusters, from 2 to 12; 0 lets the silhouette choose.

    Raises:
        MissingExtra: NumPy or SciPy is not installed.
        ValueError: another count.
    """
    require_extra()
    if count and not 2 <= count <= MOST_WANTED:
        raise ValueError(f"{count} clusters")
    run = ClusterRun.objects.filter(state=ClusterRun.State.WAITING).first()
    if run is None:
        run = ClusterRun.objects.create(asked_by=by, wanted_count=count)
    # Asked once more, it is also waken once more: the first task may have been lost.
    enqueue("wagtail_precise_mail.commerce.tasks.find_clusters", run.pk)
    return run


def sentence_of(cluster: Cluster, *, currency: str = "") -> str:
    """Return the rule in words; "" without a rule, or when it names something that is gone.

    Args:
        currency: the base currency, which amounts of the rule are in.
    """
    try:
        return Rules.from_json(_with_currency(cluster.rules, currency)).sentence() if cluster.rules else ""
    except InvalidRules:
        return ""


def save_as_segment(cluster: Cluster, *, name: str) -> Segment:
    """Make a published segment of the rule of a cluster; a second time replaces it.

    Raises:
        InvalidRules: there is no rule, or it names something that is gone.
    """
    if not cluster.rules:
        raise InvalidRules(_("no rule tells this cluster from the others"))
    slug = f"cluster-{cluster.run_id}-{cluster.number}"
    description = _("Rule of a cluster: %(precision)d percent of those it finds are in the cluster.") % {
        "precision": round(100 * (cluster.precision or 0))
    }
    segment = save_segment(slug, name=name, rules=Rules.from_json(cluster.rules), description=description)
    cluster.segment_slug = segment.slug
    cluster.save(update_fields=["segment_slug"])
    return segment


def _with_currency(rules: dict[str, Any], currency: str) -> dict[str, Any]:
    # To be read only: in a segment, a currency leaves out the orders in others.
    if not currency:
        return rules
    named = [{key: _named(key, fields, currency) for key, fields in rule.items()} for rule in rules["rules"]]
    return {**rules, "rules": named}


def _named(key: str, fields: Any, currency: str) -> Any:
    return {**fields, "currency": currency} if key == "average_order" else fields
