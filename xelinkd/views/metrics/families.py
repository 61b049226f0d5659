"""Metric families of prometheus_client, made from values; an unknown value (None) gives no sample."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final, TypeAlias

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

    from xelinkd.state.histogram import Histogram

    Samples: TypeAlias = Iterable[tuple[tuple[str, ...], float | None]]  # label values, and the value

PREFIX: Final = "xelinkd_"


def gauge(name: str, meaning: str, value: float | None) -> Metric:
    """Make a gauge without labels."""
    return gauges(name, meaning, (), [((), value)])


def gauges(name: str, meaning: str, labels: tuple[str, ...], samples: Samples) -> Metric:
    """Make a gauge with labels."""
    return _filled(GaugeMetricFamily(PREFIX + name, meaning, labels=labels), samples)


def counter(name: str, meaning: str, value: float) -> Metric:
    """Make a counter without labels; its name ends in `_total`."""
    return counters(name, meaning, (), [((), value)])


def counters(name: str, meaning: str, labels: tuple[str, ...], samples: Samples) -> Metric:
    """Make a counter with labels; its name ends in `_total`."""
    return _filled(CounterMetricFamily(PREFIX + name, meaning, labels=labels), samples)


def info(name: str, meaning: str, labels: dict[str, str] | None) -> Metric:
    """Make a gauge that is 1, for what its labels say; its name ends in `_info`."""
    return InfoMetricFamily(PREFIX + name, meaning, value=labels)


def histogram(name: str, meaning: str, told: Histogram, bounds: tuple[float, ...]) -> Metric:
    """Make a histogram of seconds."""
    family = HistogramMetricFamily(PREFIX + name, meaning)
    uppers = (*map(str, bounds), "+Inf")
    family.add_metric((), tuple(zip(uppers, accumulate(told.counts), strict=True)), told.total)
    return family


def _filled(
    family: GaugeMetricFamily | CounterMetricFamily, samples: Samples
) -> GaugeMetricFamily | CounterMetricFamily:
    for labels, value in samples:
        if value is not None:
            family.add_metric(labels, value)
    return family
