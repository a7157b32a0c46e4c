"""The two ways in which setting up can fail. What they say is written where they are raised."""


class SetupError(Exception):
    """Setting up cannot go on. The message is one line: what was asked, what was found, what to do."""


class UnavailableError(SetupError):
    """One way to something is not open here; there may be another. The message says why, and gives no remedy."""
