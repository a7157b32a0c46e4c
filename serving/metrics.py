"""Counts and latencies of requests, and the page that shows them to Prometheus.

Owns the metrics' names, labels and buckets (servables/tensorflow/util.cc) and the page's form
(util/prometheus_exporter.cc): TYPE lines without HELP, slashes in names as colons. TensorFlow Serving's metrics of its
own inner parts (`:tensorflow:core:...`, `:tensorflow:cc:...`) have nothing to count here and are left out.
"""

import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

from serving.errors import Code

_BUCKETS = [10 * 1.8**power for power in range(33)]  # microseconds, up to about 20 minutes
_PREFIX = ":tensorflow:serving:"
Labels = tuple[tuple[str, str], ...]


@dataclass
class _Histogram:
    """Observations in buckets, the last one without upper bound."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(_BUCKETS) + 1))
    sum: float = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(_BUCKETS, value)] += 1
        self.sum += value


class Metrics:
    """What has happened since the start; used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[Labels] = Counter()
        self._histograms: dict[str, dict[Labels, _Histogram]] = {}

    def count_request(self, model: str, code: Code) -> None:
        """A REST request was answered; `model` is empty when the request named none."""
        with self._lock:
            self._requests[("model_name", model), ("status", code.name)] += 1

    def observe_request(self, model: str, api: str, seconds: float) -> None:
        """A request was answered well: from its first check to its answer."""
        self._observe("request_latency", (("model_name", model), ("API", api), ("entrypoint", "REST")), seconds)

    def observe_run(self, model: str, seconds: float) -> None:
        """A graph was run for a predict request."""
        self._observe("runtime_latency", (("model_name", model), ("API", "Predict"), ("runtime", "TF1")), seconds)

    def observe_warmup(self, path: str, code: Code, seconds: float) -> None:
        """A version was warmed."""
        self._observe("model_warmup_latency", (("model_path", path), ("status", code.name)), seconds)

    def _observe(self, name: str, labels: Labels, seconds: float) -> None:
        with self._lock:
            self._histograms.setdefault(name, {}).setdefault(labels, _Histogram()).observe(seconds * 1e6)

    def page(self) -> str:
        """Everything, in Prometheus' text format."""
        with self._lock:
            lines = []
            for name, histograms in sorted(self._histograms.items()):
                lines.append(f"# TYPE {_PREFIX}{name} histogram")
                for labels, histogram in histograms.items():
                    lines += _histogram_lines(_PREFIX + name, _label_text(labels), histogram)
            lines.append(f"# TYPE {_PREFIX}request_count counter")
            for labels, count in self._requests.items():
                lines.append(f"{_PREFIX}request_count{{{_label_text(labels)}}} {count}")
        return "\n".join(lines) + "\n"


def _histogram_lines(name: str, labels: str, histogram: _Histogram) -> list[str]:
    lines = []
    total = 0
    for limit, count in zip([f"{bucket:g}" for bucket in _BUCKETS] + ["+Inf"], histogram.counts, strict=True):
        total += count
        lines.append(f'{name}_bucket{{{labels},le="{limit}"}} {total}')
    return [*lines, f"{name}_sum{{{labels}}} {histogram.sum:g}", f"{name}_count{{{labels}}} {total}"]


def _label_text(labels: Labels) -> str:
    escaped = [(name, value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")) for name, value in labels]
    return ",".join(f'{name}="{value}"' for name, value in escaped)
