"""The JSON of status and metadata answers.

Owns their layout (protobuf's JSON with one-space indents, defaults printed); what they show comes from `models` and
`savedmodel`.
"""

import json
from collections.abc import Iterable
from typing import Any, Protocol

from serving.errors import Code


class VersionState(Protocol):
    """What the status page tells of one version."""

    @property
    def number(self) -> int:
        """Version number."""

    @property
    def state(self) -> str:
        """START, LOADING, AVAILABLE, UNLOADING or END (apis/get_model_status.proto)."""

    @property
    def code(self) -> Code:
        """OK, or why a load failed."""

    @property
    def message(self) -> str:
        """The failed load's message, else empty."""


def status_body(versions: Iterable[VersionState]) -> bytes:
    """GET /v1/models/NAME: versions in the order given."""
    rows = [
        {
            "version": str(version.number),
            "state": version.state,
            "status": {"error_code": version.code.name, "error_message": version.message},
        }
        for version in versions
    ]
    return f"{_pretty({'model_version_status': rows})}".encode("utf-8", "surrogateescape")


def metadata_body(name: str, version: int, signatures: dict[str, Any]) -> bytes:
    """GET /v1/models/NAME/metadata: the model's signatures (protobuf JSON of SignatureDef by name)."""
    spec = _pretty({"name": name, "signature_name": "", "version": str(version)})
    definitions = _pretty({"signature_def": signatures})
    return f'{{\n"model_spec":{spec},\n"metadata": {{"signature_def": {definitions}}}\n}}\n'.encode()


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
