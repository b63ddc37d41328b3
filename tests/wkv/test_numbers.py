"""The native kernel computes the numbers that count in every run's key in place of its text."""

import pytest
import torch

from lcr.config.run import PACKAGE, source_hash
from lcr.wkv import cpu, numbers
from tests.wkv.test_native import compile_library

same_compiler = pytest.mark.skipif(
    cpu.library() is None or numbers.compiler(cpu.library()) != numbers.stated()["compiler"],
    reason="the native kernel is not built, or by another compiler than that of the numbers stated",
)


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    """A library for each kernel: what was built, and for instructions that this machine lacks, the same in others."""
    lowered = cpu.library()
    if cpu.library().isa < 2:
        fused = ["-mavx2", "-mfma"] if cpu.library().isa else []  # else the 8 floats' code runs nowhere here
        flags = ["-O3", "-DkPortable=kAvx512", "-DkAvx2=kAvx512"]  # as in setup.py (-O1 fuses others); no second kernel
        lowered = cpu.load(compile_library(tmp_path_factory.mktemp("lowered"), {"kAvx512": (16, fused)}, *flags))
    return cpu.library(), cpu.library(), lowered


@same_compiler
@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("kernel", range(3))
def test_the_kernel_computes_what_is_stated(kernel, keeps, libraries):
    if kernel > 0 and cpu.library().isa == 0:
        pytest.skip("no fused multiply-adds on this machine")
    found = numbers.digest(kernel, libraries[kernel], keeps=keeps)
    assert found == numbers.stated()[str(numbers.WIDTHS[kernel])], (
        "other bits than before: if that is meant, python -m lcr.wkv.numbers --write, and every run is made anew"
    )


def test_no_edit_of_the_kernel_goes_unnoticed():
    assert numbers.stated()["text"] == numbers.text(), (
        "the kernel's text is not what the numbers were stated of: python -m lcr.wkv.numbers, "
        "and with --write the text is stated again"
    )


@pytest.mark.skipif(cpu.library() is None, reason="the native kernel is not built")
@pytest.mark.parametrize("result", range(5))
def test_one_bit_of_one_gradient_is_seen(result, monkeypatch):
    backward, calls = cpu.backward, []

    def flipped(*x):
        calls.append(x)
        gradients = backward(*x)
        if len(calls) == 7:
            first = gradients[result].view(-1)[:1]
            first.copy_(first.nextafter(torch.zeros(())))
        return gradients

    before = numbers.digest(0)
    monkeypatch.setattr(cpu, "backward", flipped)
    assert numbers.digest(0) != before
    assert len(calls) == 2 * len(numbers.TOKENS) * len(numbers.CHANNELS)


def test_the_numbers_count_and_the_text_and_the_compiler_do_not(tmp_path):
    def key(digest, text, compiler="12"):  # of a package with such a kernel
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        (folder / "wkv" / "native").mkdir(parents=True)
        (folder / "wkv" / "native" / "kernel.cpp").write_text(text)
        (folder / "wkv" / "numbers.json").write_text(f'{{"compiler": "{compiler}", "8": "{digest}"}}')
        return source_hash(("wkv",), folder)

    assert key("a", "int x;") == key("a", "int x, y;")
    assert key("a", "int x;") == key("a", "int x;", "13")
    assert key("a", "int x;") != key("b", "int x;")


def test_no_kernel_is_left_out_and_nothing_else_hides_in_its_folder():
    assert set(numbers.stated()) == {"compiler", "text", *map(str, numbers.WIDTHS)}
    assert {file.suffix for file in (PACKAGE / "wkv" / "native").iterdir()} == {".cpp", ".h"}
