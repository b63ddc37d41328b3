"""`RunRecord`: the typed run.json, which says of a finished run how, by which code and on which machine it was made."""

import json
import shlex
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from lcr.config.made import Made
from lcr.util.errors import InputError
from lcr.util.reading import parse_json
from lcr.util.seals import PLACEHOLDER, sealed_bytes, sealed_write

NAME = "run.json"


def command_of(folder: str | Path, command: str, *options: str) -> str:
    """The `lcr` command (train or evaluate) that makes the run in `folder`: …/STUDY/DATASET/ARM/seed-SEED."""
    named = Path(folder).absolute().parts[-4:]
    if len(named) == 4 and named[-1].startswith("seed-"):
        values = (*named[:3], named[3].removeprefix("seed-"))
        pairs = zip(("--study", "--dataset", "--ablation", "--seed"), values, strict=True)
        options = (*(word for pair in pairs for word in pair), *options)
    return f"`{shlex.join(['lcr', command, *options])}`"


# Fields of older records, which described the evaluation alone, and the names of these facts in `Made`.
_OF_EVALUATION = {
    **{name: name for name in ("git", "lock_hash", "versions", "hardware", "threads")},
    "wkv_backend": "backend",
}


class RunRecord(BaseModel):
    """One run as its evaluation recorded it.

    run_hash: of train_key and the data's content, as in the weights' own description.
    train_key, evaluate_key: see `lcr.config.run.Run`. config: the DatasetConfig with the run's own ModelConfig under
    `model` and the model's name under `model_name`. protocol: the prediction rule with frames, size, views and split.
    training, evaluation: what made the weights and the predictions; older records do not say what made the weights.
    clips: by split. train_seconds, evaluate_seconds: wall-clock. *_rss_gb: peak resident memory in 1e9 bytes.
    """

    model_config = ConfigDict(frozen=True, extra="allow", protected_namespaces=())

    study: str
    dataset: str
    variant: str
    seed: int
    run_hash: str = ""
    train_key: str = ""
    evaluate_key: str = ""
    config: dict[str, Any]
    protocol: dict[str, Any]
    training: Made | None = None
    evaluation: Made = Made()
    data_hash: str
    clips: dict[str, int] = {}
    steps: int | None = None
    train_seconds: float | None = None
    train_peak_rss_gb: float | None = None
    peak_rss_gb: float | None = None
    evaluate_seconds: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _older(cls, content: Any) -> Any:
        if not isinstance(content, dict) or "evaluation" in content:
            return content
        evaluation = {new: content[old] for old, new in _OF_EVALUATION.items() if old in content}
        rest = {name: value for name, value in content.items() if name not in _OF_EVALUATION}
        return rest | {"evaluation": evaluation}

    @property
    def trained(self) -> Made:
        """The maker of the weights; older records give the predictions' maker."""
        return self.training or self.evaluation

    @property
    def makers(self) -> tuple[Made, ...]:
        """All that is known to have made the weights or the predictions."""
        return (*(self.training.each if self.training else ()), self.evaluation)

    @classmethod
    def parse(cls, content: str | bytes | dict[str, Any], where: str | Path) -> Self:
        """The record in the text (or JSON value) of a run.json.

        Raises:
            InputError: it is no record; `where` and the field are named.
        """
        try:
            content = parse_json(content) if isinstance(content, str | bytes) else content
            if isinstance(content, dict):
                content = {name: value for name, value in content.items() if name != "seal"}
            return cls.model_validate(content)
        except (ValidationError, ValueError) as error:
            field = ".".join(map(str, error.errors()[0]["loc"])) if isinstance(error, ValidationError) else "JSON"
            raise InputError(f"{where} is damaged ({field}); run `lcr evaluate` again") from error

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """The record of the run in `folder`.

        Raises:
            FileNotFoundError: there is none.
            InputError: it is damaged, or an earlier version wrote it.
        """
        path = Path(folder) / NAME
        return cls.parse(sealed_bytes(path, command_of(folder, "evaluate")), path)

    def write(self, folder: str | Path) -> None:
        """Writes run.json, sealed, whole or not at all."""
        content = self.model_dump(mode="json") | {"seal": PLACEHOLDER}
        with sealed_write(Path(folder) / NAME) as aside:
            aside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
