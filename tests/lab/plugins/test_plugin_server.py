"""Which stand-in is served; how it starts and ends is tested with the installed plugin."""

import subprocess
import sys
from pathlib import Path

import pytest

import lab
from lab.plugins import plugin_server
from lab.plugins.docker_provider import DockerProvider
from lab.plugins.kubernetes_provider import KubernetesProvider


@pytest.mark.parametrize(("name", "kind"), [("kubernetes", KubernetesProvider), ("docker", DockerProvider)])
def test_the_name_decides(name: str, kind: type) -> None:
    """Each plugin serves its own provider."""
    assert isinstance(plugin_server.make(name, "1.2.3", ""), kind)


def test_the_other_provider_is_not_imported() -> None:
    """A plugin that starts in every operation imports only what it needs, and no YAML."""
    root = str(Path(lab.__file__).parent.parent)
    code = (
        f"import sys; sys.path.insert(0, {root!r})\n"
        "from lab.plugins.protocol import import_only_the_protocol; import_only_the_protocol()\n"
        "from lab.plugins import plugin_server; plugin_server.make('kubernetes', '1', '')\n"
        "print([name for name in ('lab.plugins.docker_provider', 'yaml', 'pulumi.output') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert answer.stdout.strip() == "[]"
