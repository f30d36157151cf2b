"""What contacts are expected to buy: BG/NBD and Gamma-Gamma, with intervals, a back-test and a gate.

The models need the extra ``predict`` (NumPy and SciPy), and only the modules that compute import it. What was computed
is in tables, so that conditions and pages work without.
"""

from __future__ import annotations

from importlib.util import find_spec

from wagtail_precise_mail.exceptions import MissingExtra

PACKAGES = ("numpy", "scipy")


def is_available() -> bool:
    """Whether the extra ``predict`` is installed."""
    return all(find_spec(package) is not None for package in PACKAGES)


def require_extra() -> None:
    """Make sure that forecasts and clusters can be computed.

    Raises:
        MissingExtra: NumPy or SciPy is not installed.
    """
    if not is_available():
        raise MissingExtra(
            "Forecasts and clusters need NumPy and SciPy. Install the extra: "
            "pip install 'wagtail-precise-mail[predict]'."
        )
