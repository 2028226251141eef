#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Times one ONNX model in OpenVINO on the CPU; one line of JSON on stdout.

    peer-openvino.py MODEL.onnx THREADS RUNS f32|bf16|int8
    peer-openvino.py precisions          a list of those that there are here

int8 is NNCF's post-training quantisation over four made-up inputs, kept beside the model: it tells
how fast such a network is, and nothing of how right. To be run by the Python that install-peers.sh
made, which has OpenVINO and NNCF.
"""
import json
import math
import os
import resource
import sys
import time

import numpy as np
import openvino as ov

WARM_UP_RUNS = 3
CALIBRATION_INPUTS = 4


def precisions(core):
    """OpenVINO takes a hint of bf16 on every CPU, and ignores it where there is no arithmetic."""
    has_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ["f32", "bf16", "int8"] if has_bf16 else ["f32", "int8"]


def shape_of(port):
    return [int(d) for d in port.shape]


def quantised(core, path):
    """The model in int8, made once."""
    target = os.path.splitext(path)[0] + "-int8.xml"
    weights = os.path.splitext(target)[0] + ".bin"
    if not os.path.exists(target) or os.path.getmtime(target) < os.path.getmtime(path):
        import nncf  # takes seconds, and is not needed again
        model = core.read_model(path)
        random = np.random.default_rng(0)
        inputs = [{port.get_any_name(): random.standard_normal(shape_of(port)).astype(np.float32)
                   for port in model.inputs} for _ in range(CALIBRATION_INPUTS)]
        small = nncf.quantize(model, nncf.Dataset(inputs), subset_size=CALIBRATION_INPUTS)
        # The weights first, and the model by its final name last: what is there is whole.
        part = os.path.splitext(target)[0] + "-part.xml"
        ov.save_model(small, part, compress_to_fp16=False)
        os.replace(os.path.splitext(part)[0] + ".bin", weights)
        os.replace(part, target)
    return target


def main():
    core = ov.Core()
    if sys.argv[1:] == ["precisions"]:
        print(json.dumps(precisions(core)))
        return
    if len(sys.argv) != 5 or sys.argv[4] not in ("f32", "bf16", "int8"):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    model, threads, runs, precision = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    if precision == "int8":
        model = quantised(core, model)
    compiled = core.compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "ENABLE_CPU_PINNING": False,
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
    })
    request = compiled.create_infer_request()
    for number, port in enumerate(compiled.inputs):
        count = np.arange(math.prod(shape_of(port)))
        data = (2 * np.sin(count * 0.7)).astype(np.float32).reshape(shape_of(port))
        request.set_input_tensor(number, ov.Tensor(data))

    times = []
    for i in range(-WARM_UP_RUNS, runs):
        start = time.perf_counter()
        request.infer()
        if i >= 0:
            times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    # Nearest rank, as 'vedette bench' counts.
    print(json.dumps({
        "version": ov.__version__.split("-")[0],
        "threads": threads,
        "precision": precision,
        "min_ms": times[0],
        "median_ms": (times[(runs - 1) // 2] + times[runs // 2]) / 2,
        "p90_ms": times[math.ceil(0.9 * runs) - 1],
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }))


if __name__ == "__main__":
    main()
