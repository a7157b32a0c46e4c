"""Finding: one thing that is not as it was declared, and the command that mends it. No behaviour of its own."""

from typing import NamedTuple


class Finding(NamedTuple):
    """What `make verify` found.

    Attributes:
        found: what is not as declared, in words.
        mend: the command that brings back what is declared, or what to do where there is none.
    """

    found: str
    mend: str

    def __str__(self) -> str:
        return f"{self.found}; mend it: {self.mend}"
