"""What a benchmark gives, and how it is shown and written down. Knows no benchmark, and imports no torch to load."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Row:
    """One measured number.

    Attributes:
        name: what was measured.
        value: None where it could not be measured; `note` says why.
        unit: "ms", "kB" (1,000 bytes), "MB" (2**20 bytes), "x" for a ratio.
        bound: the largest value that is good enough; None where nothing was promised.
        note: how it was measured, where that is not obvious.
    """

    name: str
    value: float | None
    unit: str
    bound: float | None = None
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the value is within the bound; None where there is no bound or no value."""
        if self.bound is None or self.value is None:
            return None
        return self.value <= self.bound


def describe_machine() -> dict[str, Any]:
    """When and on what the numbers were measured. `load` is the number of busy cores just before."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "machine": {"cores": cores, "processor": _name_processor(), "system": platform.system()},
        "load": round(os.getloadavg()[0], 1),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "torchvision", "streamlit")},
        },
    }


def describe_device() -> str:
    """The device that "auto" stands for. Takes the seconds that importing torch takes."""
    from explorer.device import list_devices

    first = list_devices()[0]
    return f"{first.name} ({first.label})"


def _name_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    models = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def format_table(header: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """The header in two lines, then the rows; what does not hold stands out."""
    machine, versions = header["machine"], header["versions"]
    lines = [
        f"{header['date']}   {machine['cores']} cores, {machine['processor']}, {machine['system']}, "
        f"load {header['load']}",
        f"{', '.join(f'{name} {number}' for name, number in versions.items())}   device {header['device']}",
    ]
    if header["quick"]:
        lines.append("Quick: too few repetitions to trust the numbers.")
    cells = [("", "value", "bound", "", "")]
    cells += [
        (
            row.name,
            "-" if row.value is None else f"{_significant(row.value)} {row.unit}",
            "" if row.bound is None else f"{row.bound:g} {row.unit}",
            _verdict(row),
            row.note,
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    lines.append("")
    for name, value, bound, verdict, note in cells:
        numbers = f"{value:>{widths[1]}}  {bound:>{widths[2]}}"
        lines.append(f"{name:<{widths[0]}}  {numbers}  {verdict:<{widths[3]}}  {note}".rstrip())
    return "\n".join(lines)


def _significant(value: float) -> str:
    """Three significant digits, never an exponent for what people read as a number."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _verdict(row: Row) -> str:
    if row.value is None:
        return "not measured"
    return {True: "holds", False: "DOES NOT HOLD", None: ""}[row.holds]


def write_results(path: Path, header: Mapping[str, Any], rows: Sequence[Row]) -> None:
    """The header's entries and, under "rows", one object for each row; null for what is None."""
    listed = [
        {
            "name": row.name,
            "value": row.value,
            "unit": row.unit,
            "bound": row.bound,
            "holds": row.holds,
            "note": row.note,
        }
        for row in rows
    ]
    path.write_text(json.dumps({**header, "rows": listed}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
