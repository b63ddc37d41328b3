"""profiles/kubernetes: the pods that the plugin's own code asks a stand-in API for. There is no cluster here."""

import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.cluster.standin import KUBECONFIG, stand_in
from tests.dag.conftest import HERE, make_project

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (find_spec("snakemake_executor_plugin_kubernetes") and find_spec("snakemake_storage_plugin_s3")),
        reason="no plugin for Kubernetes: needs lcr[kubernetes]",
    ),
]
DATA = ".lcr/data/one/jester-fixture"
RUNS = "results/one/jester-fixture"
HELD = (f"{DATA}/manifest.parquet", f"{DATA}/packed/index.parquet", f"{RUNS}/full/seed-0/model.safetensors")
TARGETS = {  # a job each, of the rule of this name
    "train": f"{RUNS}/no_tube_mask/seed-0/model.safetensors",
    "evaluate": f"{RUNS}/full/seed-0/run.json",
    "cost": "results/one/cost.csv",
    "diagnosis": "results/one/reading_diagnosis.csv",
}


@pytest.mark.parametrize(("device", "on_gpu"), [("cpu", set()), ("cuda", {"train", "evaluate", "cost"})])
def test_only_jobs_of_a_study_on_gpus_ask_for_one_and_every_pod_has_limits(tmp_path: Path, device: str, on_gpu: set):
    project = make_project(tmp_path / "project", (HERE / "stub_lcr.py").read_text())
    project.edit("ablations/studies/one.yaml", "seeds:", f"device: {device}\nseeds:")
    with stand_in(dict.fromkeys(HELD, b"held")) as cluster:
        (tmp_path / "kubeconfig").write_text(KUBECONFIG.format(url=cluster.url))
        printed = ["--workflow-profile", "profiles/kubernetes", *TARGETS.values(), "--config", "study=one"]
        s3 = {"ENDPOINT_URL": cluster.url, "ACCESS_KEY": "key", "SECRET_KEY": "secret"}
        environment = project.environment(
            KUBECONFIG=str(tmp_path / "kubeconfig"), **{f"SNAKEMAKE_STORAGE_S3_{name}": s3[name] for name in s3}
        )
        with (tmp_path / "log").open("w") as log:
            running = subprocess.Popen(
                [sys.executable, "-m", "snakemake", *printed],
                cwd=project.folder,
                env=environment,
                stdout=log,
                stderr=log,
            )
        try:
            deadline = time.monotonic() + 300
            while len(cluster.jobs) < len(TARGETS):
                assert running.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                time.sleep(0.1)
        finally:
            running.kill()
            running.wait()
    containers = {}
    for job in cluster.jobs:
        (container,) = job["spec"]["template"]["spec"]["containers"]
        (rule,) = (rule for rule in TARGETS if f"--allowed-rules {rule}" in container["args"][1])
        containers[rule] = container
    assert containers.keys() == TARGETS.keys()
    for rule, container in containers.items():
        requests, limits = (container["resources"][kind] for kind in ("requests", "limits"))
        assert requests["memory"] == limits["memory"]
        assert limits["cpu"]
        expected = "1" if rule in on_gpu else None
        assert (requests.get("nvidia.com/gpu"), limits.get("nvidia.com/gpu")) == (expected, expected)
