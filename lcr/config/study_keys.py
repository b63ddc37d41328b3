"""Keys of what is made once a study, beside its runs: cost, diagnosis, search, tables. Free of torch.

The maker writes the key beside its tables (`lcr.config.keys.record_key`), so that a copy of the results without `.lcr`
is known to be up to date, as a run is by its run.json.
"""

from lcr.config.keys import Environment, digest, hash_of
from lcr.config.register import reading_variants
from lcr.config.run import Data
from lcr.config.study import StudyConfig


def cost_key(study: StudyConfig) -> str:
    """Key of cost.csv, except for the number of classes of real clips, which comes with the clips."""
    counted = {
        name: [one.model, one.data.frames, one.protocol.views, one.fixture and one.fixture.classes, one.root]
        for name, one in study.datasets.items()
    }
    arms = {
        f"{name} {variant.name}": study.model(name, variant, classes=1).model_dump()
        for name in study.datasets
        for variant in study.compared
    }
    labels = {f"format:{Data.of(study, name).format}" for name in study.datasets}
    sources = digest(("cost", *sorted(labels)))
    return hash_of([study.name, counted, arms, study.device, study.threads, sources])


def diagnosis_key(study: StudyConfig, versions: dict[str, str] | None = None) -> str:
    """Key of reading_diagnosis.csv and reading_gradients.csv; versions: of libraries that are others than here."""
    here = Environment.here().versions
    libraries = {name: (versions or here).get(name, version) for name, version in here.items()}
    data = Data.of(study, study.readings_dataset)
    model = study.full_model(data.dataset, study.variant_configs[0], classes=1).model_dump()
    recipe = data.config.train.model_dump(exclude={"epochs", "batch_size", "checkpoint_seconds"})
    rule = [data.config.protocol.model_dump(), data.config.protocol.frames_read(data.config.data.frames)]
    changes = {name: [one.model.model_dump(), one.train.model_dump()] for name, one in reading_variants().items()}
    settings = [study.name, data.dataset, model, recipe, rule, changes, study.threads]
    return hash_of([data.settings(), settings, libraries, digest((*data.components, "diagnosis"))])


def search_key(study: StudyConfig) -> str:
    """Key of reading_search.csv and reading_search_axes.csv."""
    return hash_of([study.name, digest(("search",))])


def table_key(study: StudyConfig) -> str:
    """Key of all that a table says beside the runs' own numbers."""
    variants = [variant.model_dump() for variant in study.compared]
    return hash_of([study.model_dump(), variants, digest(("tables",))])
