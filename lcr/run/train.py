"""Trains one run: dataset × variant × seed, to model.safetensors and metrics.jsonl.

Every step depends on nothing but its number: the batch, the tube mask and the learning rate are functions of (seed,
step). So a run killed at any moment goes on from its last checkpoint and ends with the very same weights. Checkpoints
live in `.lcr/checkpoints/<hash of the run>/`, out of Snakemake's reach, and go when the run has succeeded.
"""

import json
import math
import os
import resource
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lcr.config.keys import hash_of
from lcr.config.made import Made
from lcr.config.run import WORK, Run
from lcr.config.study import Protocol, StudyConfig, TrainConfig
from lcr.data.clips import Batch, Clips, steps_per_epoch, test_batches, train_batches
from lcr.data.prepare import prepare
from lcr.data.sampling import generator
from lcr.methods import MethodConfig, build, method_of
from lcr.model.config import ModelConfig
from lcr.model.selfcheck import check_acts, check_paths
from lcr.run.made import made_here, maker_of
from lcr.run.protocol import clip_scores, predict
from lcr.run.trained import has_weights
from lcr.run.weights import load_model, load_optimizer, load_tensors, optimizer_tensors, save_tensors
from lcr.util.errors import InputError, RunFailed
from lcr.util.files import remove_unfinished
from lcr.util.locks import run_lock
from lcr.util.progress import training_bar
from lcr.util.seals import PLACEHOLDER, sealed_write

VALIDATION_BATCH = 50  # clips
LOG_EVERY = 10  # steps a line of metrics.jsonl is the mean of
METRICS = ("step", "steps", "loss", "grad_norm", "accuracy", "learning_rate", "validation_accuracy")


def set_machine(study: StudyConfig) -> torch.device:
    """Fixes threads and determinism for this process and returns the study's device.

    Raises:
        InputError: the study wants a GPU and there is none.
    """
    if study.device == "cuda" and not torch.cuda.is_available():
        raise InputError(f"study '{study.name}' wants a CUDA device and none is found; set device: cpu in its file")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(study.threads)
    cv2.setNumThreads(study.threads)
    torch.set_deterministic_debug_mode("error")  # use_deterministic_algorithms imports the compiler: 1.7 s
    torch.utils.deterministic.fill_uninitialized_memory = False  # up to a tenth of a step, for what nobody reads
    return torch.device(study.device)


def seed_mask(seed: int, step: int) -> None:
    """Seeds torch's generator, which the tube mask is drawn from, for one step of one seed.

    By a digest of both: the generator reads 32 bits of what it is given, and of two numbers side by side one is lost.
    """
    torch.manual_seed(int(generator("mask", seed, step).integers(2**32)))


def learning_rate(recipe: TrainConfig, step: int, steps: int) -> float:
    """Linear warm-up over the first `warmup_share` of the steps, then a cosine to zero."""
    warm = max(1, round(recipe.warmup_share * steps))
    if step < warm:
        return recipe.learning_rate * (step + 1) / warm
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def make_optimizer(model: nn.Module, recipe: TrainConfig) -> torch.optim.AdamW:
    """AdamW; weight decay on matrices alone, not on biases, norms, mixes, tokens, positions, ω and u."""
    matrices = [p for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d | nn.Conv3d) for p in (m.weight,)]
    decayed = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in decayed]
    groups = [{"params": matrices, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    # foreach: the same bits as one parameter after another, a twentieth of a step sooner
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, recipe.beta2), foreach=True)


def clip_loss(logits: Tensor, labels: Tensor, recipe: TrainConfig, protocol: Protocol) -> Tensor:
    """Label-smoothing cross-entropy over the frames that the recipe names: logits (B, T, classes), labels (B,).

    Logits of the clip, T = 1, are all read.
    """
    frames = logits.shape[1]
    read = {"rule": protocol.frames_read(frames), "all": frames, "last": 1}[recipe.loss_frames]
    last = logits[:, -read:]
    return F.cross_entropy(last.flatten(0, 1), labels.repeat_interleave(read), label_smoothing=recipe.label_smoothing)


def inputs(batch: Batch, device: torch.device) -> tuple[Tensor, Tensor]:
    """Frames in [0, 1] and edges, on the device."""
    return batch.frames.to(device).float().div_(255), batch.edges.to(device).float()


class Training:
    """One run's training, from its start or its last checkpoint to its end.

    Args:
        clips: the train split.
        config: the model's configuration.
        checkpoints: this run's folder of checkpoints.
        about: the run's hash and names, kept in each checkpoint.
        made: what makes this run's steps; a checkpoint's own joins it.
        validation: the clips of the validation curve; None for no curve.

    Raises:
        InputError: the checkpoint is damaged or another run's.
    """

    def __init__(
        self,
        clips: Clips,
        config: ModelConfig | MethodConfig,
        recipe: TrainConfig,
        protocol: Protocol,
        seed: int,
        device: torch.device,
        checkpoints: Path,
        about: dict[str, object],
        made: Made,
        validation: Clips | None = None,
    ) -> None:
        self.made, self.validation = made, validation
        self.clips, self.recipe, self.protocol, self.seed, self.device = clips, recipe, protocol, seed, device
        self.drawn = len(clips.drawn(seed, recipe.draw_share))
        steps = recipe.epochs * steps_per_epoch(self.drawn, recipe.batch_size)
        self.steps = steps if method_of(config).trains else 1  # a log needs a line
        self.about, self.checkpoint = about, checkpoints / "checkpoint.safetensors"
        torch.manual_seed(seed)
        self.model = build(config).to(device).train()
        self.optimizer = make_optimizer(self.model, recipe)
        self.step, self.metrics, self.seconds = 0, [], 0.0
        if self.checkpoint.exists():
            self._resume()

    def _resume(self) -> None:
        tensors, about = load_tensors(self.checkpoint, "`lcr train` with --force, or delete it")
        if about["run"] != self.about:
            raise InputError(f"{self.checkpoint} is another run's checkpoint; delete it to train again")
        parts: dict[str, dict[str, Tensor]] = {"model": {}, "optimizer": {}}
        for name, tensor in tensors.items():
            part, rest = name.split("/", 1)
            parts[part][rest] = tensor
        load_model(self.model, parts["model"], self.checkpoint)
        load_optimizer(self.optimizer, parts["optimizer"])
        self.step, self.metrics, self.seconds = about["step"], about["metrics"], about["seconds"]
        self.made = self.made.after(maker_of(about, self.checkpoint))

    def save(self) -> None:
        """Writes the checkpoint, whole."""
        tensors = {f"model/{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"optimizer/{name}": tensor for name, tensor in optimizer_tensors(self.optimizer).items()}
        about = {"run": self.about, "step": self.step, "metrics": self.metrics, "seconds": self.seconds}
        save_tensors(self.checkpoint, tensors, about | {"made": self.made.model_dump(mode="json")})

    def batches(self, workers: int) -> Iterator[Batch]:
        """The batches still to come."""
        return train_batches(
            self.clips,
            batch_size=self.recipe.batch_size,
            seed=self.seed,
            first_step=self.step,
            steps=self.steps - self.step,
            draw_share=self.recipe.draw_share,
            workers=workers,
        )

    def update(self, batch: Batch) -> dict[str, float]:
        """One step.

        Raises:
            RunFailed: the loss or a gradient is not finite.
        """
        seed_mask(self.seed, self.step)
        rate = learning_rate(self.recipe, self.step, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        logits = self.model(*inputs(batch, self.device))
        labels = batch.labels.to(self.device)
        loss = clip_loss(logits, labels, self.recipe, self.protocol)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip_norm)
        values = {"loss": loss.item(), "grad_norm": norm.item()}
        for name, value in values.items():
            if not math.isfinite(value):
                raise RunFailed(self._not_finite(name, value, batch.ids))
        self.optimizer.step()
        self.step += 1
        right = clip_scores(logits.detach(), self.protocol).argmax(-1) == labels
        return values | {"accuracy": right.float().mean().item(), "learning_rate": rate}

    def _not_finite(self, name: str, value: float, ids: list[str]) -> str:
        good = f"the last good checkpoint is {self.checkpoint}" if self.checkpoint.exists() else "no checkpoint yet"
        return f"{name} is {value} at step {self.step} on clips {', '.join(ids)}; {good}; try a lower learning rate"

    def _validated(self) -> dict[str, float]:
        """Accuracy on the clips of the validation curve, where the step ends an epoch that the recipe names.

        It selects nothing, and the steps that follow do not depend on it.
        """
        every = self.recipe.validate_every * steps_per_epoch(self.drawn, self.recipe.batch_size)
        if self.validation is None or not every or self.step % every:
            return {}
        self.model.eval()
        right = [
            predict(self.model, *inputs(batch, self.device), self.protocol, batch.views).argmax(-1).cpu()
            == batch.labels
            for batch in test_batches(self.validation, self.protocol, batch_size=VALIDATION_BATCH)
        ]
        self.model.train()
        return {"validation_accuracy": torch.cat(right).float().mean().item()}

    def run(self, batches: Iterable[Batch]) -> None:
        """All steps that are left, with a checkpoint every `checkpoint_seconds`."""
        began = saved = time.monotonic()
        before, window, validated = self.seconds, [], {}
        with training_bar(self.steps, self.step, str(self.about["name"])) as bar:
            for batch in batches:
                window.append(self.update(batch))
                bar(window[-1]["loss"], window[-1]["accuracy"], len(batch.ids))
                validated |= self._validated()
                if self.step % LOG_EVERY == 0 or self.step == self.steps:
                    mean = {key: sum(line[key] for line in window) / len(window) for key in window[0]}
                    self.metrics.append({"step": self.step, "steps": self.steps} | mean | validated)
                    window, validated = [], {}
                    # Only here, so that no line of metrics is cut in two by a resumption.
                    now = time.monotonic()
                    self.seconds = before + now - began
                    if now - saved > self.recipe.checkpoint_seconds:
                        self.save()
                        saved = now


def peak_resident_gb() -> float:
    """The most memory this process ever had resident, in 10⁹ bytes (ru_maxrss is in KiB on Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def train(run: Run, *, force: bool = False) -> Path:
    """Trains one run, or goes on with it, and returns its folder. A run that is already trained is left as it is.

    Raises:
        InputError: the data, the configuration or a checkpoint cannot be used, or a file of the trained run is damaged.
        RunFailed: the loss or a gradient became non-finite; or the model's fast path differs from its plain path, or
            the variant's switch acts on nothing (`lcr.model.selfcheck`).
    """
    device = set_machine(run.study)
    config = run.config
    folder, frames = prepare(run.data), (config.data, run.data.frame_size)
    clips = Clips(folder, "train", *frames, run.train_part)
    about = {"hash": hash_of([run.train_key, clips.data_hash]), "name": run.name, "train_key": run.train_key}
    checkpoints = WORK / "checkpoints" / str(about["hash"])
    with run_lock(f"train-{about['hash']}"):
        remove_unfinished(run.folder)
        if not force and has_weights(run, about):
            return run.folder
        if force:
            shutil.rmtree(checkpoints, ignore_errors=True)
        model_config = run.model(len(clips.classes), clips.statistics())
        if isinstance(model_config, ModelConfig):
            check_paths(model_config)
        if run.variant.is_lcr and run.variant.acts_on(full := run.full_model(len(clips.classes))):
            check_acts(run.model(len(clips.classes)), full)
        made = made_here(run.study, model_config, device)
        split, part = run.evaluated
        training = Training(
            *(clips, model_config, config.train, config.protocol, run.seed, device, checkpoints, about, made),
            validation=Clips(folder, split, *frames, part) if config.train.validate_every else None,
        )
        if training.step:
            print(f"going on from step {training.step} of {training.steps} ({training.checkpoint})", flush=True)
        training.run(training.batches(config.data.workers))
        lines = [
            {name: line[name] for name in METRICS if name in line} for line in training.metrics
        ]  # a resumed run sorted their names
        told = {"seconds": training.seconds, "peak_rss_gb": peak_resident_gb(), "run": about["hash"]}
        end = {"end": True} | told | {"seal": PLACEHOLDER}
        with sealed_write(run.folder / "metrics.jsonl") as aside:
            aside.write_text("".join(json.dumps(line) + "\n" for line in [*lines, end]))
        model = about | {
            "model": model_config.model_dump(),
            "classes": clips.classes,
            "data_hash": clips.data_hash,
            "train_clips": training.drawn,
            "pool_clips": len(clips),
            "made": training.made.model_dump(mode="json"),
        }
        save_tensors(run.folder / "model.safetensors", training.model.state_dict(), model)
        shutil.rmtree(checkpoints, ignore_errors=True)
    return run.folder
