"""Torchvision is imported without PyTorch's compiler, which takes as long again as torch itself.

`torchvision.ops.roi_align` imports `torch._dynamo` for one function that says whether `torch.compile` works here.
Nobody asks it unless regions of a picture are pooled; then it is the compiler that answers.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_ASKING, _COMPILER = "torchvision.ops.roi_align", "torch._dynamo.utils"


class _Finder(MetaPathFinder):
    """Finds that one module, and has it executed with something else in the compiler's place."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname == _ASKING else None
        if spec is None or spec.loader is None or _COMPILER in sys.modules:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            stand_in = ModuleType(_COMPILER)
            vars(stand_in)["is_compile_supported"] = _is_compile_supported
            sys.modules[_COMPILER] = stand_in
            try:
                execute(module)
            finally:
                del sys.modules[_COMPILER]

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _is_compile_supported(device_type: Any) -> Any:
    return import_module(_COMPILER).is_compile_supported(device_type)


def install() -> None:
    """For all imports of this process that come."""
    sys.meta_path.insert(0, _Finder())
