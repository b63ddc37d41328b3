"""The native library: built where a compiler works, left out where none does, refused if built from other sources."""

import os
import shutil
import subprocess
import sys

import pytest

from lcr.wkv import cpu, library
from tests.wkv.forms import COMPILER, NATIVE, SOURCE, compiles, run_python


@compiles
def test_with_a_compiler_the_package_has_its_kernel():
    assert cpu.missing() is None, "with g++ here, `pip install -e .` builds it"


def test_without_a_compiler_the_build_succeeds_and_leaves_the_library_out(tmp_path):
    shutil.copytree(NATIVE, tmp_path / "lcr" / "wkv" / "native")
    for package in (tmp_path / "lcr", tmp_path / "lcr" / "wkv"):
        (package / "__init__.py").touch()
    shutil.copy(SOURCE / "setup.py", tmp_path)
    ran = subprocess.run(
        [sys.executable, "setup.py", "build_ext", "--inplace"],
        cwd=tmp_path,
        env=os.environ | {"CC": "/nonexistent/cc", "CXX": "/nonexistent/c++"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert "g++" in ran.stdout + ran.stderr
    assert not list((tmp_path / "lcr" / "wkv").glob("_bi_wkv*"))


WITHOUT = """
import warnings, torch
from lcr.wkv import backend_for, bi_wkv, library
library.find = lambda: (None, "it is not built")
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    for width, dtype in ((8, torch.float64), (160, torch.float32)):  # the kernel would not serve these
        bi_wkv(*[torch.ones(1, 2, 5, width, dtype=dtype)] * 3, *[torch.ones(2, width, dtype=dtype)] * 2)
    print(len(seen), end=" ")
    x = [torch.randn(1, 2, 5, 8) for _ in range(3)] + [torch.zeros(2, 8)] * 2
    bi_wkv(*x), bi_wkv(*x)
    print(backend_for("cpu"), len(seen), "g++" in str(seen[0].message), end=" ")
try:
    bi_wkv(*x, backend="cpu")
except RuntimeError as error:
    print("'cpu'" in str(error))
"""


@pytest.mark.slow
def test_without_the_library_torch_serves_with_one_warning():
    ran = run_python(WITHOUT)
    assert ran.stdout.split() == ["0", "torch", "1", "True", "True"], ran.stderr


OLD = """extern "C" {
int lcr_bi_wkv() { return 0; }
int lcr_bi_wkv_isa() { return 0; }
const char* lcr_bi_wkv_sources() { return "old"; }
}"""


@compiles
@pytest.mark.parametrize("content", [None, "no library", "int nothing;", OLD])
def test_a_library_of_other_sources_or_a_broken_file_is_not_used(tmp_path, content):
    target = tmp_path / library.FILE
    if content == "no library":
        target.write_text(content)
    elif content:
        (tmp_path / "library.cpp").write_text(content)
        subprocess.run([COMPILER, "-shared", "-fPIC", str(tmp_path / "library.cpp"), "-o", str(target)], check=True)
    found, problem = library.find(tmp_path)
    assert found is None
    assert (library.FILE in problem) == (content is not None)
