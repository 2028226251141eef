#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Takes the weights out of an ONNX model, or puts made-up ones back in.

    onnx-weights.py strip FULL.onnx GRAPH.onnx    keep names, types and shapes only
    onnx-weights.py fill GRAPH.onnx FULL.onnx     made-up values: matrices +-sqrt(3 / fan-in),
                                                  vectors 0.25 to 1.25

A network's speed does not depend on its weights' values, so the graph is all that is kept in the
tree. Constants that are small or not float32 stay as they are. Needs Debian's python3-onnx and
python3-numpy.
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto

MARK = "stripped"


def constants(model):
    yield from model.graph.initializer
    for node in model.graph.node:
        if node.op_type == "Constant":
            yield from (a.t for a in node.attribute if a.name == "value")


def save(model, path):
    """All or nothing: a file that is there is whole."""
    onnx.save(model, path + ".part")
    os.replace(path + ".part", path)


def strip(source, target):
    model = onnx.load(source)
    for tensor in constants(model):
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims, dtype=int) < 64:
            continue
        tensor.doc_string = MARK
        for field in ("raw_data", "float_data", "external_data"):
            tensor.ClearField(field)
        tensor.data_location = TensorProto.DEFAULT
    save(model, target)


def fill(source, target):
    model = onnx.load(source)
    random = np.random.default_rng(1)
    for tensor in constants(model):
        if tensor.doc_string != MARK:
            continue
        count = int(np.prod(tensor.dims))
        low, high = 0.25, 1.25
        if len(tensor.dims) > 1:
            high = (3.0 * tensor.dims[0] / count) ** 0.5
            low = -high
        tensor.raw_data = random.uniform(low, high, count).astype("<f4").tobytes()
    save(model, target)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("strip", "fill"):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    (strip if sys.argv[1] == "strip" else fill)(sys.argv[2], sys.argv[3])
