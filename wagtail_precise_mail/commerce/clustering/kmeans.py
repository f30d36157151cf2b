"""k-means with a seed, and the silhouette that says how far apart its clusters are.

Sources: Lloyd, "Least squares quantization in PCM" (1982); Arthur and Vassilvitskii, "k-means++" (2007) for the first
centers; Rousseeuw, "Silhouettes" (1987).
"""

from __future__ import annotations

import numpy as np

SEED = 20260101
_STARTS = 4
_ROUNDS = 100
_FITTED_ROWS = 50_000
_SILHOUETTE_ROWS = 1500
_CHUNK = 100_000


def kmeans(points: np.ndarray, count: int) -> tuple[np.ndarray, float]:
    """Return the cluster of every point (the largest is 0), and the silhouette on a sample.

    The same points give the same clusters. Centers are found on a sample of 50,000.
    """
    rng = np.random.default_rng(SEED)
    sample = points if len(points) <= _FITTED_ROWS else points[np.sort(rng.choice(len(points), _FITTED_ROWS, False))]
    tried = [_lloyd(sample, _first_centers(sample, count, rng)) for _start in range(_STARTS)]
    centers = min(tried, key=lambda one: one[0])[1]
    nearest = np.concatenate(
        [_nearest(points[start : start + _CHUNK], centers)[0] for start in range(0, len(points), _CHUNK)]
    )
    by_size = np.argsort(-np.bincount(nearest, minlength=count), kind="stable")
    rank: np.ndarray = np.empty(count, dtype=int)
    rank[by_size] = np.arange(count)
    labels = rank[nearest]
    rows = np.sort(rng.choice(len(points), min(len(points), _SILHOUETTE_ROWS), replace=False))
    return labels, silhouette(points[rows], labels[rows])


def silhouette(points: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean of how much nearer each point is to its own cluster than to the next: from -1 to 1."""
    distances = np.sqrt(np.maximum(_squares(points, points), 0))
    kinds = np.unique(labels)
    if len(kinds) < 2:
        return -1.0
    sums = np.stack([distances[:, labels == kind].sum(axis=1) for kind in kinds], axis=1)
    sizes = np.array([(labels == kind).sum() for kind in kinds])
    own = np.searchsorted(kinds, labels)
    rows = np.arange(len(points))
    inside = sums[rows, own] / np.maximum(sizes[own] - 1, 1)
    others = sums / sizes
    others[rows, own] = np.inf
    outside = others.min(axis=1)
    scores = (outside - inside) / np.maximum(np.maximum(inside, outside), 1e-12)
    return float(np.where(sizes[own] > 1, scores, 0).mean())


def _squares(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    return (points**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None] - 2 * points @ others.T


def _nearest(points: np.ndarray, centers: np.ndarray) -> tuple[np.ndarray, float]:
    squares = _squares(points, centers)
    nearest = squares.argmin(axis=1)
    return nearest, float(np.maximum(squares[np.arange(len(points)), nearest], 0).sum())


def _first_centers(points: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    centers = [points[rng.integers(len(points))]]
    while len(centers) < count:
        squares = np.maximum(_squares(points, np.array(centers)), 0).min(axis=1)
        total = squares.sum()
        chances = squares / total if total > 0 else None
        centers.append(points[rng.choice(len(points), p=chances)])
    return np.array(centers)


def _lloyd(points: np.ndarray, centers: np.ndarray) -> tuple[float, np.ndarray]:
    for _round in range(_ROUNDS):
        nearest, _loss = _nearest(points, centers)
        moved = centers.copy()
        for index in range(len(centers)):
            mine = points[nearest == index]
            if len(mine):
                moved[index] = mine.mean(axis=0)
        if np.allclose(moved, centers, atol=1e-6):
            break
        centers = moved
    return _nearest(points, centers)[1], centers
