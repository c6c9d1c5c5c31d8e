"""Compiles the hot modules (``proxy.COMPILED``) with Cython, when there is a C compiler.

Everything else about the distribution stands in pyproject.toml. Without a compiler, or with FOREBAY_PURE_PYTHON=1, the
build goes on without them and says so: the same .py files run in the interpreter. An error in the modules themselves is
never swallowed.
"""

from __future__ import annotations

import os
import runpy
import sys
import sysconfig
import tempfile
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CCompilerError, PlatformError

HERE = Path(__file__).parent
# What -O3 and debugging symbols add is time to compile. Cython's code for "X | None" at a module's top is warned of.
_FLAGS = ["-O2", "-g0", "-Wno-array-bounds"]
_PACKAGE = runpy.run_path(str(HERE / "proxy/__init__.py"))
COMPILED: tuple[str, ...] = _PACKAGE["COMPILED"]


class OptionalBuildExt(build_ext):
    """Compile, or explain why not, depending on what the machine has."""

    def build_extensions(self) -> None:
        reason = self._why_not()
        if reason:
            print(f"forebay: {reason}; installing without compiled modules, which is slower", file=sys.stderr)
            self.extensions = []
        self.parallel = os.cpu_count()
        super().build_extensions()

    def _why_not(self) -> str:
        """Try the smallest module there is; the reason why it cannot be compiled, or ""."""
        with tempfile.TemporaryDirectory() as scratch:
            probe = Path(scratch, "probe.c")
            probe.write_text("#include <Python.h>\n")
            try:
                self.compiler.compile([str(probe)], output_dir=scratch, include_dirs=[sysconfig.get_path("include")])
            except (CCompilerError, PlatformError) as failed:
                return f"no working C compiler with Python's headers ({failed})"
        return ""


def _redeclared() -> bool:
    """Whether a .pxd is newer than a compiled module: what it declares reaches further than Cython looks for it."""
    declared = max(path.stat().st_mtime for path in HERE.glob("proxy/**/*.pxd"))
    return any(path.stat().st_mtime < declared for name in COMPILED for path in _PACKAGE["extensions"](name))


def extensions() -> list[Extension]:
    if os.environ.get("FOREBAY_PURE_PYTHON") == "1":
        print("forebay: FOREBAY_PURE_PYTHON=1, installing without compiled modules", file=sys.stderr)
        return []
    from Cython.Build import cythonize  # a build requirement, but not of the pure build

    files = {name: name.replace(".", "/") + ".py" for name in COMPILED}
    modules = [
        Extension(name, [file], extra_compile_args=_FLAGS) for name, file in files.items() if (HERE / file).exists()
    ]
    # The generated C goes below build/, so that the source tree holds sources only.
    built: list[Extension] = cythonize(modules, build_dir="build/cython", language_level=3, force=_redeclared())
    return built


setup(ext_modules=extensions(), cmdclass={"build_ext": OptionalBuildExt})
