"""The local model server as it is, against what the program declared: process, port, served files, answers.

Owns the judgement. Does not own the process (server_process) nor the comparison of answers (prediction_check).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra import ports, prediction_check, rest, served_versions, server_process
from infra.finding import Finding
from infra.prediction_check import Place
from infra.project import ROOT, shown
from model.digest import tree_digest
from model.errors import ModelError
from model.manifest import GoldenExample


def findings(
    declared: Mapping[str, Any], check: Mapping[str, Any], golden: Sequence[GoldenExample], up: str
) -> list[Finding]:
    """What is not as declared about the server.

    Args:
        declared: inputs of the LocalServer.
        check: inputs of the PredictionCheck.
        golden: examples of the model it should serve.
        up: the `pulumi up` of the stack.
    """
    record = server_process.read_record(ROOT / ".serving" / declared["stack"])
    if record is None:
        return [Finding("no model server was started from this folder", up)]
    if fault := served_versions.fault(record):
        return [Finding(fault, _way_to_restart(int(declared["port"]), record, up))]
    restart = f"kill {record.pid} && {up}"
    found = []
    folder = ROOT / ".serving" / declared["stack"] / declared["modelName"] / str(int(declared["version"]))
    try:
        digest = tree_digest(folder)
    except (ModelError, OSError) as error:
        digest = f"unreadable ({error})"
    if digest != declared["digest"]:
        served = f"model {digest[:12]}" if len(digest) == 64 else digest
        found.append(Finding(f"{shown(folder)} holds {served}, declared {declared['digest'][:12]}", restart))
    try:
        prediction_check.require(Place(check["statusUrl"], check["predictUrl"], rest.ask), golden, dict(check))
    except rest.NoAnswerError as error:
        found.append(Finding(str(error), restart))
    return found


def _way_to_restart(port: int, record: server_process.ServerRecord, up: str) -> str:
    if not server_process.is_alive(record.pid, record.started) and ports.is_taken(port):
        return f"end {ports.listener(port)}, which has its port {port}, or pulumi config set port {port + 1}; then {up}"
    return up
