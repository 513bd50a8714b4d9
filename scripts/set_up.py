"""`python scripts/set_up.py REQUIREMENTS ...`: make `.venv` and install the files, unless that was done.

The Makefile runs this before everything else, with whatever Python the machine has. So it needs nothing
but the standard library, and avoids syntax that an old Python could not read far enough to say so.

What was installed is remembered in `.venv/installed-NAME`: the hash of the file's content and of the lock's, and the
Python it was installed for. Content, not modification time, because a checkout touches every file.

The lock holds the versions that the tests passed with. Where they cannot be had (another Python, another machine, a
version taken back), the newest ones within the file's bounds are installed in their place.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
NEWER = ("python3.13", "python3.12", "python3.11")  # tried where `python3` is too old
LOCK = Path("requirements.lock")
VENV = Path(".venv")
VENV_PYTHON = VENV / "bin" / "python"
OWN_VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


def main(files):
    """Set up for every requirements file in turn; returns the exit status."""
    if sys.version_info < OLDEST:
        return run_with_newer_python(files)
    version = probe(VENV_PYTHON, needs="pip")
    if version is None or (os.environ.get("PYTHON") and version != OWN_VERSION):
        # Without PYTHON= a working .venv keeps its interpreter: torch is too large to install twice by accident.
        make_venv()
        version = OWN_VERSION
    for file in files:
        install(Path(file), version)
    return 0


def run_with_newer_python(files):
    """Start again with a Python that is new enough, or say which is needed."""
    for name in NEWER:
        found = shutil.which(name)
        # A version manager may leave a command on the path that only says "not installed".
        if found and probe(found, needs="sys"):
            return subprocess.run([found, __file__, *files]).returncode
    sys.exit(
        f"This needs Python {OLDEST[0]}.{OLDEST[1]} or newer, and {sys.executable} is Python {OWN_VERSION}. "
        "Install a newer one, or name it: make run PYTHON=/path/to/python3"
    )


def probe(python, needs):
    """Version of an interpreter, such as "3.11"; None where it does not start, is too old or lacks a module.

    A virtual environment whose creation was interrupted lacks pip; so does one whose system Python was
    upgraded since, because its packages lie in the folder of the old version.
    """
    code = (
        "import importlib.util, sys\n"
        f"if sys.version_info < {OLDEST} or not importlib.util.find_spec('{needs}'): sys.exit(1)\n"
        "print('%d.%d' % sys.version_info[:2])"
    )
    try:
        answer = subprocess.run([str(python), "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return None
    return answer.stdout.decode().strip() if answer.returncode == 0 else None


def make_venv():
    """Create `.venv` afresh from the Python that runs this."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        sys.exit(
            "This Python cannot make a virtual environment: its venv or ensurepip module is missing. "
            "On Debian and Ubuntu: apt install python3-venv"
        )
    print(f"Making {VENV} with Python {OWN_VERSION}", flush=True)
    # The base interpreter, because .venv's own (activated in this shell) cannot clear the floor it stands on.
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, "-m", "venv", "--clear", str(VENV)], check=True)


def install(file, version):
    """Install one requirements file into `.venv`, unless exactly this content is in there already."""
    stamp = VENV / f"installed-{file.name}"
    locked = LOCK.read_bytes() if LOCK.exists() else b""
    wanted = f"{hashlib.sha256(file.read_bytes() + locked).hexdigest()} for Python {version}\n"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    # Away first: an install that is interrupted halfway fits neither the old content nor the new.
    if stamp.exists():
        stamp.unlink()
    print(f"Installing {file} (the first time this takes some minutes)", flush=True)
    pip = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--requirement", str(file)]
    # As constraints: those of them that this machine does not need (CUDA's on a Mac) ask for nothing.
    held = locked and subprocess.run([*pip, "--constraint", str(LOCK)]).returncode == 0
    if locked and not held:
        print(f"The versions in {LOCK} cannot be had here: the newest that {file} allows, then", flush=True)
    if not held:
        subprocess.run(pip, check=True)
    # Written aside and renamed, so that a stamp is whole or not there.
    draft = stamp.with_suffix(".draft")
    draft.write_text(wanted)
    draft.replace(stamp)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as failed:
        sys.exit(failed.returncode)  # pip and venv have said why
    except KeyboardInterrupt:
        sys.exit(130)
