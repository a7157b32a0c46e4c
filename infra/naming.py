"""Names made from names: configuration keys, command line options, URLs. Text in, text out.

Owns no value and reads nothing.
"""

import re

LOOPBACK = "127.0.0.1"


def camel_case(field: str) -> str:
    """The configuration key of a field: batch_size -> batchSize."""
    first, *others = field.split("_")
    return first + "".join(word.capitalize() for word in others)


def snake_case(key: str) -> str:
    """The field of a configuration key: batchSize -> batch_size."""
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", key)


def option(key: str) -> str:
    """The command line option of a configuration key: batchSize -> --batch-size."""
    return "--" + snake_case(key).replace("_", "-")


def status_path(model_name: str) -> str:
    """Path at which a model server tells which versions it has (TF Serving's model status API)."""
    return f"/v1/models/{model_name}"


def predict_path(model_name: str) -> str:
    """Path at which a model server answers instances with predictions (TF Serving's predict API)."""
    return f"{status_path(model_name)}:predict"


def status_url(host: str, port: int, model_name: str) -> str:
    """Where a model server tells which versions it has."""
    return f"http://{host}:{port}{status_path(model_name)}"


def predict_url(host: str, port: int, model_name: str) -> str:
    """Where a model server answers instances with predictions."""
    return f"http://{host}:{port}{predict_path(model_name)}"


def metadata_url(host: str, port: int, model_name: str) -> str:
    """Where a model server tells a model's signatures (TF Serving's model metadata API)."""
    return f"{status_url(host, port, model_name)}/metadata"
