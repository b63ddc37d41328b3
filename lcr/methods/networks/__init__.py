"""The modules of the methods beside LCR; the only folder of this room that loads torch.

A module is called as LCR is: frames (B, T, 3, S, S) in [0, 1], edges (B, T, 1, S, S) in {0, 1}, to logits of each clip
(B, 1, classes), or of each frame (B, T, classes).
"""
