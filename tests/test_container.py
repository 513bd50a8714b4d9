"""The recipe of the container against the tree, and the server that it starts; nothing is built here."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.load.crowd import SERVED
from tests.browser.serving import answers, find_free_port

ROOT = Path(__file__).parents[1]
DEPLOYMENT = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
WRITTEN = {"explorer": {"/var/lib/explorer", "/tmp"}, "proxy": {"/data", "/config"}}


def read_instructions() -> list[tuple[str, str]]:
    """Every instruction of Containerfile with what follows it, on one line, in order."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Containerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).strip().splitlines()
    return [(word, " ".join(rest.split())) for word, _, rest in (line.partition(" ") for line in lines if line)]


def instructions(word: str) -> list[str]:
    return [rest for name, rest in read_instructions() if name == word]


def environment() -> dict[str, str]:
    """What `ENV` sets, without what is only for pip."""
    return dict(re.findall(r"([A-Z_]+)=(\S+)", instructions("ENV")[-1]))


def test_the_load_is_measured_on_a_server_as_it_is_started_everywhere() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name, value in SERVED.items():
        assert environment()[name] == value
        assert f"STREAMLIT := {name}={value} $(BIN)/python -m streamlit run" in makefile


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    return found


def test_what_is_copied_is_there_and_reaches_the_build() -> None:
    copied = [source for line in instructions("COPY") for source in line.split()[:-1]]
    assert {"requirements.lock", "streamlit_app.py", "explorer", "pages", "models", ".streamlit"} <= set(copied)
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for source in copied:
        assert any(path == source or path.startswith(f"{source}/") for path in tracked), source
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert ignored[0] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == set(copied)


def test_the_lock_is_what_is_installed() -> None:
    commands = [part.strip() for line in instructions("RUN") for part in line.split("&&")]
    installed = [part for part in commands if re.match(r"(python3? -m )?pip3? ", part)]
    assert installed
    assert all("--constraint requirements.lock" in part for part in installed)
    assert any("--requirement requirements.txt" in part for part in installed)
    assert "==" not in "".join(installed)  # a version stands in one place
    torch = next(part for part in installed if part.split()[-2:] == ["torch", "torchvision"])
    assert "--no-deps" in torch  # so that nothing else comes from torch's own index
    assert dict([line.split("=", 1) for line in instructions("ARG")])["TORCH_INDEX"].endswith("/whl/cpu")


def test_nobody_in_it_is_root_and_what_is_kept_is_one_folder() -> None:
    user = instructions("USER")
    assert len(user) == 1
    assert all(int(number) > 0 for number in user[0].split(":"))
    words = [word for word, _ in read_instructions()]
    assert not {"COPY", "RUN", "ADD"} & set(words[words.index("USER") :])  # what is there, root has written
    kept = instructions("VOLUME")
    assert kept == ["/var/lib/explorer"]
    for name, path in environment().items():
        if path.startswith("/") and name != "PATH":
            assert path.startswith((kept[0], "/tmp/")), name


def test_compose_lets_nothing_be_written_but_what_is_said(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        mounts = [mount.split(":") for mount in service["volumes"]]
        writable = {mount[1] for mount in mounts if mount[2:] != ["ro"]} | set(service["tmpfs"])
        assert writable == WRITTEN[name], name
        assert all(f"`{path}`" in DEPLOYMENT for path in writable), name
        for mount in mounts:
            assert not mount[0].startswith(".") or (ROOT / mount[0]).is_file(), mount
    assert environment()["EXPLORER_CACHE"] in WRITTEN["explorer"]


def test_copies_share_what_is_kept_and_nothing_else_ties_one_to_its_place(services: dict[str, Any]) -> None:
    service = services["explorer"]
    (volume,) = service["volumes"]
    name, path = volume.split(":")
    assert name in yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["volumes"]
    shared = {**environment(), **service["environment"]}
    assert all(shared[each].startswith(path) for each in ("EXPLORER_CACHE", "EXPLORER_STORE"))
    assert not {"container_name", "ports", "hostname"} & set(service)  # with which there can be one copy only
    assert "dynamic a" in (ROOT / "Caddyfile").read_text(encoding="utf-8")  # asks for all copies


def test_compose_lets_nobody_in_but_through_the_proxy(services: dict[str, Any]) -> None:
    assert "ports" not in services["explorer"]
    assert services["proxy"]["depends_on"] == {"explorer": {"condition": "service_healthy"}}
    asked = services["proxy"]["environment"]
    assert asked["EXPLORER_PASSWORD_HASH"].startswith("${EXPLORER_PASSWORD_HASH:?")  # without one, nothing starts
    caddy = (ROOT / "Caddyfile").read_text(encoding="utf-8")
    named = set(re.findall(r"\{\$([A-Z_]+)", caddy))
    assert set(asked) <= named
    assert all(f"{name}:" in caddy for name in named - set(asked))  # what compose does not say has a default
    port = instructions("EXPOSE")[0]
    assert f"{{$EXPLORER_HOST:explorer}} {{$EXPLORER_PORT:{port}}}" in caddy
    assert "lb_policy cookie" in caddy


def test_the_server_is_well_as_the_recipe_asks_it_and_writes_nothing_at_home(tmp_path: Path) -> None:
    port, home = str(find_free_port()), tmp_path / "nobody"
    command, health = (
        json.loads(line[line.index("[") :].replace(instructions("EXPOSE")[0], port).replace("0.0.0.0", "127.0.0.1"))
        for line in (instructions("CMD")[0], instructions("HEALTHCHECK")[0])
    )
    assert command[0] == health[0] == "python"
    kept = {name: path for name, path in environment().items() if path.startswith("/")}
    inside = {name: str(tmp_path / "kept" / path.lstrip("/")) for name, path in kept.items()}
    surroundings = {**os.environ, **inside, "HOME": str(home), "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": ""}

    def is_well() -> bool:
        return subprocess.run([sys.executable, *health[1:]], capture_output=True).returncode == 0

    assert not is_well()
    with subprocess.Popen([sys.executable, *command[1:]], cwd=ROOT, env=surroundings) as server:
        well = answers(f"http://127.0.0.1:{port}/_stcore/health", server) and is_well()
        server.terminate()
    assert well
    assert not home.exists()
