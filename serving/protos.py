"""TensorFlow Serving's protobuf messages, as far as its files are read here.

Owns the schema (config/model_server_config.proto, config/monitoring_config.proto, sources/storage_path/
file_system_storage_path_source.proto, servables/tensorflow/session_bundle_config.proto, apis/prediction_log.proto) and
reading protobuf text; what the messages mean is their readers'. The classes are made at run time, in a pool of their
own, so that neither a protobuf compiler nor the package tensorflow-serving-api is needed. Maps are declared as repeated
entries and nested messages that are only passed on as bytes: both read the same.
"""

from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

_PACKAGE = "tensorflow.serving"
_SCHEMA: dict[str, dict[str, tuple[int, str]]] = {
    "ModelServerConfig": {"model_config_list": (1, "ModelConfigList"), "custom_model_config": (2, "Any")},
    "Any": {"type_url": (1, "string"), "value": (2, "bytes")},
    "ModelConfigList": {"config": (1, "repeated ModelConfig")},
    "ModelConfig": {
        "name": (1, "string"),
        "base_path": (2, "string"),
        "model_platform": (4, "string"),
        "model_version_policy": (7, "ServableVersionPolicy"),
        "version_labels": (8, "repeated VersionLabel"),
    },
    "VersionLabel": {"key": (1, "string"), "value": (2, "int64")},
    "ServableVersionPolicy": {"latest": (100, "Latest"), "all": (101, "All"), "specific": (102, "Specific")},
    "Latest": {"num_versions": (1, "uint32")},
    "All": {},
    "Specific": {"versions": (1, "repeated int64")},
    "MonitoringConfig": {"prometheus_config": (1, "PrometheusConfig")},
    "PrometheusConfig": {"enable": (1, "bool"), "path": (2, "string")},
    "BatchingParameters": {
        "max_batch_size": (1, "Int64Value"),
        "batch_timeout_micros": (2, "Int64Value"),
        "max_enqueued_batches": (3, "Int64Value"),
        "num_batch_threads": (4, "Int64Value"),
        "thread_pool_name": (5, "StringValue"),
        "allowed_batch_sizes": (6, "repeated int64"),
        "pad_variable_length_inputs": (7, "bool"),
    },
    "Int64Value": {"value": (1, "int64")},
    "StringValue": {"value": (1, "string")},
    "PredictionLog": {
        "classify_log": (2, "bytes"),
        "regress_log": (3, "bytes"),
        "multi_inference_log": (4, "bytes"),
        "session_run_log": (5, "bytes"),
        "predict_log": (6, "PredictLog"),
        "predict_streamed_log": (7, "bytes"),
    },
    "PredictLog": {"request": (1, "PredictRequest")},
    "PredictRequest": {"model_spec": (1, "ModelSpec"), "inputs": (2, "repeated PredictInput")},
    "ModelSpec": {"name": (1, "string"), "signature_name": (3, "string")},
    "PredictInput": {"key": (1, "string"), "value": (2, "bytes")},
}
_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "string": _FIELD.TYPE_STRING,
    "bytes": _FIELD.TYPE_BYTES,
    "bool": _FIELD.TYPE_BOOL,
    "int64": _FIELD.TYPE_INT64,
    "uint32": _FIELD.TYPE_UINT32,
}


class ProtoTextError(Exception):
    """A file that is not protobuf text of the message it should be; the message is one line."""


@cache
def message_class(name: str) -> type[Any]:
    """The class of a message of the schema."""
    found: type[Any] = message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{_PACKAGE}.{name}"))
    return found


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto(name="serving.proto", package=_PACKAGE, syntax="proto3")
    for message_name, fields in _SCHEMA.items():
        message = file.message_type.add(name=message_name)
        for field_name, (number, kind) in fields.items():
            repeated, _, type_name = kind.rpartition(" ")
            label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
            field = message.field.add(name=field_name, number=number, label=label)
            if type_name in _SCALARS:
                field.type = _SCALARS[type_name]
            else:
                field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".{_PACKAGE}.{type_name}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


def read_text(name: str, path: Path) -> Any:
    """A message from a file in protobuf text format.

    Raises:
        ProtoTextError: the file cannot be read, or is no text of this message.
    """
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), message_class(name)())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ProtoTextError(f"Can't read {path}: {reason}") from error
    except text_format.ParseError as error:
        raise ProtoTextError(f"Invalid protobuf file: {path}: {error}") from error
