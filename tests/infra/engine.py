"""A Pulumi engine for tests: records what a program registers and hands back outputs, without the CLI.

Owns the recording. The dynamic providers are not called here; the tests that need them call them or use the CLI.
"""

from __future__ import annotations

import asyncio
import runpy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks, proto, set_all_config
from pulumi.runtime.settings import set_root_resource
from pulumi.runtime.stack import run_in_stack, wait_for_rpcs

from infra.project import ROOT

PROJECT = "mymodel-serving"


@dataclass(frozen=True)
class Registered:
    """One resource as the program declared it; timeouts in seconds' notation, hooks by name."""

    type: str
    name: str
    inputs: dict[str, Any]
    dependencies: set[str]
    property_dependencies: dict[str, set[str]]
    provider: str
    parent: str
    update_timeout: str
    on_error: list[str]
    protect: bool


@dataclass
class Engine:
    """What one run of a program registered and exported."""

    outputs: Mapping[str, Mapping[str, Any]]
    preview: bool
    resources: dict[str, Registered] = field(default_factory=dict)
    exports: dict[str, Any] = field(default_factory=dict)

    def run(self, config: Mapping[str, str], stack: str = "local") -> Engine:
        """Run `__main__.py` with this configuration; outputs are known where `outputs` has them or it is no preview."""
        use(config, monitor=_Monitor(self), preview=self.preview, stack=stack)
        set_root_resource(None)  # type: ignore[arg-type] # set_mocks made a stack; the program makes its own
        program = str(ROOT / "__main__.py")
        asyncio.get_event_loop().run_until_complete(run_in_stack(lambda: _run(program)))
        return self


def _run(program: str) -> None:
    runpy.run_path(program, run_name="__main__")


def use(
    config: Mapping[str, str],
    *,
    secret: tuple[str, ...] = ("registryPassword",),
    monitor: mocks.MockMonitor | None = None,
    preview: bool = False,
    stack: str = "local",
) -> None:
    """Make Pulumi's SDK believe that it runs in this stack with this configuration."""
    _have_event_loop()
    mocks.set_mocks(_Mocks({}, preview=preview), project=PROJECT, stack=stack, preview=preview, monitor=monitor)
    asyncio.get_event_loop().run_until_complete(wait_for_rpcs())  # set_mocks registers a stack
    set_all_config({f"{PROJECT}:{key}": value for key, value in config.items()}, [f"{PROJECT}:{key}" for key in secret])


def _have_event_loop() -> None:
    """Have the event loop that Pulumi's SDK expects: asyncio.run in another test leaves none behind."""
    try:
        asyncio.get_event_loop()
    except RuntimeError:
        asyncio.set_event_loop(asyncio.new_event_loop())


class _Mocks(mocks.Mocks):
    def __init__(self, outputs: Mapping[str, Mapping[str, Any]], *, preview: bool) -> None:
        self._outputs, self._preview = outputs, preview

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        known = {} if self._preview else self._outputs.get(args.name, {})
        return args.name, {**args.inputs, **known}

    def call(self, _args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {}, None


class _Monitor(mocks.MockMonitor):
    def __init__(self, engine: Engine) -> None:
        super().__init__(_Mocks(engine.outputs, preview=engine.preview))
        self._engine = engine

    def RegisterResource(self, request: proto.RegisterResourceRequest) -> Any:  # noqa: N802 - gRPC's name
        if request.custom:
            self._engine.resources[request.name] = Registered(
                type=request.type,
                name=request.name,
                inputs=json_format.MessageToDict(request.object),
                dependencies={_name(urn) for urn in request.dependencies},
                property_dependencies={
                    key: {_name(urn) for urn in found.urns} for key, found in request.propertyDependencies.items()
                },
                provider=request.provider.rpartition("::")[0].rpartition("::")[2],
                parent=_name(request.parent),
                update_timeout=request.customTimeouts.update,
                on_error=list(request.hooks.on_error),
                protect=request.protect,
            )
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def RegisterResourceOutputs(self, request: proto.RegisterResourceOutputsRequest) -> Any:  # noqa: N802 - gRPC's name
        self._engine.exports.update(json_format.MessageToDict(request.outputs))
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]
