"""Searching for clusters, in the background, and saving one as a segment."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from wagtail_precise_mail.commerce.clustering.describing import describe
from wagtail_precise_mail.commerce.clustering.features import Features, read_features
from wagtail_precise_mail.commerce.clustering.kmeans import kmeans
from wagtail_precise_mail.commerce.models import Cluster, ClusterRun
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.segments.rules import Rules

logger = logging.getLogger(__name__)

FEWEST, MOST = 3, 8
"""Numbers of clusters that are tried; a person may ask for up to twelve."""

LEAST_CUSTOMERS = 100

State = ClusterRun.State


def search(run_id: int) -> None:
    """Do what a person asked for; nothing when it was done already."""
    run = ClusterRun.objects.filter(pk=run_id, state=State.WAITING).first()
    if run is None:
        return
    features = read_features(run.asked_at)
    run.contact_count = len(features.contact_ids)
    clusters: list[Cluster] = []
    if run.contact_count < LEAST_CUSTOMERS:
        text = _("There are orders of %(count)s customers; at least %(least)s are needed.")
        run.refusal, run.state = text % {"count": run.contact_count, "least": LEAST_CUSTOMERS}, State.FAILED
    else:
        labels = _labels(run, features)
        clusters = [_cluster(run, features, labels, number) for number in range(int(labels.max()) + 1)]
        run.state = State.DONE
    run.finished_at = timezone.now()
    _store(run, clusters)


@transaction.atomic
def _store(run: ClusterRun, clusters: list[Cluster]) -> None:
    # The same task may run twice at once: the second one finds that nothing waits.
    if ClusterRun.objects.select_for_update().filter(pk=run.pk, state=State.WAITING).exists():
        run.save()
        Cluster.objects.bulk_create(clusters)


def _labels(run: ClusterRun, features: Features) -> np.ndarray:
    points = features.points()
    counts = [run.wanted_count] if run.wanted_count else list(range(FEWEST, MOST + 1))
    tried = {count: kmeans(points, count) for count in counts}
    run.silhouettes = {str(count): round(score, 3) for count, (_labels, score) in tried.items()}
    return tried[max(tried, key=lambda count: (tried[count][1], -count))][0]


def _cluster(run: ClusterRun, features: Features, labels: np.ndarray, number: int) -> Cluster:
    is_member = labels == number
    cluster = Cluster(run=run, number=number + 1, contact_count=int(is_member.sum()))
    if not is_member.any():
        return cluster
    cluster.figures = _figures(features, is_member)
    cluster.rules = describe(features, is_member)
    if cluster.rules:
        # Measured by asking the segment itself, not by what the search believed.
        rules = Rules.from_json(cluster.rules)
        found = np.fromiter(members(rules, at=run.asked_at).values_list("pk", flat=True).iterator(), dtype=np.int64)
        both = int(np.isin(found, features.contact_ids[is_member]).sum())
        cluster.rule_count = len(found)
        cluster.precision = both / len(found) if len(found) else 0.0
        cluster.recall = both / cluster.contact_count
    return cluster


def _figures(features: Features, is_member: np.ndarray) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "share": round(float(is_member.mean()), 4),
        "orders": float(np.median(features.orders[is_member])),
        "days": round(float(np.median(features.days[is_member])), 1),
    }
    if features.average.any():  # some order has a rate
        figures["average"] = round(float(np.median(features.average[is_member])), 2)
    if features.categories:
        shares = features.shares[is_member].mean(axis=0)
        best = int(shares.argmax())
        figures |= {"category": features.categories[best][1], "category_share": round(float(shares[best]), 3)}
    return figures
