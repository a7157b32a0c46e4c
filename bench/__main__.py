"""The command `python -m bench [NAME ...]`: measures, prints the tables and keeps them in docs/measured/.

Owns the names. Does not measure: each name is a module's.
"""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial

from bench import clone, lab_start, noop, promote, report, rollout, rollout_noop, serving, single_flight, store_hit
from bench.checkout import CommandError
from lab.progress import say

PAIRS = 10
INTERRUPTED = 128 + signal.SIGINT
# The others take many minutes or need the lab, and are run when they are asked for.
USUAL = ("noop", "store")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, side by side in one run.")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="noop, store, single-flight, clone or serving; in the lab rollout, promote or noop-kubernetes; lab, its "
        "start; default: noop store",
    )
    parser.add_argument(
        "--pairs", type=int, default=PAIRS, help=f"pairs of a comparison, rounds of serving; default: {PAIRS}"
    )
    parser.add_argument("--cold-go", action="store_true", help="clone: with empty caches of Go")
    options = parser.parse_args(arguments)
    measurements: dict[str, Callable[[int], str]] = {
        "noop": noop.run,
        "store": store_hit.run,
        "single-flight": single_flight.run,
        "clone": partial(clone.run, cold_go=options.cold_go),
        "serving": serving.run,
        "rollout": rollout.run,
        "promote": promote.run,
        "noop-kubernetes": rollout_noop.run,
        "lab": lab_start.run,
    }
    unknown = sorted(set(options.names) - measurements.keys())
    if unknown:
        parser.error(f"there is no measurement {unknown[0]}: choose from {', '.join(measurements)}")
    if options.pairs < 1:
        parser.error(f"--pairs must be 1 or more, got {options.pairs}")
    for name in options.names or USUAL:
        try:
            document = measurements[name](options.pairs)
        except CommandError as error:
            say(f"error: {name}: {error}")
            return 1
        except KeyboardInterrupt:
            say(f"{name}: interrupted")
            return INTERRUPTED
        print(document)
        say(f"kept in {report.keep(name, document)}")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # an exception: what was set up is taken down
    sys.exit(main())
