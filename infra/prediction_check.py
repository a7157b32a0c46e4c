"""PredictionCheck: the proof, as a resource, that what answers is what was trained.

Owns the comparison of a server's answers with the manifest's golden examples. Does not own the server, nor the
examples' making (model). A failed check is not stored, so the next `up` asks again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import pulumi
from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, Resource, UpdateResult
from pulumi.output import Unknown

from infra import pods, rest
from infra.naming import predict_path, status_path
from infra.project import ROOT
from infra.provider import PROVIDER_KEY, Properties, Provider, differing, failure, own
from model.errors import ModelError
from model.manifest import GoldenExample
from model.store import open_store

if TYPE_CHECKING:
    from infra.sources import Model  # the provider needs none of it

# numpy.allclose's formula with these tolerances; 3.8e-6 was the worst difference seen across vector instruction sets,
# TensorFlow versions and batch sizes, at a logit of 16.5.
RTOL = ATOL = 1e-5


class Server(Protocol):
    """What should answer: a process of this machine, or pods of a cluster."""

    @property
    def launch(self) -> pulumi.Input[str]:
        """Differs for every start of the process, and for every rollout of the pods."""

    @property
    def status_url(self) -> pulumi.Input[str]:
        """Where users see the model's versions."""

    @property
    def predict_url(self) -> pulumi.Input[str]:
        """Where users send instances."""

    @property
    def namespace(self) -> str | None:
        """Where the pods are; None without pods."""

    @property
    def app(self) -> str | None:
        """Value of the pods' `app` label; None without pods."""


@dataclass(frozen=True, kw_only=True)
class PredictionCheckArgs:
    """What should answer, and where.

    Args:
        model_name: name of the model, for messages.
        artifact_store: where the model's manifest is, which holds the golden examples.
        model: what should answer.
        server: what should answer as it.
    """

    model_name: str
    artifact_store: str
    model: Model
    server: Server


class PredictionCheck(Resource, module="mymodel", name="PredictionCheck"):
    """Asked the golden examples, the server gave the trained model's own answers.

    Attributes:
        examples: number of golden examples that were asked.
    """

    examples: pulumi.Output[int]

    def __init__(self, name: str, args: PredictionCheckArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        properties: dict[str, Any] = {
            "modelName": args.model_name,
            "artifactStore": args.artifact_store,
            "published": args.model.published,
            "digest": args.model.digest,
            "version": args.model.version,
            "statusUrl": args.server.status_url,
            "predictUrl": args.server.predict_url,
            "launch": args.server.launch,
            "namespace": args.server.namespace,
            "app": args.server.app,
            "examples": None,
        }
        quiet = pulumi.ResourceOptions(hide_diffs=[PROVIDER_KEY])
        super().__init__(PredictionCheckProvider(), name, properties, pulumi.ResourceOptions.merge(quiet, opts))


class PredictionCheckProvider(Provider):
    """Asks the server once for every model, version and server process, and every pod once for every rollout."""

    def configure(self, req: ConfigureRequest) -> None:
        """Learn which kubeconfig to use: it belongs to who runs the CLI and has no place in the state."""
        super().configure(req)
        self._kubeconfig = req.config.get("kubeconfig") or ""
        self._context = req.config.get("kubeContext") or ""

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """An update where what answers may have changed. The version follows the digest: alone it is no change."""
        ignored = {"artifactStore", "examples"} | ({"version"} if isinstance(news["version"], Unknown) else set())
        return DiffResult(changes=bool(differing(olds, news, ignore=frozenset(ignored))))

    def create(self, props: Properties) -> CreateResult:
        """Ask; an answer that differs is an error."""
        return CreateResult("prediction-check", own(props) | {"examples": self._asked(props)})

    def update(self, _id: str, _olds: Properties, news: Properties) -> UpdateResult:
        """Ask again; an answer that differs is an error."""
        return UpdateResult(own(news) | {"examples": self._asked(news)})

    def _asked(self, inputs: Properties) -> int:
        name = inputs["modelName"]
        try:
            golden = golden_examples(inputs)
            places = self._places(inputs)
            for place in places:
                require(place, golden, inputs)
        except (ModelError, rest.NoAnswerError) as error:
            raise failure(f"{name}: prediction check failed: {error}") from None
        by = f"version {int(inputs['version'])}" + (f" in {len(places)} pods" if len(places) > 1 else "")
        print(f"{name}: {len(golden)} golden examples answered as trained by {by}")
        return len(golden)

    def _places(self, inputs: Properties) -> list[Place]:
        """The server itself, or every pod that is ready: a Service would pick one of them."""
        if not inputs.get("app"):
            return [Place(inputs["statusUrl"], inputs["predictUrl"], rest.ask)]
        found = pods.ready(inputs["namespace"], inputs["app"], self._kubeconfig, self._context)
        return [place_of(pod, inputs["modelName"]) for pod in found]


class Place(NamedTuple):
    """One model server, and the way to ask it."""

    status_url: str
    predict_url: str
    ask: rest.Ask


def place_of(pod: pods.Pod, model_name: str) -> Place:
    """The model server of a pod, reached through the API server."""
    return Place(pod.url(status_path(model_name)), pod.url(predict_path(model_name)), pod.ask)


def golden_examples(inputs: Properties) -> Sequence[GoldenExample]:
    """The examples of the model that a PredictionCheck's inputs name.

    Raises:
        ModelError: the store cannot be read or has no such model.
    """
    manifest = open_store(inputs["artifactStore"], ROOT).manifest_of(inputs["digest"])
    if manifest is None:
        raise ModelError(f"{inputs['artifactStore']} has no manifest of model {inputs['digest'][:12]}")
    return manifest.golden


def require(place: Place, golden: Sequence[GoldenExample], inputs: Properties) -> None:
    """Hold a server to a PredictionCheck's inputs.

    Raises:
        NoAnswerError: its newest version is not the one declared, or it does not answer as it did when it was trained.
    """
    states = rest.versions(place.status_url, place.ask)
    serving = max((number for number, (state, _) in states.items() if state == "AVAILABLE"), default=None)
    if serving != int(inputs["version"]):
        raise rest.NoAnswerError(f"{place.status_url} serves version {serving}, not {int(inputs['version'])}")
    answers = rest.predictions(place.predict_url, [example.image for example in golden], place.ask)
    if other := difference(golden, answers):
        raise rest.NoAnswerError(
            f"what answers at {place.predict_url} is not model {inputs['digest'][:12]}: {other}; see what runs there "
            f"({place.status_url}), then: pulumi up"
        )


def difference(golden: Sequence[GoldenExample], answers: Sequence[Any]) -> str:
    """The first golden example that was not answered as the trained model did, in words; empty if there is none."""
    for number, (example, answer) in enumerate(zip(golden, answers, strict=True)):
        if not agrees(example, answer):
            return f"golden example {number} gave {answer}, the trained model gave {example.logits}"
    return ""


def agrees(example: GoldenExample, answer: Any) -> bool:
    """Whether an answer is the trained model's, logit by logit as numpy.allclose compares."""
    if not isinstance(answer, list) or len(answer) != len(example.logits):
        return False
    pairs = zip(answer, example.logits, strict=True)
    return all(isinstance(got, int | float) and abs(got - own) <= ATOL + RTOL * abs(own) for got, own in pairs)
