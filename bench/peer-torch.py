#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Times training steps of SqueezeTime in PyTorch as bench-train does: one JSON line.

    peer-torch.py CONFIG.json BATCH WIDTH HEIGHT RUNS [--threads N]
"""
import argparse
import json
import resource
import statistics
import time

import torch
from torch.nn import functional

from squeezetime_torch import Network


def main():
    parser = argparse.ArgumentParser()
    for name in ("config", "batch", "width", "height", "runs"):
        parser.add_argument(name, type=str if name == "config" else int)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with open(options.config, encoding="utf-8") as file:
        config = json.load(file)
    network = Network(config).train()
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9, weight_decay=1e-4)
    clips = torch.rand(options.batch, 3, config["frames"], options.height, options.width) * 4 - 2
    labels = torch.arange(options.batch) % 5
    times = []
    for run in range(options.runs + 1):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(network(clips), labels, label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        if run > 0:  # the first one chooses algorithms
            times.append((time.perf_counter() - start) * 1e3)
    print(json.dumps({
        "bench": "train", "engine": f"pytorch {torch.__version__}", "batch": options.batch,
        "min_ms": round(min(times), 2), "median_ms": round(statistics.median(times), 2),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}))


main()
