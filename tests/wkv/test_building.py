"""Where the native kernel comes from: built if a compiler is there, left out if not, refused if of other sources."""

import importlib.machinery
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from lcr.wkv import cpu
from tests.wkv.test_native import NATIVE, SOURCE, compiles


@compiles
def test_where_a_compiler_is_the_package_has_its_kernel():
    assert cpu.missing() is None, "with g++ here, `pip install -e .` builds it"


def build(folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """The package's own build of the library from a copy of what it needs."""
    shutil.copytree(NATIVE, folder / "lcr" / "wkv" / "native")
    (folder / "lcr" / "__init__.py").touch()
    (folder / "lcr" / "wkv" / "__init__.py").touch()
    shutil.copy(SOURCE / "setup.py", folder)
    command = [sys.executable, "setup.py", "build_ext", "--inplace"]
    return subprocess.run(command, cwd=folder, env=os.environ | environment, capture_output=True, text=True)


def test_without_a_compiler_the_build_goes_on_and_says_what_to_install(tmp_path):
    ran = build(tmp_path, CC="/nonexistent/cc", CXX="/nonexistent/c++")
    assert ran.returncode == 0, ran.stderr
    assert "left out" in ran.stdout + ran.stderr
    assert "apt install g++" in ran.stdout + ran.stderr
    assert not list((tmp_path / "lcr" / "wkv").glob("_bi_wkv*"))


WITHOUT = """
import warnings, torch
from lcr.wkv import backend_for, bi_wkv, cpu
cpu.importlib.machinery.EXTENSION_SUFFIXES = [".none"]
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    for width, dtype in ((8, torch.float64), (160, torch.float32)):  # what no kernel serves misses none
        bi_wkv(*[torch.ones(1, 2, 5, width, dtype=dtype)] * 3, *[torch.ones(2, width, dtype=dtype)] * 2)
    print(len(seen), end=" ")
    x = [torch.randn(1, 2, 5, 8) for _ in range(3)] + [torch.zeros(2, 8)] * 2
    bi_wkv(*x), bi_wkv(*x)
    print(backend_for("cpu"), len(seen), "apt install g++" in str(seen[0].message))
try:
    bi_wkv(*x, backend="cpu")
except RuntimeError as error:
    print(error)
"""


def test_without_the_library_torch_serves_with_one_warning():
    ran = subprocess.run([sys.executable, "-c", WITHOUT], cwd=SOURCE, capture_output=True, text=True)
    served, refused = ran.stdout.splitlines()
    assert served == "0 torch 1 True", ran.stderr
    assert "no native kernel (it is not built): install a C++17 compiler" in refused


OTHER_SOURCES = """
#include <Python.h>
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_bi_wkv", 0, -1, 0, 0, 0, 0, 0};
PyMODINIT_FUNC PyInit__bi_wkv() {
  PyObject* const module = PyModule_Create(&definition);
  if (OLD) PyModule_AddStringConstant(module, "sources", "of last week");
  return module;
}
"""


@compiles
def test_a_library_of_other_sources_or_none_at_all_is_not_used(tmp_path):
    name = f"_bi_wkv{importlib.machinery.EXTENSION_SUFFIXES[0]}"
    assert cpu.find(tmp_path) == (None, "it is not built")
    include = f"-I{sysconfig.get_path('include')}"
    for folder, content in (("old", OTHER_SOURCES), ("strange", OTHER_SOURCES), ("foreign", "int nothing;")):
        target, source = tmp_path / folder, tmp_path / folder / "library.cpp"
        target.mkdir()
        source.write_text(content)
        old = f"-DOLD={int(folder == 'old')}"
        subprocess.run(["g++", "-shared", "-fPIC", include, old, str(source), "-o", str(target / name)], check=True)
    for folder in ("old", "strange"):
        assert cpu.find(tmp_path / folder) == (None, f"{name} was built from other sources")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / name).write_bytes(b"no library")
    for folder in ("foreign", "broken"):
        loaded, problem = cpu.find(tmp_path / folder)
        assert loaded is None
        assert problem.startswith(f"{name} does not load (")
