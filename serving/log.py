"""The log on standard error, its lines laid out like TensorFlow Serving's.

Owns form, levels and the line that says the port is open; what else is logged, its own module says.
"""

import logging


def log_to_stderr() -> None:
    """Log from now on."""
    logging.addLevelName(logging.WARNING, "W")
    logging.addLevelName(logging.INFO, "I")
    logging.addLevelName(logging.ERROR, "E")
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s.%(msecs)03d: %(levelname)s %(name)s:%(lineno)d] %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it calls loading into a session deprecated


def announce(host: str, port: int) -> None:
    """Say that the port is open, in the words that people and programs wait for."""
    logging.getLogger(__name__).info(
        "Exporting HTTP/REST API at:%s:%d ...", "localhost" if host == "127.0.0.1" else host, port
    )
