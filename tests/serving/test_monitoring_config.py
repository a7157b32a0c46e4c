"""The monitoring config file."""

from pathlib import Path

import pytest

from serving.monitoring_config import prometheus_path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("prometheus_config { enable: true }", "/monitoring/prometheus/metrics"),
        ("prometheus_config { enable: true, path: '/m' }", "/m"),
        ("prometheus_config { path: '/m' }", None),
        ("", None),
    ],
)
def test_path(tmp_path: Path, text: str, path: str | None) -> None:
    """The page is shown when enabled, under the given path or the usual one."""
    (tmp_path / "config").write_text(text)
    assert prometheus_path(str(tmp_path / "config")) == path


def test_no_file() -> None:
    """Without a config file there is no page."""
    assert prometheus_path("") is None
