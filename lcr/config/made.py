"""`Made`: the backend, library versions, machine and sources that made weights or predictions, as recorded."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, StringConstraints

from lcr.util.provenance import COMMIT


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class GitState(_Part):
    """The commit of the sources. why: in words, why it is None."""

    commit: Annotated[str, StringConstraints(pattern=f"^(?:{COMMIT})$")] | None = None
    dirty: bool | None = None
    why: str | None = None


class Hardware(_Part):
    """A machine.

    simd: the instruction set that torch uses. kernel: that of the native WKV kernel, None where it does not run.
    """

    cpu: str | None = None
    cores: int | None = None
    simd: str | None = None
    kernel: str | None = None
    gpu: str | None = None


class Made(_Part):
    """The backend, versions, machine and commit that made weights or predictions.

    backend: of the Bi-WKV operator, None where the model does not run it. versions: of Python and the libraries.
    lock_hash: SHA-256 of requirements.lock. earlier: the makers of the first steps of a training that was
    resumed elsewhere, each once.
    """

    backend: str | None = None
    versions: dict[str, str] = {}
    hardware: Hardware = Hardware()
    threads: int | None = None
    git: GitState = GitState()
    lock_hash: str | None = None
    earlier: tuple["Made", ...] = ()

    @property
    def each(self) -> tuple["Made", ...]:
        """The makers of a training in order: those of `earlier`, then the last, each without `earlier`."""
        return (*self.earlier, self.model_copy(update={"earlier": ()}))

    def after(self, begun: "Made | None") -> Self:
        """The maker of a whole training whose first steps `begun` made; None: no record names their maker."""
        if begun is None:
            return self
        others: list[Made] = []
        for one in begun.each:
            others += [one] if one not in (*others, self.each[-1]) else []
        return self.model_copy(update={"earlier": tuple(others)})
