"""The digests of a build change with one bit of one result."""

import pytest
import torch

from lcr.wkv import cpu, library, proof
from tests.wkv.forms import built


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(proof, "TOKENS", (5, 40))


@built
@pytest.mark.usefixtures("short")
def test_a_build_has_a_digest_for_the_operator_and_each_instruction_set():
    found = proof.digests("cpu")
    assert list(found) == ["cpu", *(f"cpu, {name}" for name in library.instruction_sets())]
    assert found["cpu"] == list(found.values())[-1]  # the best instruction set serves
    assert (len(set(found.values())), proof.digests("torch").keys()) == (len(found) - 1, {"torch"})


@built
@pytest.mark.usefixtures("short")
def test_one_bit_of_one_gradient_changes_the_digest(monkeypatch):
    backward, calls, before = cpu.backward, [], proof.digests("cpu")["cpu"]

    def flipped(*x):
        *gradients, last = backward(*x)
        calls.append(x)
        first = last.view(-1)[:1]
        first.copy_(first.nextafter(torch.zeros(())) if len(calls) == 7 else first)
        return *gradients, last

    monkeypatch.setattr(cpu, "backward", flipped)
    assert proof.digests("cpu")["cpu"] != before
