#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Records a golden case from a network's PyTorch code.

    tests/golden/record.py DESCRIPTION.py CASE_DIR

writes case.json and expect.safetensors. The description is Python, beside the authors' code or
importing it, and defines

    case            what is copied into case.json: "model", "variant", "config", and "macs",
                    "notes", "source" if there are any
    network()       the torch.nn.Module
    inputs          {"image": ([1, 3, 224, 224], -2, 2)}: shape and range of each, in the order
                    in which the network takes them
    bounds          {"logits": 1e-4}: rel_l2 of each output, in the order in which the network
                    gives them
    taps            optional: {"stem": "layers.0"}, submodules whose results are recorded, too
    steps           optional: {"stem": [1, 4, 4, 4]}, one stride for each dimension, so that not
                    all elements of an output or a tap are stored
    ranges(n, s)    optional: (low, high) for the tensor of name n and shape s, or None for the
                    usual: matrices +-sqrt(3 / fan-in), other weights 0.75 to 1.25, variances 0.5
                    to 1.5, the rest +-0.1

A network that is in double by the description's doing stays so, and one rounding less is recorded.
Needs Debian's python3-torch and python3-numpy.
"""
import collections
import json
import math
import os
import pathlib
import runpy
import struct
import sys

import numpy as np
import torch

MASK = (1 << 64) - 1


def uniform(name, shape, low, high):
    """vdt_tensor_fill_uniform() of a float32 tensor."""
    stream = 0xCBF29CE484222325
    for byte in name.encode():
        stream = (stream ^ byte) * 0x100000001B3 & MASK
    z = np.arange(1, math.prod(shape) + 1, dtype=np.uint64)
    z = np.uint64(stream) + z * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    z = z ^ z >> np.uint64(31)
    values = low + (z >> np.uint64(40)).astype(np.float64) * 2.0**-24 * (high - low)
    return torch.from_numpy(values.astype(np.float32)).reshape(shape)


def usual_range(name, shape):
    last = name.rpartition(".")[2]
    if last == "weight" and len(shape) > 1:
        bound = round((3 * shape[0] / math.prod(shape)) ** 0.5, 5)
        return -bound, bound
    if last == "weight":
        return 0.75, 1.25
    return (0.5, 1.5) if last == "running_var" else (-0.1, 0.1)


def fill(network, ranges):
    """Gives every tensor its values; returns what case.json says of them."""
    specs, state = [], collections.OrderedDict()
    for name, tensor in network.state_dict().items():
        shape = list(tensor.shape)
        spec = {"name": name, "shape": shape, "dtype": str(tensor.dtype).replace("torch.", "")}
        if tensor.is_floating_point():
            spec["dtype"] = "float32"
            spec["lo"], spec["hi"] = ranges(name, shape) or usual_range(name, shape)
            state[name] = uniform(name, shape, spec["lo"], spec["hi"]).to(tensor.dtype)
        elif tensor.numel() > 0 and bool((tensor == tensor.flatten()[0]).all()):
            spec["value"] = tensor.flatten()[0].item()
            state[name] = tensor
        else:
            sys.exit(f"record.py: {name} holds whole numbers that differ; a case has no way to say "
                     "which, so leave it out of the state_dict")
        specs.append(spec)
    network.load_state_dict(state)
    return specs


def stored(name, value, steps, expect):
    """Puts what is stored of a result into @expect; returns what case.json says of it."""
    value = value.detach().to(torch.float32)
    spec = {"name": name}
    if name in steps:
        if len(steps[name]) != value.dim():
            sys.exit(f"record.py: {name} has {value.dim()} dimensions, its steps {steps[name]}")
        spec.update(full_shape=list(value.shape), slice_step=steps[name])
        value = value[tuple(slice(None, None, step) for step in steps[name])]
    expect[name] = value.contiguous()
    return {**spec, "shape": list(value.shape)}


def save(path, tensors):
    """A .safetensors file of float32 tensors."""
    header, at = {}, 0
    for name, tensor in tensors.items():
        size = 4 * tensor.numel()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    data = b"".join(tensor.numpy().astype("<f4").tobytes() for tensor in tensors.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def text_of(case):
    """JSON with a line for each tensor, so that changes can be read."""
    lines = []
    for key, value in case.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            items = ",\n".join("    " + json.dumps(item) for item in value)
            lines.append(f"  {json.dumps(key)}: [\n{items}\n  ]")
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[1])))
    description = runpy.run_path(sys.argv[1])
    steps, bounds = description.get("steps", {}), description["bounds"]

    network = description["network"]()
    specs = fill(network, description.get("ranges", lambda name, shape: None))
    network.eval()
    first = next(network.parameters())
    inputs, arguments = [], []
    for name, (shape, low, high) in description["inputs"].items():
        inputs.append({"name": name, "shape": shape, "dtype": "float32", "lo": low, "hi": high})
        arguments.append(uniform("input:" + name, shape, low, high).to(first.dtype))

    seen = {}
    modules = dict(network.named_modules())
    for name, path in description.get("taps", {}).items():
        modules[path].register_forward_hook(
            lambda module, given, result, name=name: seen.__setitem__(name, result))
    with torch.no_grad():
        results = network(*arguments)
    results = list(results) if isinstance(results, (list, tuple)) else [results]
    if len(results) != len(bounds):
        sys.exit(f"record.py: the network has {len(results)} outputs, and {len(bounds)} bounds")

    expect = {}
    outputs = [{**stored(name, result, steps, expect), "rel_l2": bound}
               for (name, bound), result in zip(bounds.items(), results)]
    case = {**{key: description["case"][key] for key in ("model", "variant", "config")},
            "eval": True, "weights": specs, "inputs": inputs, "outputs": outputs,
            "intermediates": [{**stored(name, value, steps, expect),
                               "of": description["taps"][name]} for name, value in seen.items()],
            "params": sum(p.numel() for p in network.parameters()), **description["case"]}
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "case.json").write_text(text_of(case))
    save(folder / "expect.safetensors", expect)


if __name__ == "__main__":
    main()
