"""The CUDA kernel of Bi-WKV, compiled where it runs: see `launch`."""

WIDTHS = (32, 48, 64, 96, 128)  # channels a head
