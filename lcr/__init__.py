"""LCR: the workbench that reproduces *Video RWKV* (arXiv 2411.05636) and takes it apart.

`lcr.model` is the paper's model, `lcr.wkv` its operator, `lcr.data` the way from annotation files to clips, and
`lcr.study` the way from predictions to tables. Each part is imported on its own: `import lcr` alone loads no torch.
"""

__version__ = "0.1.0"
