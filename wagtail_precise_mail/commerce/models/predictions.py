"""Tables of what is expected of categories, and of clusters of customers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.models.products import Category


class CategoryForecast(models.Model):
    """Units of a category that are expected to sell in each of the coming weeks, and how wrong that was before."""

    class Method(models.TextChoices):
        SEASONAL = "seasonal", _("as in the same week a year ago")
        MEAN = "mean", _("mean of the last weeks")
        SMOOTHED = "smoothed", _("exponential smoothing")

    category = models.OneToOneField(Category, models.CASCADE, related_name="forecast", verbose_name=_("category"))
    made_at = models.DateTimeField(_("made"))
    # The first day, a Monday, of the first week that is forecast.
    starts_on = models.DateField(_("from"))
    method = models.CharField(_("method"), max_length=10, choices=Method.choices, blank=True)
    # One per week, with the ends of an interval of 90 percent; empty below the gate.
    units = models.JSONField(default=list)
    units_low = models.JSONField(default=list)
    units_high = models.JSONField(default=list)
    # Mean absolute error per week on the holdout, in units, by method; and what sold in a week there on average.
    errors = models.JSONField(default=dict)
    holdout_weeks = models.PositiveSmallIntegerField(default=0)
    weekly_mean = models.FloatField(null=True)
    refusal = models.CharField(max_length=250, blank=True)

    class Meta:
        verbose_name = _("forecast of a category")
        verbose_name_plural = _("forecasts of categories")

    def __str__(self) -> str:
        return str(self.category)


class ClusterRun(models.Model):
    """One search for clusters among customers, asked for by a person."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # 0 lets the silhouette choose.
    wanted_count = models.PositiveSmallIntegerField(_("number of clusters"), default=0)
    contact_count = models.PositiveIntegerField(_("customers"), default=0)
    # By number of clusters, from -1 (mixed up) to 1 (far apart).
    silhouettes = models.JSONField(default=dict)
    refusal = models.CharField(max_length=250, blank=True)

    class Meta:
        verbose_name = _("search for clusters")
        verbose_name_plural = _("searches for clusters")
        ordering = ["-asked_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M}"


class Cluster(models.Model):
    """Customers who are alike, the largest cluster first, with a rule that finds about the same ones."""

    run = models.ForeignKey(ClusterRun, models.CASCADE, related_name="clusters")
    number = models.PositiveSmallIntegerField(_("number"))
    contact_count = models.PositiveIntegerField(_("customers"))
    # Medians and shares by name.
    figures = models.JSONField(default=dict)
    # As in the JSON form of a segment; empty where no rule tells the cluster from the others.
    rules = models.JSONField(default=dict)
    # Of those whom the rule finds, the share in the cluster; and of the cluster, the share that it finds.
    precision = models.FloatField(null=True)
    recall = models.FloatField(null=True)
    # Whom the rule finds among all contacts.
    rule_count = models.PositiveIntegerField(default=0)
    segment_slug = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = _("cluster")
        verbose_name_plural = _("clusters")
        ordering = ["run", "number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="wpm_cluster_once")]

    def __str__(self) -> str:
        return f"{self.run} #{self.number}"
