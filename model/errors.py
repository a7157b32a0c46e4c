"""The one exception of this package; it holds no other behaviour."""


class ModelError(Exception):
    """Something expected went wrong; the message is one line that says what was found and what mends it."""
