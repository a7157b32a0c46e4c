"""Deployments that are rolled out, on the way, and stuck."""

from typing import Any

from lab.plugins import rollout
from lab.plugins.rollout import REVISION

OWNER = [{"uid": "of the deployment"}]


def deployment(revision: str = "2", **conditions: str) -> dict[str, Any]:
    """A Deployment that its controller has looked at; conditions as their status, and reason after a blank."""
    listed = [
        {"type": name, "status": text.split()[0], "reason": text.split()[-1], "message": "so it is"}
        for name, text in conditions.items()
    ]
    annotations = {REVISION: revision}
    metadata = {"name": "d", "namespace": "n", "uid": "of the deployment", "generation": 5, "annotations": annotations}
    return {"metadata": metadata, "status": {"observedGeneration": 5, "conditions": listed}}


def replica_set(revision: str = "2", ready: int = 1) -> dict[str, Any]:
    """A ReplicaSet of the Deployment that wants one pod."""
    metadata = {"uid": f"of set {revision}", "ownerReferences": OWNER, "annotations": {REVISION: revision}}
    return {"metadata": metadata, "spec": {"replicas": 1}, "status": {"readyReplicas": ready}}


def pod(container: dict[str, Any], revision: str = "2", **status: Any) -> dict[str, Any]:
    """A pod of a ReplicaSet."""
    metadata = {"name": "p", "namespace": "n", "ownerReferences": [{"uid": f"of set {revision}"}]}
    return {
        "metadata": metadata,
        "status": {"containerStatuses": [{"name": "c", "ready": False, **container}], **status},
    }


DONE = {"Available": "True", "Progressing": "True NewReplicaSetAvailable"}


def test_a_rollout_is_done_when_the_new_pods_serve() -> None:
    """Available, rolled out, and as many ready pods of the newest revision as wanted."""
    judgement = rollout.judge(deployment(**DONE), [replica_set("1", ready=0), replica_set()], [])

    assert judgement.done
    assert judgement.problems == []


def test_a_controller_that_has_not_looked_is_waited_for() -> None:
    """The status of an older generation says nothing."""
    late = deployment(**DONE)
    late["metadata"]["generation"] = 6

    assert not rollout.judge(late, [replica_set()], []).done
    assert not rollout.judge(deployment("3", **DONE), [replica_set()], []).done


def test_ready_pods_of_the_old_revision_do_not_count() -> None:
    """While the old pods serve, the new ones are waited for."""
    progressing = deployment(Available="True", Progressing="True ReplicaSetUpdated")
    judgement = rollout.judge(progressing, [replica_set("1"), replica_set(ready=0)], [])

    assert not judgement.done
    assert judgement.progress == "Waiting for the new pods to be available (0/1)"
    assert "minimum number of Pods did not become live" in judgement.problems[0]


def test_a_first_revision_need_not_progress() -> None:
    """What is created is not rolled out."""
    assert rollout.judge(deployment("1", Available="True"), [replica_set("1")], []).done


def test_a_stuck_rollout_tells_conditions_and_pods() -> None:
    """Unmet conditions and the troubles of the new pods are told, those of old pods and of pods that go are not."""
    stuck = deployment(Available="False MinimumReplicasUnavailable", Progressing="False ProgressDeadlineExceeded")
    waiting = {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
    going = pod(waiting)
    going["metadata"]["deletionTimestamp"] = "now"
    judgement = rollout.judge(stuck, [replica_set(ready=0)], [pod(waiting), pod(waiting, "1"), going])

    assert judgement.problems == [
        "[MinimumReplicasUnavailable] so it is",
        "[ProgressDeadlineExceeded] so it is",
        "Minimum number of live Pods was not attained",
        "[Pod n/p]: container 'c': [ImagePullBackOff] no such image",
    ]


def test_a_crash_is_told_with_its_exit_code() -> None:
    """The reason for waiting and the last exit code belong together; no log is looked at."""
    died = {"terminated": {"exitCode": 3, "reason": "Error", "message": "a line of the log"}}
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
    (crashed,) = rollout.pod_problems(pod({"state": waiting, "lastState": died}))
    (ended,) = rollout.pod_problems(pod({"state": died}))

    assert crashed == "[Pod n/p]: container 'c': [CrashLoopBackOff] back-off 10s; it ended with exit code 3 (Error)"
    assert ended == "[Pod n/p]: container 'c': is not ready; it ended with exit code 3 (Error)"


def test_pods_without_trouble_are_not_told() -> None:
    """A ready container and an init container that has done its work are fine; one that only runs is not ready."""
    done = {"name": "init", "state": {"terminated": {"exitCode": 0}}}

    assert rollout.pod_problems(pod({"ready": True, "state": {}}, initContainerStatuses=[done])) == []
    assert rollout.pod_problems(pod({"state": {"running": {}}})) == ["[Pod n/p]: container 'c': is not ready"]


def test_a_pod_without_a_node_is_told() -> None:
    """What the scheduler says is passed on."""
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "too big"}
    problems = rollout.pod_problems(pod({"ready": True}, conditions=[condition]))

    assert problems == ["[Pod n/p]: [Unschedulable] too big"]
