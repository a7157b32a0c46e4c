"""PredictionCheck: the proof, as a resource, that what answers is what was trained.

Owns the comparison of a server's answers with the manifest's golden examples. Does not own the server, nor the
examples' making (model). A failed check is not stored, so the next `up` asks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, UpdateResult
from pulumi.output import Unknown

from infra import rest
from infra.local_server import LocalServer
from infra.project import ROOT
from infra.provider import PROVIDER_KEY, Properties, Provider, differing, failure, own
from infra.training import TrainedModel
from model import manifest
from model.errors import ModelError
from model.manifest import GoldenExample

# numpy.allclose's formula with these tolerances; 3.8e-6 was the worst difference seen across vector instruction sets,
# TensorFlow versions and batch sizes, at a logit of 16.5.
RTOL = ATOL = 1e-5


@dataclass(frozen=True, kw_only=True)
class PredictionCheckArgs:
    """What should answer, and where.

    Args:
        model_name: name of the model, for messages.
        model: what was trained; its manifest holds the golden examples.
        server: what should answer as it.
    """

    model_name: str
    model: TrainedModel
    server: LocalServer


class PredictionCheck(Resource, module="mymodel", name="PredictionCheck"):
    """Asked the golden examples, the server gave the trained model's own answers.

    Attributes:
        examples: number of golden examples that were asked.
    """

    examples: pulumi.Output[int]

    def __init__(self, name: str, args: PredictionCheckArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        properties: dict[str, Any] = {
            "modelName": args.model_name,
            "artifact": args.model.path,
            "published": args.model.published,
            "digest": args.model.digest,
            "version": args.model.version,
            "statusUrl": args.server.status_url,
            "predictUrl": args.server.predict_url,
            "launch": args.server.launch,
            "examples": None,
        }
        quiet = pulumi.ResourceOptions(hide_diffs=[PROVIDER_KEY])
        super().__init__(PredictionCheckProvider(), name, properties, pulumi.ResourceOptions.merge(quiet, opts))


class PredictionCheckProvider(Provider):
    """Asks the server once for every model, version and server process."""

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """An update where what answers may have changed. The version follows the digest: alone it is no change."""
        ignored = {"artifact", "examples"} | ({"version"} if isinstance(news["version"], Unknown) else set())
        return DiffResult(changes=bool(differing(olds, news, ignore=frozenset(ignored))))

    def create(self, props: Properties) -> CreateResult:
        """Ask; an answer that differs is an error."""
        return CreateResult("prediction-check", own(props) | {"examples": _asked(props)})

    def update(self, _id: str, _olds: Properties, news: Properties) -> UpdateResult:
        """Ask again; an answer that differs is an error."""
        return UpdateResult(own(news) | {"examples": _asked(news)})


def _asked(inputs: Properties) -> int:
    name, url = inputs["modelName"], inputs["predictUrl"]
    try:
        golden = manifest.read(ROOT / inputs["artifact"] / "manifest.json").golden
        _require_version(inputs["statusUrl"], int(inputs["version"]))
        answers = rest.predictions(url, [example.image for example in golden])
    except (ModelError, rest.NoAnswerError) as error:
        raise failure(f"{name}: prediction check failed: {error}") from None
    for number, (example, answer) in enumerate(zip(golden, answers, strict=True)):
        if not agrees(example, answer):
            raise failure(
                f"{name}: prediction check failed: what answers at {url} is not model {inputs['digest'][:12]}: "
                f"golden example {number} gave {answer}, the trained model gave {example.logits}; see what runs there "
                f"({inputs['statusUrl']}), then: pulumi up"
            )
    print(f"{name}: {len(golden)} golden examples answered as trained by version {int(inputs['version'])}")
    return len(golden)


def _require_version(status_url: str, version: int) -> None:
    serving = [number for number, (state, _) in rest.versions(status_url).items() if state == "AVAILABLE"]
    if not serving or max(serving) != version:
        raise rest.NoAnswerError(f"{status_url} serves version {max(serving, default='none')}, not {version}")


def agrees(example: GoldenExample, answer: Any) -> bool:
    """Whether an answer is the trained model's, logit by logit as numpy.allclose compares."""
    if not isinstance(answer, list) or len(answer) != len(example.logits):
        return False
    pairs = zip(answer, example.logits, strict=True)
    return all(isinstance(got, int | float) and abs(got - own) <= ATOL + RTOL * abs(own) for got, own in pairs)
