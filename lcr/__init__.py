"""LCR: the workbench that reproduces *Video RWKV* (arXiv 2411.05636) and takes it apart.

`lcr.model` is the paper's model, `lcr.wkv` its operator, `lcr.data` the way from annotation files to clips, `lcr.run`
trains and evaluates, `lcr.study` makes tables from predictions, and `lcr.report` words and figures from tables. Each
room is imported on its own: `import lcr` alone loads no torch.
"""

import os

# Damaged clips are reported by name, so the messages of FFmpeg and OpenCV are noise. Set before any `import cv2`.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")

__version__ = "0.1.0"
