"""A study's results as one archive that stands alone: RO-Crate, Croissant, model cards and a checklist, in a zip."""
