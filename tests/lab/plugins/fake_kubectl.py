"""A `kubectl` over a folder of files: what the provider asks is answered as kubectl and an API server would.

Owns no expectation. The folder is FAKE_CLUSTER: `objects.json` holds the objects, `calls` the command lines, one a
line; a file `down` means that nobody answers, `conflict` names another field manager that has a field, and `broken`
means that pods of Deployments crash. Run as a script.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("FAKE_CLUSTER", "."))
DOWN = "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?"
CRASHED = {"exitCode": 3, "reason": "Error"}
CRASHING = {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}


def stored() -> dict[str, Any]:
    """All objects by kind/namespace/name."""
    file = FOLDER / "objects.json"
    return dict(json.loads(file.read_text("utf-8"))) if file.exists() else {}


def store(objects: dict[str, Any]) -> None:
    """Write all objects."""
    (FOLDER / "objects.json").write_text(json.dumps(objects), "utf-8")


def key(thing: dict[str, Any]) -> str:
    """Where an object is stored."""
    return f"{thing['kind']}/{thing['metadata'].get('namespace', '')}/{thing['metadata']['name']}"


def fail(message: str) -> None:
    """End as kubectl does when it fails."""
    sys.exit(message)


def rolled_out(deployment: dict[str, Any]) -> list[dict[str, Any]]:
    """A Deployment with the status that its controller gives it, its ReplicaSet and a pod."""
    broken = (FOLDER / "broken").exists()
    status = "False" if broken else "True"
    conditions = [{"type": "Available", "status": status, "reason": "MinimumReplicas", "message": "of pods"}]
    deployment["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "1"}
    deployment["status"] = {"observedGeneration": 1, "conditions": conditions}
    namespace = deployment["metadata"]["namespace"]

    def owned(kind: str, owner: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
        metadata = {
            "name": owner["metadata"]["name"] + "-1",
            "namespace": namespace,
            "uid": f"uid of {kind}",
            "ownerReferences": [{"uid": owner["metadata"]["uid"]}],
            "annotations": {"deployment.kubernetes.io/revision": "1"},
        }
        return {"kind": kind, "metadata": metadata, **rest}

    ready = 0 if broken else 1
    replica_set = owned("ReplicaSet", deployment, {"spec": {"replicas": 1}, "status": {"readyReplicas": ready}})
    container = {"name": "c", "ready": not broken, "state": {}}
    if broken:
        container |= {"state": {"waiting": CRASHING}, "lastState": {"terminated": CRASHED}}
    return [deployment, replica_set, owned("Pod", replica_set, {"status": {"containerStatuses": [container]}})]


def apply(thing: dict[str, Any], options: list[str]) -> dict[str, Any]:
    """Create or change an object."""
    conflict = FOLDER / "conflict"
    if conflict.exists() and "--force-conflicts" not in options:
        field = f'conflict with "{conflict.read_text("utf-8")}" using apps/v1: .spec.replicas'
        fail(f"error: Apply failed with 1 conflict: {field}\nPlease review the fields above--they have other managers.")
    objects = stored()
    if thing["kind"] != "Namespace" and f"Namespace//{thing['metadata'].get('namespace')}" not in objects:
        fail(f'Error from server (NotFound): namespaces "{thing["metadata"].get("namespace")}" not found')
    live: dict[str, Any] = json.loads(json.dumps(thing))
    live["metadata"] |= {"uid": f"uid of {key(thing)}", "generation": 1, "resourceVersion": "7"}
    made = rolled_out(live) if live["kind"] == "Deployment" else [live]
    if live["kind"] == "Service":
        labels = {"kubernetes.io/service-name": live["metadata"]["name"]}
        metadata = {"name": live["metadata"]["name"], "namespace": live["metadata"]["namespace"], "labels": labels}
        made.append({"kind": "EndpointSlice", "metadata": metadata, "endpoints": [{"conditions": {"ready": True}}]})
    if "--dry-run=server" not in options:
        store(objects | {key(one): one for one in made})
    return live


def watch() -> None:
    """Name something now and whenever any object has changed, until ended."""
    said = None
    while True:
        now = stored()
        if now != said:
            print("something/changed", flush=True)
            said = now
        time.sleep(0.02)


def main() -> None:
    """Answer one command."""
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith(("--kubeconfig", "--context"))]
    with (FOLDER / "calls").open("a", encoding="utf-8") as calls:
        calls.write(" ".join(sys.argv[1:]) + "\n")
    if (FOLDER / "down").exists():
        fail(DOWN)
    verb = next(argument for argument in arguments if not argument.startswith("--"))
    if "--raw=/version" in arguments:
        return
    if "--watch" in arguments:
        watch()
        return
    if "--filename=-" not in arguments:
        kinds = arguments[arguments.index("get") + 1].split(",")
        found = [one for one in stored().values() if f"{one['kind'].lower()}s" in kinds]
        print(json.dumps({"items": found}))
        return
    thing = json.load(sys.stdin)
    if verb == "apply":
        print(json.dumps(apply(thing, arguments)))
    elif verb == "delete":
        store({name: one for name, one in stored().items() if name != key(thing)})
    elif key(thing) in stored():
        print(json.dumps({"kind": "List", "items": [stored()[key(thing)]]}))
    else:
        fail(f'Error from server (NotFound): {thing["kind"].lower()}s "{thing["metadata"]["name"]}" not found')


if __name__ == "__main__":
    main()
