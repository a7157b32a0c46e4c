"""ServingImage: the model server's base image with one model in it, built and pushed.

Owns what goes into the image, and the words for what may go wrong. Building and pushing is pulumi_docker's; the recipe
is model.Dockerfile. Nothing but the model's digest, name and version and the base image may reach the build: whatever
else did would roll out new pods with the same model.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from infra import base_image
from infra.remedies import Remedies
from infra.training import TrainedModel

DOCKERFILE = "infra/model.Dockerfile"
DIGEST_LETTERS = 12


@dataclass(frozen=True, kw_only=True)
class ServingImageArgs:
    """What an image is made of, and where it goes.

    Args:
        model_name: name of the model, the last part of the repository's name and the folder in the image.
        model: what is served.
        base_image: reference of an image with TensorFlow Serving's entry point and folders.
        platform: os/arch of the image.
        registry: host[:port] and path that the repository lies under.
        username: user of the registry; "" uses the Docker client's own log-in.
        password: of that user, a secret.
    """

    model_name: str
    model: TrainedModel
    base_image: str
    platform: str
    registry: str
    username: str
    password: pulumi.Input[str]


class ServingImage(pulumi.ComponentResource):
    """An image in a registry that serves one model.

    Attributes:
        repo_digest: the only reference to deploy by: `repository@sha256:...`, which cannot come to mean another image.
    """

    repo_digest: pulumi.Output[str]

    def __init__(self, name: str, args: ServingImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mymodel-serving:infra:ServingImage", name, None, opts)
        if base_image.is_floating(args.base_image):
            pulumi.log.warn(
                f"base image {args.base_image} may change without notice, which no preview shows; name a release or a "
                "digest: pulumi config set baseImage tensorflow/serving:2.20.0",
                self,
            )
        image = docker.Image(
            name,
            image_name=pulumi.Output.format("{0}:{1}-{2}", _repository(args), args.model.version, _short_digest(args)),
            build=_build(args),
            registry=_registry(args),
            opts=pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), _remedies(args).options(name)),
        )
        self.repo_digest = image.repo_digest
        self.register_outputs({"repoDigest": self.repo_digest})


def _repository(args: ServingImageArgs) -> str:
    return f"{args.registry}/{args.model_name}-serving"


def _short_digest(args: ServingImageArgs) -> pulumi.Output[str]:
    return args.model.digest.apply(lambda digest: digest[:DIGEST_LETTERS])


def _build(args: ServingImageArgs) -> docker.DockerBuildArgsDict:
    return {
        "context": pulumi.Output.concat(args.model.path, "/model"),
        "dockerfile": DOCKERFILE,
        "platform": args.platform,
        "builder_version": docker.BuilderVersion.BUILDER_BUILD_KIT,
        "args": {
            "BASE_IMAGE": args.base_image,
            "MODEL_NAME": args.model_name,
            "MODEL_VERSION": args.model.version.apply(str),
            "MODEL_DIGEST": args.model.digest,
        },
    }


def _registry(args: ServingImageArgs) -> docker.RegistryArgsDict | None:
    if not args.username:
        return None
    return {"server": args.registry.partition("/")[0], "username": args.username, "password": args.password}


def _remedies(args: ServingImageArgs) -> Remedies:
    return Remedies(
        {
            r"pull access denied|manifest unknown|failed to resolve source metadata|: not found": (
                f"see whether the base image is there for {args.platform}: docker pull {args.base_image}; "
                "name another: pulumi config set baseImage REFERENCE"
            ),
            r"unauthorized|authentication required|no basic auth credentials|denied": (
                f"registry {args.registry} refused the credentials: docker login, or pulumi config set "
                "registryUsername NAME and pulumi config set --secret registryPassword PASSWORD"
            ),
            r"connection refused|no such host|timeout|EOF|server gave HTTP response": (
                f"registry {args.registry} does not answer: start it, or pulumi config set registry HOST; "
                "what serves now keeps serving"
            ),
        }
    )
