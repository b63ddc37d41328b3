"""The build steps that pyproject.toml cannot express: `ablations/` as `lcr/packaged/`, and the native Bi-WKV kernel.

The kernel (lcr/wkv/native) is plain C++17 behind a C interface: a shared library without Python headers, loaded by
lcr/wkv/library.py. Where no compiler works the library is left out, with a message, and the package installs all the
same.
"""

import hashlib
import platform
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
NATIVE = Path("lcr/wkv/native")
SOURCES = sorted(NATIVE.glob("*.cpp"))
# compiled in, so that lcr/wkv/library.py refuses a library that was built from other sources than those beside it
DIGEST = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(NATIVE.glob("*")))).hexdigest()
FLAGS = ["-std=c++17", "-O3", "-fPIC", "-ffp-contract=fast", "-fvisibility=hidden", "-Wno-psabi"]
FLAGS += ["-falign-loops=64", "-falign-functions=64"]  # else a loop's speed depends on what stands before it
# kernel, floats a vector, flags; dispatch.cpp selects one at run time
KERNELS = {"kPortable": (4, [])}
if platform.machine() in ("x86_64", "AMD64"):
    KERNELS["kAvx2"] = (8, ["-mavx2", "-mfma"])
    KERNELS["kAvx512"] = (16, ["-mavx512f", "-mavx512vl", "-mavx2", "-mfma"])


class BuildWithAblations(build_py):
    """Copies `ablations/` into what is built; an editable install reads the folder itself."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "lcr" / "packaged" / "ablations"
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(HERE / "ablations", target)


class BuildNative(build_ext):
    """Compiles kernel.cpp once per instruction set, and leaves the library out where that fails."""

    def get_ext_filename(self, fullname: str) -> str:
        """A plain shared library: the same file for every version of Python."""
        return f"{fullname.replace('.', '/')}.so"

    def build_extension(self, extension: Extension) -> None:
        try:
            parts = [("dispatch.cpp", "dispatch", [], [("LCR_SOURCES", f'"{DIGEST}"')])]
            for name, (width, flags) in KERNELS.items():
                parts.append(("kernel.cpp", name, flags, [("LCR_KERNEL", name), ("LCR_WIDTH", str(width))]))
            with ThreadPoolExecutor() as pool:
                objects = [path for paths in pool.map(self._compile, *zip(*parts, strict=True)) for path in paths]
            target = Path(self.get_ext_fullpath(extension.name))
            target.parent.mkdir(parents=True, exist_ok=True)
            self.compiler.link_shared_object(objects, str(target), extra_postargs=["-pthread"], target_lang="c++")
        except Exception as error:  # any failure of this machine's compiler: the package works without the library
            self.warn(
                f"Bi-WKV's native CPU kernel is left out ({error}); torch will serve, several times slower. "
                "Install a C++17 compiler (Debian: apt install g++; conda: conda install cxx-compiler), "
                "then again."
            )

    def _compile(self, source: str, name: str, flags: list[str], macros: list[tuple[str, str]]) -> list[str]:
        return self.compiler.compile(
            [str(NATIVE / source)],
            output_dir=str(Path(self.build_temp) / name),
            macros=macros,
            include_dirs=[str(NATIVE)],
            extra_postargs=FLAGS + flags,
        )


setup(
    cmdclass={"build_py": BuildWithAblations, "build_ext": BuildNative},
    ext_modules=[Extension("lcr.wkv._bi_wkv", sources=[str(path) for path in SOURCES], optional=True)],
)
