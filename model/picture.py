"""Images as small pictures made of characters, with captions, for a terminal. It asks no server."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

BLOCKS = " ░▒▓█"
ASCII = " .+#@"
# A character is about twice as high as wide: a small image gets two characters per pixel, a larger one
# (MNIST's 28 rows) one character per two rows.
LARGEST_DOUBLED_HEIGHT = 16
GAP = "  "


def shades(encoding: str | None) -> str:
    """The characters from dark to bright that an output of this encoding can show."""
    try:
        BLOCKS.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


def draw(image: npt.NDArray[Any], characters: str) -> list[str]:
    """The lines of a picture of an image [H][W] with pixels in [0, 1], in characters from dark to bright."""
    if len(image) <= LARGEST_DOUBLED_HEIGHT:
        pixels = image.repeat(2, axis=1)
    else:
        even = np.pad(image, ((0, len(image) % 2), (0, 0)))
        pixels = (even[::2] + even[1::2]) / 2
    levels = np.rint(pixels * (len(characters) - 1)).astype(int)
    return ["".join(characters[level] for level in row) for row in levels]


def side_by_side(pictures: Sequence[Sequence[str]], columns: int) -> str:
    """Pictures of equally many lines in rows, as many to a row as fit into `columns` characters."""
    width = max(len(line) for picture in pictures for line in picture)
    per_row = max(1, (columns + len(GAP)) // (width + len(GAP)))
    rows = [pictures[start : start + per_row] for start in range(0, len(pictures), per_row)]
    return "\n\n".join("\n".join(_row(lines, width) for lines in zip(*row, strict=True)) for row in rows)


def probabilities(logits: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Softmax of logits along the last axis."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    shares: npt.NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def _row(lines: Sequence[str], width: int) -> str:
    return GAP.join(line.ljust(width) for line in lines).rstrip()
