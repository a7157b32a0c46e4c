"""Status and metadata bodies."""

import json

from serving.errors import Code, StatusError
from serving.models import ModelVersion
from serving.rest_answers import metadata_body, status_body


def test_status() -> None:
    """Versions are shown in the order given, with state and error, indented by one."""
    failed = ModelVersion("m", 2)
    failed.fail(StatusError(Code.NOT_FOUND, "no é"))
    assert status_body([failed, ModelVersion("m", 1)]).decode() == (
        '{\n "model_version_status": [\n'
        '  {\n   "version": "2",\n   "state": "END",\n'
        '   "status": {\n    "error_code": "NOT_FOUND",\n    "error_message": "no é"\n   }\n  },\n'
        '  {\n   "version": "1",\n   "state": "START",\n'
        '   "status": {\n    "error_code": "OK",\n    "error_message": ""\n   }\n  }\n ]\n}\n'
    )


def test_metadata() -> None:
    """Metadata names model and version and nests the signatures twice."""
    found = json.loads(metadata_body("m", 3, {"s": {"inputs": {}}}))
    assert found == {
        "model_spec": {"name": "m", "signature_name": "", "version": "3"},
        "metadata": {"signature_def": {"signature_def": {"s": {"inputs": {}}}}},
    }
