"""The Makefile's set-up in an empty project: no network is needed to install nothing."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)$", re.MULTILINE)


def test_the_lock_holds_what_the_requirements_ask_for() -> None:
    pins = dict(PINNED.findall((ROOT / "requirements.lock").read_text()))
    for file in ROOT.glob("requirements*.txt"):
        for line in file.read_text().splitlines():
            if asked := line.split("#")[0].strip().removeprefix("-r").strip():
                if asked.endswith(".txt"):
                    continue
                requirement = Requirement(asked)
                assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), asked


class Project:
    """A folder with the real Makefile and set-up script, empty requirements and a stand-in for Streamlit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copy(ROOT / "Makefile", folder)
        shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        self.requirements = folder / "requirements.txt"
        self.requirements.write_text("")
        (folder / "streamlit.py").write_text(
            "import os, sys; print('started with', *sys.argv[1:], os.environ.get('MALLOC_ARENA_MAX'))"
        )

    def make(self, *arguments: str, path: str | None = None) -> "subprocess.CompletedProcess[str]":
        dropped = ("PYTHON", "PORT", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
        environment = {name: value for name, value in os.environ.items() if name not in dropped}
        environment |= {"PIP_NO_INDEX": "1", "PATH": path or environment["PATH"]}
        return subprocess.run(
            ["make", *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120
        )

    def run(self, python: Path | str = sys.executable) -> str:
        done = self.make("run", f"PYTHON={python}")
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project after its first `make run`; making a virtual environment is the slow part."""
    project = Project(tmp_path_factory.mktemp("made"))
    output = project.run()
    assert "Making .venv" in output
    assert "Installing requirements.txt" in output
    assert "Open http://localhost:8501" in output
    assert "started with run streamlit_app.py --server.address localhost --server.port 8501 1\n" in output
    return project


def test_a_second_run_installs_nothing(made: Project) -> None:
    made.requirements.touch()  # a new modification time is no change
    output = made.run()
    assert "Making" not in output
    assert "Installing" not in output
    assert "Open http://localhost:8501" in output


def test_port_is_passed_on(made: Project) -> None:
    output = made.make("run", "PORT=9000", f"PYTHON={sys.executable}").stdout
    assert "Open http://localhost:9000" in output
    assert "--server.port 9000" in output


def test_only_a_class_is_served_beyond_this_machine(made: Project) -> None:
    environment = dict(os.environ, HOST="x86_64-conda-linux-gnu")  # what conda calls so is no address
    quiet = subprocess.run(["make", "-n", "run"], cwd=made.folder, env=environment, capture_output=True, text=True)
    assert "--server.address localhost" in quiet.stdout
    assert "--server.address 192.168.1.5" in made.make("-n", "run", "HOST=192.168.1.5").stdout
    served = made.make("serve", "PORT=9000", f"PYTHON={sys.executable}").stdout
    assert "--server.address 0.0.0.0 --server.port 9000" in served
    assert "Nobody has to log in" in served


def test_changed_content_is_installed_once(made: Project) -> None:
    made.requirements.write_text("# another content\n")
    assert "Installing" in made.run()
    assert "Installing" not in made.run()


def test_a_failed_install_is_not_taken_as_done(made: Project) -> None:
    before = made.requirements.read_text()
    made.requirements.write_text("no-such-package-anywhere\n")
    failed = made.make("run", f"PYTHON={sys.executable}")
    assert failed.returncode != 0
    assert "started" not in failed.stdout
    assert "Traceback" not in failed.stderr
    # Back to the content that was installed before the failure: what lies in .venv now is unknown, so again.
    made.requirements.write_text(before)
    assert "Installing" in made.run()


def test_the_lock_is_followed_where_it_can_be(made: Project) -> None:
    for version in ("1.0", "1.1"):
        with zipfile.ZipFile(made.folder / f"toy-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr("toy.py", f"VERSION = {version}\n")
            wheel.writestr(
                f"toy-{version}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: toy\nVersion: {version}\n"
            )
            wheel.writestr(
                f"toy-{version}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"toy-{version}.dist-info/RECORD", "")
    made.requirements.write_text("--find-links .\ntoy>=1.0\n")
    lock = made.folder / "requirements.lock"
    lock.write_text("toy==1.0\nneeded-elsewhere==3.0\n")
    assert "cannot be had" not in made.run()
    assert toy_of(made) == "1.0"
    assert "Installing" not in made.run()
    lock.write_text("toy==7.0\n")
    output = made.run()
    assert "The versions in requirements.lock cannot be had here" in output
    assert "started with" in output
    assert toy_of(made) in ("1.0", "1.1")  # what was there is within the bounds
    assert "Installing" not in made.run()
    lock.unlink()
    made.run()  # as the others expect it: installed


def toy_of(project: Project) -> str:
    python = project.folder / ".venv" / "bin" / "python"
    return subprocess.run(
        [python, "-c", "import toy; print(toy.VERSION)"], capture_output=True, text=True
    ).stdout.strip()


def test_an_unfinished_venv_is_made_again(tmp_path: Path) -> None:
    project = Project(tmp_path)
    fake_python(tmp_path / "python3", NO_PACKAGES)
    project.run(tmp_path / "python3")
    shutil.rmtree(next((tmp_path / ".venv" / "lib").glob("python*/site-packages/pip")))
    output = project.run(tmp_path / "python3")
    assert "Making .venv" in output
    assert "Installing" in output


def test_packages_of_another_python_do_not_count(made: Project) -> None:
    stamp = made.folder / ".venv" / "installed-requirements.txt"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    stamp.write_text(stamp.read_text().replace(f"Python {version}", "Python 3.10"))
    assert "Installing" in made.run()


def fake_python(path: Path, lie: str) -> None:
    """This Python, running a line of code before the script it is given; nothing before what `-c` gives it."""
    starter = path.with_suffix(".starter")
    starter.write_text(f"import sys, runpy\n{lie}\ndel sys.argv[0]\nrunpy.run_path(sys.argv[0], run_name='__main__')\n")
    path.write_text(f'#!/bin/sh\n[ "$1" = -c ] || set -- {starter} "$@"\nexec {sys.executable} "$@"\n')
    path.chmod(0o755)


OLD = "sys.version_info = (3, 9, 2)"
NO_ENSUREPIP = (
    "import importlib.util as u; find = u.find_spec; u.find_spec = lambda n: n != 'ensurepip' and find(n) or None"
)
# Makes a virtual environment at once, with a pip that installs nothing: the real one is in the fixture `made`.
NO_PACKAGES = """
import pathlib, subprocess
real = subprocess.run
def run(command, **more):
    if "venv" not in command:
        return real(command, **more)
    done = real([*command, "--without-pip"], **more)
    pip = next(pathlib.Path(".venv/lib").glob("python*/site-packages")) / "pip"
    pip.mkdir()
    (pip / "__main__.py").touch()
    (pip / "__init__.py").touch()
    return done
subprocess.run = run
"""


def test_an_old_python_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    project = Project(tmp_path / "project")
    (tmp_path / "bin").mkdir()
    fake_python(tmp_path / "bin" / "python3", OLD)
    make = shutil.which("make")
    assert make
    (tmp_path / "bin" / "make").symlink_to(make)
    (tmp_path / "bin" / "sh").symlink_to("/bin/sh")
    refused = project.make("run", path=str(tmp_path / "bin"))
    assert refused.returncode != 0
    assert "This needs Python 3.11 or newer" in refused.stderr
    assert "is Python 3.9" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (project.folder / ".venv").exists()


def test_a_newer_python_on_the_path_is_taken(tmp_path: Path) -> None:
    project = Project(tmp_path)
    fake_python(tmp_path / "python3", OLD)
    fake_python(tmp_path / "python3.12", NO_PACKAGES)
    assert "started with run" in project.make("run", path=f"{tmp_path}:/usr/bin:/bin").stdout


def test_missing_ensurepip_names_the_debian_package(tmp_path: Path) -> None:
    project = Project(tmp_path)
    fake_python(tmp_path / "python3", NO_ENSUREPIP)
    refused = project.make("run", path=f"{tmp_path}:/usr/bin:/bin")
    assert refused.returncode != 0
    assert "apt install python3-venv" in refused.stderr
