"""A manifest as a Croissant dataset: which clips there are, their labels, splits and hashes, and no video."""

import io
import json
from dataclasses import replace
from datetime import datetime

import mlcroissant as mlc
import pyarrow.parquet as pq

from lcr.config.datasets import is_synthetic
from lcr.data.manifest import SCHEMA, Manifest
from lcr.util.files import bytes_hash

MEANING = {
    "id": "the clip's name in its dataset",
    "label": "its class; empty where the split has no labels",
    "split": "train, validation or test",
    "path": "where its frames or video lie below the dataset's folder, which is not in this bundle",
    "frames": "how many frames it has",
    "width": "pixels",
    "height": "pixels",
    "hash": "SHA-256 of its media",
    "status": "ok, or why it was left out",
}
TERMS = {
    "jester": "https://www.qualcomm.com/developer/software/jester-dataset",
    "something": "https://www.qualcomm.com/developer/software/something-something-v-2-dataset",
    "kinetics": "https://creativecommons.org/licenses/by/4.0/",
}
LICENCE = "https://www.apache.org/licenses/LICENSE-2.0"
PROJECT = "https://arxiv.org/abs/2411.05636"  # the paper: the project has no address of its own


def manifest_bytes(manifest: Manifest) -> bytes:
    """The manifest's Parquet file without the place where its media lie on this machine."""
    buffer = io.BytesIO()
    bare = replace(manifest, root="", key="")
    about = {"dataset": bare.dataset, "classes": json.dumps(bare.classes)}
    pq.write_table(bare.table.replace_schema_metadata(about), buffer)
    return buffer.getvalue()


def croissant(manifest: Manifest, content: bytes, date: str) -> str:
    """The Croissant description, as JSON-LD.

    Args:
        content: the Parquet file, which lies beside it as `<dataset>.parquet`.
        date: YYYY-MM-DD.
    """
    name = manifest.dataset
    generated = is_synthetic(name)
    kind = "Generated clips, drawn by this program; not the data that they imitate." if generated else "Real clips."
    file = f"{name}.parquet"
    fields = [
        mlc.Field(
            id=f"clips/{column.name}",
            name=column.name,
            description=MEANING[column.name],
            data_types=mlc.DataType.INTEGER if str(column.type).startswith("int") else mlc.DataType.TEXT,
            source=mlc.Source(file_object=file, extract=mlc.Extract(column=column.name)),
        )
        for column in SCHEMA
    ]
    made = mlc.Metadata(
        name=name,
        description=f"{kind} The manifest alone, no video: {manifest.table.num_rows} clips, "
        f"{len(manifest.classes)} classes.",
        license=[LICENCE if generated else TERMS[name]],
        url=PROJECT,
        version="1.0.0",
        date_published=datetime.fromisoformat(date),
        cite_as=f"Manifest of {name} with data hash {manifest.data_hash}",
        distribution=[
            mlc.FileObject(
                id=file,
                name=file,
                content_url=file,
                content_size=f"{len(content)} B",
                encoding_formats=["application/x-parquet"],
                sha256=bytes_hash(content),
            )
        ],
        record_sets=[mlc.RecordSet(id="clips", name="clips", description="one row a clip", fields=fields)],
    )
    return json.dumps(made.to_json(), indent=1, sort_keys=True, default=str) + "\n"
