"""Ten `up`s of one fingerprint at the same time: how many train.

Owns the measurement: stacks in ten checkouts, each with a state, a model server and a port of its own, and one store.
"""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import machine, report
from bench.checkout import PROJECT_FILES, Checkout, free_port
from bench.store_hit import UP
from lab import pulumi_cli
from lab.progress import say

UPS = 10
TRAINS, WAITS = "loading TensorFlow", "waiting for "


def run(_pairs: int) -> str:
    """Measure; the document of the results."""
    cli = pulumi_cli.obtain_here()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        checkouts = [Checkout.make(Path(folder) / str(number), PROJECT_FILES, cli) for number in range(UPS + 1)]
        for number, checkout in enumerate(checkouts):
            store = "alone" if number == UPS else "shared"
            checkout.configure(port=str(free_port()), artifactStore=str(Path(folder) / store))
        try:
            say("One up alone, then ten at the same time: some two minutes")
            alone = checkouts[-1].seconds(*UP)
            started = time.perf_counter()
            with ThreadPoolExecutor(UPS) as pool:
                said = list(pool.map(lambda checkout: checkout.pulumi(*UP), checkouts[:UPS]))
            together = time.perf_counter() - started
        finally:
            for checkout in checkouts:
                checkout.end_server()
    return document(said, alone=alone, together=together, on=machine.line(cli))


def document(said: list[str], *, alone: float, together: float, on: str) -> str:
    """The results as Markdown, from what each `up` printed; `on` says on which machine."""
    trained = sum(TRAINS in text for text in said)
    waited = sum(WAITS in text and TRAINS not in text for text in said)
    rows = [
        ("trainings", str(trained), f"1: {'met' if trained == 1 else 'MISSED'}"),
        ("said for whom they wait", str(waited), "-"),
        ("seconds until all serve", f"{together:.0f}", "-"),
        ("seconds of one up alone", f"{alone:.0f}", "-"),
        ("ratio", f"{together / alone:.1f}", "-"),
    ]
    return f"""# Single flight: {len(said)} concurrent ups of one fingerprint

{report.table(("what", "measured", "target"), rows)}

Each `up` is of a checkout, a state and a model server of its own; the store is one folder. Every one of them ends with
a checked server. Those that come when the training is over find it in the store and need not wait. Most of the seconds
are ten model servers that load TensorFlow at the same time.

Measured: `pulumi {" ".join(UP)}`, {len(said)} at the same time, and the lines that they print.
Command: `.venv/bin/python -m bench single-flight`
Machine: {on}
"""
