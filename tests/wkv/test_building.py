"""Where the native kernel comes from: built if a compiler is there, left out if not, refused if of other sources."""

import importlib.machinery
import os
import shutil
import subprocess
import sys
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
    assert served == "torch 1 True", ran.stderr
    assert "no native kernel (it is not built): install a C++17 compiler" in refused


OTHER_SOURCES = """
extern "C" {
int lcr_bi_wkv(const char*) { return 1; }
int lcr_bi_wkv_isa() { return 0; }
long long lcr_bi_wkv_kept(long long a, long long b, long long c, long long d) { return a + b + c + d; }
const char* lcr_bi_wkv_sources() { return "of last week"; }
}
"""


@compiles
def test_a_library_of_other_sources_or_none_at_all_is_not_used(tmp_path):
    name = f"_bi_wkv{importlib.machinery.EXTENSION_SUFFIXES[0]}"
    assert cpu.find(tmp_path) == (None, "it is not built")
    other, broken, foreign = (tmp_path / folder for folder in ("other", "broken", "foreign"))
    for folder, content in ((other, OTHER_SOURCES), (foreign, "int nothing;")):
        folder.mkdir()
        (folder / "library.cpp").write_text(content)
        subprocess.run(["g++", "-shared", "-fPIC", str(folder / "library.cpp"), "-o", str(folder / name)], check=True)
    for folder in (other, foreign):
        assert cpu.find(folder) == (None, f"{name} was built from other sources")
    broken.mkdir()
    (broken / name).write_bytes(b"no library")
    loaded, problem = cpu.find(broken)
    assert loaded is None
    assert problem.startswith(f"{name} does not load (")
