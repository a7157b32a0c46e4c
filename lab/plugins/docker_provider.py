"""Stands in for pulumi-resource-docker: built and pushed images as Pulumi resources, through the docker command.

Owns what each call of the protocol means for `docker:index/image:Image`, the one type of the official provider that it
knows. As that one (5.2) does: it asks for the engine even where nothing is to be done; it builds when an input or the
content of the build context differs, and never looks whether the image is still there.
"""

# ruff: noqa: N802, ARG002 - the service's names and arguments, whether needed or not

import os
import platform
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as messages

from lab.plugins import image_name
from lab.plugins.commands import Commands
from lab.plugins.context_digest import context_digest
from lab.plugins.docker_client import Build, Credentials, DockerClient, DockerError
from lab.plugins.engine_log import EngineLog
from lab.plugins.properties import UNKNOWN, has_unknown, to_python, to_struct
from lab.plugins.stand_in import OperationError, StandIn, answering

# Docker's names for what Python calls processors otherwise.
ARCHITECTURES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64"}
BUILDERS = {"BuilderBuildKit": True, "BuilderV1": False}


class DockerProvider(StandIn):
    """The provider. Its engine is known after Configure."""

    def __init__(self, version: str, log: EngineLog, commands: Commands) -> None:
        super().__init__(version, log, commands)
        self._docker = DockerClient(commands, host="")

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> messages.DiffResponse:
        """Another engine is no reason to make an image anew."""
        old, new = to_python(request.olds), to_python(request.news)
        changed = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
        found = messages.DiffResponse.DIFF_SOME if changed else messages.DiffResponse.DIFF_NONE
        return messages.DiffResponse(changes=found, diffs=changed)

    @answering
    def Configure(self, request: Any) -> messages.ConfigureResponse:
        """Ask the engine whether it is there."""
        options = {name.removeprefix("docker:config:"): value for name, value in request.variables.items()}
        self._docker = DockerClient(self.commands, options.get("host", ""))
        if options.get("disableDockerDaemonCheck", "").lower() != "true":
            try:
                self._docker.ping()
            except DockerError as error:
                message = f"docker native provider returned an unexpected error from Configure: {error}"
                raise OperationError(message) from error
        return messages.ConfigureResponse(supportsPreview=True)

    @answering
    def Check(self, request: Any) -> messages.CheckResponse:
        """Look at the Dockerfile and add the context's digest, by which a changed file becomes a changed input."""
        declared = to_python(request.news)
        build = declared.get("build", {})
        if build == UNKNOWN or any(build.get(name) == UNKNOWN for name in ("context", "dockerfile")):
            self.log.warning(request.urn, "the build context is not known yet: what is in it cannot be compared")
            return messages.CheckResponse(inputs=request.news)
        more: dict[str, Any] = {"contextDigest": _digest(build)}
        if not build.get("platform"):
            more["platform"] = f"linux/{ARCHITECTURES.get(platform.machine(), platform.machine())}"
            self.log.info(request.urn, f"Building your image for {more['platform']}: set `platform` to choose another")
        _check_names(declared)
        inputs = Struct()
        inputs.CopyFrom(request.news)
        inputs.update({"build": build | more})
        return messages.CheckResponse(inputs=inputs)

    @answering
    def Diff(self, request: Any) -> messages.DiffResponse:
        """Compare the inputs. Other credentials for the same registry are no difference."""
        old, new = to_python(request.old_inputs), to_python(request.news)
        details = {}
        for name in {*old, *new}:
            before, now = old.get(name), new.get(name)
            if name == "registry" and isinstance(before, dict) and isinstance(now, dict):
                before, now = before.get("server"), now.get("server")
            if before != now:
                kind = messages.PropertyDiff.UPDATE if name in old else messages.PropertyDiff.ADD
                details[name] = messages.PropertyDiff(kind=kind if name in new else messages.PropertyDiff.DELETE)
        found = messages.DiffResponse.DIFF_SOME if details else messages.DiffResponse.DIFF_NONE
        return messages.DiffResponse(changes=found, detailedDiff=details, hasDetailedDiff=True)

    @answering
    def Create(self, request: Any) -> messages.CreateResponse:
        """Build and push."""
        state = self._make(request.urn, to_python(request.properties), preview=request.preview)
        identity = "" if request.preview else str(state["imageName"])
        return messages.CreateResponse(id=identity, properties=to_struct(state))

    @answering
    def Update(self, request: Any) -> messages.UpdateResponse:
        """Build and push."""
        state = self._make(request.urn, to_python(request.news), preview=request.preview)
        return messages.UpdateResponse(properties=to_struct(state))

    def Read(self, request: Any, context: grpc.ServicerContext) -> messages.ReadResponse:
        """Say that all is as it was: the registry is not asked."""
        return messages.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Empty:
        """Leave the image where it is."""
        return Empty()

    def _make(self, urn: str, declared: dict[str, Any], *, preview: bool) -> dict[str, Any]:
        """Build the image and push it unless that is not wanted; in a preview only build, and only if that is wanted.

        Returns:
            The resource's state. `repoDigest` is what a cluster can pull only if the image was pushed.
        """
        build, registry = declared.get("build", {}), declared.get("registry") or {}
        name = str(declared.get("imageName", ""))
        state = {
            "imageName": name,
            "baseImageName": name,
            "registryServer": registry.get("server", "") if isinstance(registry, dict) else UNKNOWN,
            "repoDigest": UNKNOWN,
        }
        if isinstance(build, dict):
            state |= {key: build[key] for key in ("context", "dockerfile", "platform") if key in build}
        if preview and (not declared.get("buildOnPreview") or has_unknown(declared)):
            return state
        credentials = _credentials(registry, name, declared, lambda line: self.log.warning(urn, line))

        def say(line: str) -> None:
            self.log.status(urn, line)

        say("Building the image")
        try:
            state["repoDigest"] = self._docker.build(_as_build(build), name, credentials, say)
            if not preview and not declared.get("skipPush"):
                say("Pushing Image to the registry")
                digest = self._docker.push(name, credentials, say)
                state["repoDigest"] = f"{image_name.repository_of(name)}@{digest}"
        except DockerError as error:
            raise OperationError(str(error)) from error
        return state


def _paths(build: dict[str, Any]) -> tuple[str, str]:
    """Context and Dockerfile, relative to the program's folder, in which the plugin runs."""
    context = build.get("context") or "."
    return context, build.get("dockerfile") or os.path.join(context, "Dockerfile")  # noqa: PTH118 - as it is written


def _digest(build: dict[str, Any]) -> str:
    context, dockerfile = _paths(build)
    if not Path(dockerfile).is_file():
        inside = Path(context) / dockerfile
        remedy = f": try setting `dockerfile` to {str(inside)!r}" if inside.is_file() else ""
        raise OperationError(f"could not open dockerfile {dockerfile!r}{remedy}")
    try:
        return context_digest(Path(context), Path(dockerfile))
    except OSError as error:
        raise OperationError(f"unable to hash build context {context!r}: {error}") from error


def _check_names(declared: dict[str, Any]) -> None:
    """Raise OperationError unless every image name that a registry is asked for says which registry."""
    cache = (declared.get("build", {}).get("cacheFrom") or {}).get("images") or []
    names = [] if declared.get("skipPush") else [declared.get("imageName", "")]
    try:
        for name in [*cache, *names]:
            if name != UNKNOWN:
                image_name.registry_of(name)
    except ValueError as error:
        raise OperationError(str(error)) from error


def _as_build(build: dict[str, Any]) -> Build:
    context, dockerfile = _paths(build)
    builder = build.get("builderVersion") or "BuilderBuildKit"
    if builder not in BUILDERS:
        raise OperationError(f"invalid Docker Builder version {builder!r}: one of {', '.join(BUILDERS)}")
    return Build(
        context=context,
        dockerfile=dockerfile,
        args={str(name): str(value) for name, value in (build.get("args") or {}).items()},
        platform=build.get("platform") or "",
        target=build.get("target") or "",
        network=build.get("network") or "",
        hosts=build.get("addHosts") or [],
        cache_from=(build.get("cacheFrom") or {}).get("images") or [],
        buildkit=BUILDERS[builder],
    )


def _credentials(registry: dict[str, Any], name: str, declared: dict[str, Any], warn: Any) -> Credentials | None:
    """What the program gives for the registry; None for the user's own Docker configuration."""
    username, password = registry.get("username") or "", registry.get("password") or ""
    if not (username and password):
        if username or password:
            missing = "password" if username else "username"
            warn(f"the registry's {missing} was not set: using the credentials of the Docker configuration")
        return None
    if declared.get("skipPush") and not registry.get("server"):
        return None
    return Credentials(image_name.credentials_key(registry.get("server") or "", name), username, password)
