"""Token buckets in the database: workers on any number of machines share them, and none of them waits for a lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from wagtail_precise_mail.delivery.pacing.models import Bucket

# Each lost race means that another worker got its tokens; so many in a row and the next turn tries again.
_TRIES = 50


@dataclass(frozen=True)
class Rate:
    """What a bucket may hold, and how fast it fills.

    Attributes:
        name: the bucket; rates of the same name share their tokens.
        capacity: tokens in a full bucket, at least 1.
        per_second: tokens that come back.
    """

    name: str
    capacity: float
    per_second: float

    @classmethod
    def at_most(cls, name: str, count: float, seconds: float) -> Rate:
        """Return a rate that lets no more than ``count`` messages pass in any span of so many seconds.

        A tenth may leave at once and the rest is spread evenly, for a bucket that holds the whole number and fills
        within the period would let nearly twice as many pass in a period after a quiet one.
        """
        burst = max(1.0, count / 10)
        return cls(name, burst, count * 0.9 / seconds)

    def left(self, tokens: float, filled_at: datetime, at: datetime) -> float:
        """Return what is in the bucket by now. A clock that went back brings nothing."""
        passed = max(0.0, (at - filled_at).total_seconds())
        return min(self.capacity, tokens + passed * self.per_second)


def take(rate: Rate, count: int, *, at: datetime, reserve: int = 0) -> int:
    """Take up to so many whole tokens, and return how many there were.

    Args:
        reserve: tokens that stay for others.
    """
    if count < 1:
        return 0
    for _attempt in range(_TRIES):
        bucket, _is_new = Bucket.objects.get_or_create(
            name=rate.name, defaults={"tokens": rate.capacity, "filled_at": at}
        )
        left = rate.left(bucket.tokens, bucket.filled_at, at)
        taken = min(count, int(left - reserve + 1e-9))
        if taken < 1:
            return 0
        unchanged = Bucket.objects.filter(pk=bucket.pk, version=bucket.version)
        if unchanged.update(tokens=left - taken, filled_at=max(at, bucket.filled_at), version=bucket.version + 1):
            return taken
    return 0


def give_back(rate: Rate, count: int) -> None:
    """Return tokens that nothing left for; what is too much for the bucket is cut at the next look."""
    if count > 0:
        Bucket.objects.filter(name=rate.name).update(tokens=F("tokens") + count, version=F("version") + 1)


def next_token_at(rate: Rate, *, at: datetime, reserve: int = 0) -> datetime:
    """Return when there will be a whole token, if nobody takes one meanwhile."""
    bucket = Bucket.objects.filter(name=rate.name).first()
    left = rate.left(bucket.tokens, bucket.filled_at, at) if bucket else rate.capacity
    missing = 1 + reserve - left
    return at + timedelta(seconds=max(0.0, missing / rate.per_second))
