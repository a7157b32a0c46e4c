"""Servers with config files, over a real socket: several models, labels, batching, recorded warm-up requests."""

import concurrent.futures
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from serving.warmup import RECORDS
from tests.serving.exported import HEIGHT, WIDTH
from tests.serving.processes import ServerProcess
from tests.serving.test_server import ONES, first_prediction, publish, versions, wait_until_versions


def config(name: str, base: Path, more: str = "") -> str:
    """One model of a config file."""
    return f"config {{ name: '{name}' base_path: '{base}' model_platform: 'tensorflow' {more} }}"


def write_config(file: Path, *configs: str) -> None:
    """Put a config file in place at once."""
    file.with_suffix(".new").write_text(f"model_config_list {{ {' '.join(configs)} }}")
    file.with_suffix(".new").rename(file)


def test_models_and_labels_change_while_serving(exported: Path, base_path: Path, tmp_path: Path) -> None:
    """The config file is read again: versions come and go, labels move, models are added and removed."""
    file = tmp_path / "models"
    publish(exported / "image-2", base_path, 2)
    write_config(file, config("mymodel", base_path, "model_version_policy { specific { versions: 1 } }"))
    flags = (f"--model_config_file={file}", "--model_config_file_poll_wait_seconds=1")
    with ServerProcess(tmp_path / "log", *flags) as server:
        assert versions(server) == {"1": "AVAILABLE"}
        both = "model_version_policy { specific { versions: 1 versions: 2 } }"
        pair = tmp_path / "pair"
        shutil.copytree(exported / "pair", pair / "7")
        write_config(file, config("mymodel", base_path, both), config("pair", pair))
        wait_until_versions(server, {"2": "AVAILABLE", "1": "AVAILABLE"})
        label = "version_labels { key: 'canary' value: 2 } version_labels { key: 'stable' value: 1 }"
        write_config(file, config("mymodel", base_path, both + label), config("pair", pair))
        wait_for_status(server, "/v1/models/mymodel/labels/canary:predict", ONES, 200)
        answers = [
            server.post(f"/v1/models/mymodel/{where}:predict", ONES).json()["predictions"][0][0]
            for where in ("labels/stable", "labels/canary", "versions/1", "versions/2")
        ]
        assert answers == pytest.approx([31.5, 63.0, 31.5, 63.0])
        rows = {"instances": [{"b": 7, "a": [1, 2]}]}
        answer = server.post("/v1/models/pair:predict", rows).json()
        assert answer == {"predictions": [{"a_twice": [2.0, 4.0], "b_bytes": {"b64": "Nw=="}, "c": 7}]}
        write_config(file, config("mymodel", base_path))
        wait_for_status(server, "/v1/models/pair:predict", rows, 404)
        wait_until_versions(server, {"2": "AVAILABLE", "1": "END"})
        file.write_text("nonsense")
        server.wait_for("Reloading the model config failed, nothing changes: Invalid protobuf file")
        assert first_prediction(server) == pytest.approx(63.0)


def wait_for_status(server: ServerProcess, path: str, body: object, status: int) -> None:
    """Wait until a request is answered with this status."""
    deadline = time.monotonic() + 60
    while server.post(path, body).status_code != status and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.post(path, body).status_code == status


def test_labels_at_the_start_need_the_flag(base_path: Path, tmp_path: Path) -> None:
    """Without the flag, a label in the first config ends the start with TensorFlow Serving's message."""
    write_config(tmp_path / "models", config("mymodel", base_path, "version_labels { key: 'stable' value: 1 }"))
    with ServerProcess(tmp_path / "log", f"--model_config_file={tmp_path / 'models'}", wait=False) as server:
        assert server.process.wait(60) == 255
        assert server.output() == (
            "Failed to start server. Error: FAILED_PRECONDITION: Request to assign label to version 1 of model mymodel,"
            " which is not currently available for inference\n"
        )


@pytest.mark.parametrize("flag", ["model_config_file", "monitoring_config_file", "batching_parameters_file"])
def test_bad_config_file(base_path: Path, tmp_path: Path, flag: str) -> None:
    """A config file that is no protobuf text ends the start with one line that names it."""
    (tmp_path / "config").write_text("nonsense {")
    flags = (f"--model_base_path={base_path}", "--enable_batching", f"--{flag}={tmp_path / 'config'}")
    with ServerProcess(tmp_path / "log", *flags, wait=False) as server:
        assert server.process.wait(60) == 255
        assert server.output().startswith(
            f"Failed to start server. Error: INVALID_ARGUMENT: Invalid protobuf file: {tmp_path / 'config'}: "
        )
        assert server.output().count("\n") == 1


def test_batching(base_path: Path, tmp_path: Path) -> None:
    """With batching, every one of many requests at once gets its own answer, and one over the limit is refused."""
    (tmp_path / "batching").write_text("max_batch_size { value: 4 } batch_timeout_micros { value: 2000 }")
    flags = ("--model_name=mymodel", f"--model_base_path={base_path}", "--enable_batching")
    with ServerProcess(tmp_path / "log", *flags, f"--batching_parameters_file={tmp_path / 'batching'}") as server:

        def ask(value: int) -> float:
            body = {"instances": np.full([1 + value % 4, HEIGHT, WIDTH], float(value)).tolist()}
            rows = server.post("/v1/models/mymodel:predict", body).json()["predictions"]
            assert len(rows) == 1 + value % 4
            assert all(row == rows[0] for row in rows)
            return float(rows[0][0])

        with concurrent.futures.ThreadPoolExecutor(16) as executor:
            answers = list(executor.map(ask, range(100)))
        assert answers == pytest.approx([31.5 * value for value in range(100)], rel=1e-5)
        refused = server.post("/v1/models/mymodel:predict", {"instances": ONES["instances"] * 5})
        assert refused.status_code == 400
        assert refused.json() == {"error": "Task size 5 is larger than maximum input batch size 4"}


def test_recorded_request_that_fails_keeps_the_old_version(exported: Path, base_path: Path, tmp_path: Path) -> None:
    """A version whose recorded warm-up requests fail is not served."""
    flags = ("--model_name=mymodel", f"--model_base_path={base_path}", "--max_num_load_retries=0")
    with ServerProcess(tmp_path / "log", *flags) as server:
        broken = tmp_path / "broken"
        shutil.copytree(exported / "image-2", broken)
        (broken / RECORDS).parent.mkdir(exist_ok=True)
        (broken / RECORDS).write_bytes(b"no record, and long enough for that to be seen")
        publish(broken, base_path, 2)
        wait_until_versions(server, {"2": "END", "1": "AVAILABLE"})
        status = server.get("/v1/models/mymodel/versions/2").json()["model_version_status"][0]["status"]
        assert status["error_code"] == "DATA_LOSS"
        assert first_prediction(server) == pytest.approx(31.5)
