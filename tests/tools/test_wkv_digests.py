"""The digests of a build change with one bit of one result."""

import pytest
import torch

from lcr.wkv import cpu, library
from tests.wkv.forms import built
from tools import wkv_digests


@pytest.mark.slow
@built
def test_a_build_has_a_digest_for_the_operator_and_each_instruction_set():
    found = wkv_digests.digests("cpu")
    assert list(found) == ["cpu", *(f"cpu, {name}" for name in library.instruction_sets())]
    assert found["cpu"] == list(found.values())[-1]  # the best instruction set serves
    assert len(set(found.values())) == len(found) - 1
    assert wkv_digests.digests("torch").keys() == {"torch"}


@built
def test_one_bit_of_one_gradient_changes_the_digest(monkeypatch):
    monkeypatch.setattr(wkv_digests, "TOKENS", (5, 40))
    backward, calls, before = cpu.backward, [], wkv_digests.digests("cpu")["cpu"]

    def flipped(*x):
        *gradients, last = backward(*x)
        calls.append(x)
        first = last.view(-1)[:1]
        first.copy_(first.nextafter(torch.zeros(())) if len(calls) == 7 else first)
        return *gradients, last

    monkeypatch.setattr(cpu, "backward", flipped)
    assert wkv_digests.digests("cpu")["cpu"] != before
