"""The two ways in which setting up can fail. What they say is written where they are raised."""


class SetupError(Exception):
    """Setting up cannot go on. The message is one line: what was asked, what was found, what to do."""


class UnavailableError(SetupError):
    """One way to something is not open here; there may be another. The message says why, and gives no remedy."""


def last_line(text: str) -> str:
    """The last line that says something: of a program that failed, mostly the reason."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it printed nothing"
