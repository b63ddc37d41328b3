"""The clip of the edge_prompt figure: one clip of the study's data, read by one trained model."""

from contextlib import chdir

import numpy as np
import torch

from lcr.config.run import Data
from lcr.config.study import DatasetConfig
from lcr.config.variant import FULL
from lcr.data.clips import Clips
from lcr.data.prepare import prepare
from lcr.model.tube_mask import tube_mask
from lcr.probes.attention import class_token_readings
from lcr.report.figures.edge_prompt import PromptClip
from lcr.report.finished import Finished
from lcr.run.evaluate import load_trained
from lcr.study.store import Key


def prompt_clip(finished: Finished, dataset: str) -> PromptClip:
    """The first validation clip, by name, that the full model's first seed predicts rightly; else the first of all.

    Args:
        dataset: one of the study's; its clips are prepared again where `.lcr/` beside the results lacks them.

    Raises:
        InputError: the run is missing or damaged, or its real clips are gone.
    """
    run = Key(dataset, FULL, finished.seeds(dataset, FULL)[0])
    model, _ = load_trained(finished.folder / run.folder / "model.safetensors", torch.device("cpu"))
    said = finished.store.record(*run).config
    settings = {name: said[name] for name in DatasetConfig.model_fields if name in said} | {"model": said["model_name"]}
    data = Data(study=finished.study, dataset=dataset, config=DatasetConfig.model_validate(settings))
    table = finished.store.predictions(*run, ["id", "label", "prediction"]).to_pandas()
    chosen = table.assign(wrong=table.label != table.prediction).sort_values(["wrong", "id"]).iloc[0]
    with chdir(finished.results.parent):  # where `.lcr/` is
        clips = Clips(prepare(data), "validation", data.config.data, data.frame_size)
        batch = clips.test_batch(np.array([clips.ids.index(chosen.id)]), data.config.protocol)
    frames, edges = batch.frames[0], batch.edges[0]  # of several views the first
    readings = class_token_readings(model, frames.float() / 255, edges.float())
    with torch.random.fork_rng(devices=[]):  # a mask as training draws it
        torch.manual_seed(0)
        keep = tube_mask(1, model.config.patches, model.config.tube_ratio)[0]
    return PromptClip(
        finished.study,
        dataset,
        clips.classes[chosen.label],
        clips.classes[chosen.prediction],
        frames.numpy(),
        edges.numpy(),
        np.isin(np.arange(model.config.patches), keep.numpy()),
        torch.stack([reading.shares() for reading in readings]).numpy(),
    )
