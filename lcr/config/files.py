"""Where studies, variants and interpretations lie as files, and how a name or path becomes one of them."""

from collections.abc import Iterable
from pathlib import Path

from lcr.config.register import reading_variants
from lcr.config.variant import METHOD_ARMS, Interpretation, VariantConfig
from lcr.util.errors import InputError, unknown
from lcr.util.schema import parse, read_yaml


def project_root(root: str | Path | None = None) -> Path:
    """The folder that holds `ablations/`: `root`, else upward from the working directory, else what was installed.

    That is the checkout of an editable install, or the copy that the wheel carries.

    Raises:
        InputError: `root` is given and holds no `ablations/`.
    """
    if root is not None:
        if not (Path(root) / "ablations").is_dir():
            raise InputError(f"--root {root} holds no folder 'ablations'; give the project's top folder")
        return Path(root)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "ablations" / "studies").is_dir():
            return folder
    installed = Path(__file__).parents[1]
    checkout = installed.parent
    return checkout if (checkout / "ablations" / "studies").is_dir() else installed / "packaged"


def real_folder(folder: str, given: str) -> str:
    """A folder of real clips as an absolute path: keys hold it, so each way of naming it must give the same.

    Args:
        given: the option as the user wrote it, for the message.

    Raises:
        InputError: there is no such folder.
    """
    try:
        path = Path(folder).expanduser().resolve()
        there = bool(folder) and path.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # too long a name, a loop, `~nobody`, a zero byte
        raise InputError(f"{given}: {error.strerror if isinstance(error, OSError) else error}") from error
    if not there:
        raise InputError(f"{given}: there is no such folder")
    return str(path)


def named_file(folder: Path, kind: str, name: str | Path, others: Iterable[str] = ()) -> Path:
    """The YAML file called `name` in `folder`, or the file that `name` is the path of; `others` are names as well."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise InputError(f"no {kind} file {path}; paths count from the working directory")
        return path
    known = sorted(file.stem for file in folder.glob("*.yaml"))
    if str(name) not in known:
        raise unknown(kind, str(name), [*known, *others])
    return folder / f"{name}.yaml"


def study_names(root: str | Path | None = None) -> list[str]:
    """The names of the studies in `ablations/studies/`, sorted."""
    return sorted(file.stem for file in (project_root(root) / "ablations" / "studies").glob("*.yaml"))


def interpretation_names(root: str | Path | None = None) -> list[str]:
    """The names of the interpretations in `ablations/interpretations/`, sorted."""
    return sorted(file.stem for file in (project_root(root) / "ablations" / "interpretations").glob("*.yaml"))


def load_interpretation(name: str | Path, root: str | Path | None = None) -> Interpretation:
    """An interpretation by name, or by the path of its YAML file.

    Raises:
        InputError: there is none of this name, or a key in it is unknown or of the wrong type.
    """
    path = named_file(project_root(root) / "ablations" / "interpretations", "interpretation", name)
    return parse(Interpretation, read_yaml(path), str(path))


def load_variant(name: str | Path, root: str | Path | None = None, kind: str = "ablation") -> VariantConfig:
    """A variant by name, or by the path of its YAML file; `kind` is what an error calls it.

    Names are those of `ablations/` (`full`, `no_edge_prompt`, …) and of the alternative readings in
    `lcr/paper/discrepancies.yaml` (`kv-source.additive`, …); `full@literal` is a variant under an interpretation, and
    `cnn3d-rgb` a method beside LCR.

    Raises:
        InputError: there is none of this name, or a key in it is unknown or of the wrong type.
    """
    variant, at, bundle = str(name).partition("@")
    if at and Path(name).suffix not in (".yaml", ".yml"):
        return load_variant(variant, root, kind).under(load_interpretation(bundle, root))
    readings = reading_variants()
    if (named := (readings | METHOD_ARMS).get(str(name))) is not None:
        return named
    path = named_file(project_root(root) / "ablations", kind, name, readings)
    return parse(VariantConfig, read_yaml(path), str(path))
