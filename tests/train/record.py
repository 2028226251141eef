#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Records what PyTorch computes, for the tests of training.

    tests/train/record.py tests/train

writes optimizers.safetensors and squeezetime.safetensors there. It needs PyTorch (1.13.1 made the
files in the tree; Debian: python3-torch) and nothing else; the tests need neither. Everything that
goes in follows from names by the recipe of vdt_tensor_fill_uniform(), so only results are stored.

The networks run in double, so that what is recorded is what should come out and not one more
rounding of it.
"""
import json
import math
import os
import struct
import sys

import torch
from torch import nn
from torch.nn import functional

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench"))
from squeezetime_torch import Network

MASK = (1 << 64) - 1


def uniform(name, shape, low, high):
    """vdt_tensor_fill_uniform() of a float32 tensor."""
    stream = 0xCBF29CE484222325
    for byte in name.encode():
        stream = (stream ^ byte) * 0x100000001B3 & MASK
    values = []
    for i in range(math.prod(shape)):
        z = stream + (i + 1) * 0x9E3779B97F4A7C15 & MASK
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
        z ^= z >> 31
        values.append(low + (z >> 40) * 2.0**-24 * (high - low))
    return torch.tensor(values, dtype=torch.float64).to(torch.float32).reshape(shape)


def save(path, tensors):
    """A .safetensors file of float32 tensors."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        bits = tensor.detach().to(torch.float32).contiguous().numpy().tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(bits)],
        }
        data += bits
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


# Optimisers: steps on given gradients.

STEPS = 6
SHAPES = {"matrix": (7, 5), "vector": (11,)}


def cosine(step, rate, steps, warmup, start, final):
    if step < warmup:
        return rate * (start + (1 - start) * step / warmup)
    progress = (step - warmup) / (steps - warmup)
    return rate * (final + (1 - final) * 0.5 * (1 + math.cos(math.pi * progress)))


# Name: optimiser, its options, decay of vectors, largest norm (0: any), rate of "vector"
OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {}, True, 0, 1),
    "sgd-momentum": (torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.05}, True, 2, 1),
    "sgd-slow": (torch.optim.SGD, {"momentum": 0.8, "weight_decay": 0.1}, False, 3, 0.1),
    "adamw": (torch.optim.AdamW, {"weight_decay": 0.1}, False, 1.5, 1),
    "adamw-other": (
        torch.optim.AdamW,
        {"betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.2},
        True,
        0,
        0.25,
    ),
}


def record_optimizer(name, kind, options, decay_vectors, max_norm, slow):
    params = {k: nn.Parameter(uniform(f"{name}:{k}", s, -1, 1)) for k, s in SHAPES.items()}
    groups = [
        {"params": [params["matrix"]], "factor": 1},
        {"params": [params["vector"]], "factor": slow},
    ]
    if not decay_vectors:
        groups[1]["weight_decay"] = 0
    optimizer = kind(groups, lr=1, **options)
    results = {}
    for step in range(STEPS):
        for k, p in params.items():
            p.grad = uniform(f"{name}:{k}:{step}", SHAPES[k], -1 - step, 1)
        norm = torch.sqrt(sum((p.grad.double() ** 2).sum() for p in params.values()))
        if max_norm:
            nn.utils.clip_grad_norm_(params.values(), max_norm)
        for group in optimizer.param_groups:
            group["lr"] = cosine(step, 0.1, STEPS, 2, 0.25, 0.01) * group["factor"]
        optimizer.step()
        results[f"{name}:norm:{step}"] = norm.reshape(1)
    for k, p in params.items():
        results[f"{name}:{k}"] = p
    return results


# SqueezeTime, small, in bench/squeezetime_torch.py.

CONFIG = {"layers": (1, 1, 1, 1), "planes": (16, 16, 32, 32), "expansion": 4, "frames": 4,
          "pos_dim": (8, 4, 2, 1), "num_classes": 5}
SIDE, BATCH = 64, 4


def fill_param(name, tensor):
    """The same rule as in test-parity.c. Branches are quiet and so is the classifier: where
    gradients are large, steps across the kinks of ReLUs make any two float32 programs part."""
    shape = tuple(tensor.shape)
    if name.endswith("running_var"):
        low, high = 0.5, 1.5
    elif name.endswith("running_mean") or name.endswith("bias"):
        low, high = -0.1, 0.1
    elif name.endswith("pos_embed"):
        low, high = -0.5, 0.5
    elif name.endswith("bn3.weight"):
        low, high = 0.1, 0.5
    elif len(shape) == 1:
        low, high = 0.5, 1.5
    elif name.endswith("fc_cls.weight"):
        low, high = -0.05, 0.05
    else:
        high = math.sqrt(6 / math.prod(shape[1:]))
        low = -high
    tensor.data.copy_(uniform(name, shape, low, high))


def make_clip(i):
    """Squares of one colour, so that there is something to see; the clips differ in brightness,
    which is what a batch norm over means sees."""
    shape = (3, CONFIG["frames"], SIDE // 8, SIDE // 8)
    squares = uniform(f"clip{i}", shape, -1, 1 + i)
    return squares.repeat_interleave(8, 2).repeat_interleave(8, 3)


def record_network():
    network = Network(CONFIG).double().train()
    state = {k: v for k, v in network.state_dict().items() if not k.endswith("_tracked")}
    for name, tensor in state.items():
        fill_param(name, tensor)
    clips = torch.stack([make_clip(i) for i in range(BATCH)]).double()
    labels = torch.tensor([i * 3 % CONFIG["num_classes"] for i in range(BATCH)])
    optimizer = torch.optim.SGD(network.parameters(), lr=0.015, momentum=0.9, weight_decay=7e-5)
    results, losses = {}, []
    for step in range(10):
        optimizer.zero_grad()
        loss = functional.cross_entropy(network(clips), labels, label_smoothing=0.1)
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            for name, param in network.named_parameters():
                results[f"gradient:{name}"] = param.grad.clone()
        norm = nn.utils.clip_grad_norm_(network.parameters(), 2)
        results.setdefault("norm", norm.reshape(1))
        optimizer.step()
    results["losses"] = torch.tensor(losses, dtype=torch.float64)
    # the running statistics of one layer in the middle, and one parameter, after all steps
    for name in ("layer2.0.bn2.running_mean", "layer2.0.bn2.running_var", "layer4.0.bn3.weight"):
        results[f"after:backbone.net.{name}"] = network.state_dict()[f"backbone.net.{name}"]
    return results


def main():
    folder = sys.argv[1]
    torch.manual_seed(0)
    results = {}
    for name, row in OPTIMIZERS.items():
        results.update(record_optimizer(name, *row))
    save(os.path.join(folder, "optimizers.safetensors"), results)
    results = record_network()
    print(results["losses"].tolist(), results["norm"].item())
    save(os.path.join(folder, "squeezetime.safetensors"), results)


if __name__ == "__main__":
    main()
