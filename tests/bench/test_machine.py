"""The line that says on what something was measured."""

import os
import re

from bench import machine


def test_the_line_names_cores_versions_revision_and_date() -> None:
    """What a reader needs to judge a figure is there; a copy without git has no commit to name."""
    line = machine.line(None)

    assert line.startswith(f"{os.cpu_count()} cores, ")
    assert re.search(r"\d+ GiB, .+, load \d", line)
    assert re.search(r"Python 3\.\d+\.\d+, pulumi \d+\.\d+\.\d+, ", line)
    assert re.search(r"commit ([0-9a-f]{12}( with changes)?|unknown), ", line)
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC$", line)
