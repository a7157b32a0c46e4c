"""The monitoring config file: whether metrics are shown, and under which path.

Owns reading `--monitoring_config_file`; the metrics are `metrics`'.
"""

from pathlib import Path

from serving.protos import read_text

DEFAULT_PATH = "/monitoring/prometheus/metrics"


def prometheus_path(file: str) -> str | None:
    """The path of the metrics page; None when there is none.

    Args:
        file: the config file; empty is none.

    Raises:
        ProtoTextError: the file cannot be read.
    """
    if not file:
        return None
    config = read_text("MonitoringConfig", Path(file)).prometheus_config
    return (config.path or DEFAULT_PATH) if config.enable else None
