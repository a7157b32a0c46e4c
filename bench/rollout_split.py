"""Where the seconds of an `up` go: its stages, told from the lines that it prints as they come.

Owns what each stage begins and ends with. Does not run anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from bench.checkout import CommandError, last_words
from bench.clone import Line

PULUMI, MODEL, IMAGE, PUSH, TRIAL, ROLLOUT, CHECK = STAGES = (
    "Pulumi", "model", "image", "push", "trial", "rollout", "check",
)  # fmt: skip
OUTPUT_IMAGE = re.compile(r"[ +~]+image +: .*(sha256:[0-9a-f]{64})")
PUSHING = "Pushing Image to the registry"
# A stage, and what stands in the lines that it begins and ends with.
MARKS = (
    (MODEL, ":TrainedModel model updating", ":TrainedModel model updated"),
    (IMAGE, ":Image serving-image updating", PUSHING),
    (PUSH, PUSHING, ":Image serving-image updated"),
    (TRIAL, ":ImageCheck image-check updating", ":ImageCheck image-check updated"),
    (ROLLOUT, ":Deployment server-deployment updating", ":Deployment server-deployment updated"),
    (CHECK, ":PredictionCheck prediction-check updating", ":PredictionCheck prediction-check updated"),
)


def stages(started: float, lines: list[Line], ended: float, among: Collection[str] = STAGES) -> dict[str, float]:
    """Seconds of each stage; `Pulumi` is what is left: CLI, engine, program, plugins, state.

    The Service is updated beside the check and has no stage.

    Args:
        started: when `up` was started, seconds since the epoch.
        lines: what it printed.
        ended: when it had ended.
        among: the stages that it has.

    Raises:
        CommandError: a stage left no line.
    """
    found = {name: _first(lines, end) - _first(lines, begin) for name, begin, end in MARKS if name in among}
    return {PULUMI: ended - started - sum(found.values())} | found


def image_digest(lines: list[Line]) -> str:
    """Digest of the image that an `up` deployed: the last one in the line of the stack's output `image`.

    Raises:
        CommandError: there is no such line.
    """
    digests = [found[1] for found in (OUTPUT_IMAGE.match(line.text) for line in lines) if found]
    if not digests:
        raise CommandError(f"pulumi up did not tell its image: {last_words(''.join(line.text for line in lines))}")
    return digests[-1]


def _first(lines: list[Line], words: str) -> float:
    for line in lines:
        if words in line.text:
            return line.at
    said = last_words("".join(line.text for line in lines))
    raise CommandError(f"pulumi up never said {words!r}; it ended with: {said}")
