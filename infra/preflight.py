"""What the plugins find out late or not at all, said before anything is declared: no engine, no cluster, no context.

Owns the questions, asked at the same time and for two seconds at most, and their words. Declares nothing.
"""

import ssl
import threading
import time
from collections.abc import Callable
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import pulumi

from infra import container_engine, kubeconfig
from infra.kubeconfig import Cluster, KubeconfigError
from infra.settings import Settings

TIMEOUT_SECONDS = 2.0


def check(settings: Settings) -> None:
    """Refuse to go on where an `up` could not end well; where a preview sees less than it should, say so.

    Raises:
        pulumi.RunError: no container engine answers, the kubeconfig has no such context, or (not in a preview) the
            cluster does not answer.
    """
    if settings.target != "kubernetes":
        return
    try:
        cluster = kubeconfig.find(settings.kubeconfig, settings.kube_context)
    except KubeconfigError as error:
        raise pulumi.RunError(str(error)) from None
    if not cluster.chosen:
        pulumi.log.info(
            f"kubernetes: context {cluster.context} ({cluster.server}), the current one of {cluster.files}; "
            f"fix it for this stack: pulumi config set kubeContext {cluster.context}"
        )
    builds = settings.source == "train"
    engine_fault, cluster_fault = _at_once(
        container_engine.fault if builds else lambda: "", lambda: unreachable(cluster)
    )
    if engine_fault:
        raise pulumi.RunError(
            f"no container engine to build the image with: {engine_fault}; start it (Docker Desktop, or: sudo "
            "systemctl start docker), or do without: pulumi config set target local"
        )
    if cluster_fault:
        _say_unreachable(cluster, cluster_fault)


def unreachable(cluster: Cluster) -> str:
    """Why the API server does not answer, in words; empty if it does, were it only to refuse."""
    proxies = {"https": cluster.proxy, "http": cluster.proxy} if cluster.proxy else None
    # No credentials are sent, and nothing is read: who answers is for the plugin to verify. Unlike a default context,
    # this one does not read the system's certificates, which takes as long as the question.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with build_opener(ProxyHandler(proxies), HTTPSHandler(context=context)).open(
            f"{cluster.server.rstrip('/')}/readyz", timeout=TIMEOUT_SECONDS
        ):
            return ""
    except HTTPError as error:
        error.close()
        return ""
    except (OSError, HTTPException, ValueError) as error:
        return str(getattr(error, "reason", error))


def _say_unreachable(cluster: Cluster, fault: str) -> None:
    found = f"the cluster of context {cluster.context} does not answer at {cluster.server} ({fault})"
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(f"{found}; start it, or choose another: pulumi config set kubeContext NAME")
    pulumi.log.warn(f"{found}: this preview compares with the state only and cannot see what runs there")


def _at_once(*questions: Callable[[], str]) -> list[str]:
    """The answers to questions asked side by side; one that takes too long (a name that does not resolve) says so."""
    answers = [f"no answer within {TIMEOUT_SECONDS:g} s"] * len(questions)

    def ask(number: int) -> None:
        answers[number] = questions[number]()

    threads = [threading.Thread(target=ask, args=(number,), daemon=True) for number in range(len(questions))]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + TIMEOUT_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return answers
