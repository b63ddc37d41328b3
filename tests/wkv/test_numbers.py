"""The native kernel computes the numbers that count in every run's key in place of its text."""

import pytest
import torch

from lcr.runs import PACKAGE, source_hash
from lcr.wkv import cpu, numbers

KERNELS = range(cpu.library().lcr_bi_wkv_isa() + 1) if cpu.library() else ()
same_compiler = pytest.mark.skipif(
    not KERNELS or numbers.compiler(cpu.library()) != numbers.stated()["compiler"],
    reason="the native kernel is not built, or by another compiler than that of the numbers stated",
)


@same_compiler
@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("kernel", KERNELS)
def test_the_built_kernel_computes_what_is_stated(kernel, keeps):
    found = numbers.digest(kernel, keeps=keeps)
    assert found == numbers.stated()[str(numbers.WIDTHS[kernel])], (
        "other bits than before: if that is meant, python -m lcr.wkv.numbers --write, and every run is made anew"
    )


@same_compiler
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


def test_the_numbers_count_and_the_text_does_not(tmp_path):
    def key(digest, text):  # of a package with such a kernel
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        (folder / "wkv" / "native").mkdir(parents=True)
        (folder / "wkv" / "native" / "kernel.cpp").write_text(text)
        (folder / "wkv" / "numbers.json").write_text(f'{{"8": "{digest}"}}')
        return source_hash(("wkv",), folder)

    assert key("a", "int x;") == key("a", "int x, y;")
    assert key("a", "int x;") != key("b", "int x;")


def test_no_kernel_is_left_out_and_nothing_else_hides_in_its_folder():
    assert set(numbers.stated()) == {"compiler", *map(str, numbers.WIDTHS)}
    assert {file.suffix for file in (PACKAGE / "wkv" / "native").iterdir()} == {".cpp", ".h"}
