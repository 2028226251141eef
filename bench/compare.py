#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Times networks here, in ONNX Runtime and in OpenVINO, turn by turn; JSON lines on stdout.

    compare.py --build DIR --peers DIR [--rounds 9] [--runs 12] [--threads 2] [--network VARIANT]

Each round runs every contender once, in a process of its own, and begins with another one, so that
whatever else the machine does hits all alike. The figure of a contender is its fastest run in all
rounds; round_min_ms shows how far the rounds lie apart. A network of several tiles at once makes as
many times fewer runs. ONNX Runtime's CPU provider has no bfloat16, and quantising a network for it
is another's work: all precisions here are held against its float32. OpenVINO has all three,
bfloat16 where the CPU has it, and int8 as NNCF quantises it: each is held against its own.

Then the build's own benchmark programs run, each line with the program's name as "bench".
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# architecture, variant, the same network as an ONNX graph without weights, for so many clips,
# pictures or tiles at once
NETWORKS = [("squeezetime", "r50-k400", "squeezetime-r50-k400-224.onnx", 1),
            ("cgrseg", "T-ade20k", "cgrseg-T-512.onnx", 1),
            ("cgrseg", "B-ade20k", "cgrseg-B-512.onnx", 1),
            ("tocom", "deit_t", "deit-t-224.onnx", 1),
            ("tocom", "deit_s", "deit-s-224.onnx", 1),
            ("tocom", "deit_b", "deit-b-224.onnx", 1),
            ("slab", "slab_deit_t", "slab-deit-t-224-folded.onnx", 1),
            ("slab", "slab_swin_t", "slab-swin-t-224-folded.onnx", 1),
            ("ipt", "ipt-x1", "ipt-x1-48-b8.onnx", 8)]
PRECISIONS = ["f32", "bf16", "int8"]


def say(text):
    print(text, file=sys.stderr, flush=True)


def emit(**line):
    print(json.dumps({k: v for k, v in line.items() if v is not None}), flush=True)


def run_json(command):
    """What a program says on stdout, its last line read as JSON."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"compare.py: {' '.join(map(str, command))} failed ({done.returncode})")
    return json.loads(done.stdout.decode().strip().splitlines()[-1])


def full_graph(peers, graph):
    """The ONNX graph with weights put in, made once."""
    source = HERE / "graphs" / graph
    full = peers / graph
    if not full.exists() or full.stat().st_mtime < source.stat().st_mtime:
        say(f"Filling {graph} with weights")
        subprocess.run([sys.executable, HERE / "onnx-weights.py", "fill", source, full], check=True)
    return full


def compare(options, arch, variant, graph, batch, peak):
    contenders = {}
    runs = max(1, options.runs // batch)
    for precision in PRECISIONS:
        contenders["vedette", precision] = [
            options.build / "cli" / "vedette", "bench", "--arch", arch, "--variant", variant,
            "--batch", batch, "--threads", options.threads, "--precision", precision,
            "--runs", runs]
    if (options.peers / "node_modules" / "onnxruntime-node").is_dir():
        contenders["onnxruntime", "f32"] = [
            "node", HERE / "peer-ort.mjs", options.peers, full_graph(options.peers, graph),
            options.threads, runs]
    else:
        say(f"There is no onnxruntime-node in {options.peers}: no ratios to it")
    openvino = options.peers / "openvino" / "bin" / "python"
    if openvino.exists() and (options.peers / "openvino" / "version").exists():
        peer = [openvino, HERE / "peer-openvino.py"]
        for precision in run_json(peer + ["precisions"]):
            command = peer + [full_graph(options.peers, graph), options.threads]
            contenders["openvino", precision] = command + [runs, precision]
            if precision == "int8":
                run_json(command + [1, precision])  # quantises, if that has not been done
    else:
        say(f"There is no OpenVINO in {options.peers}: no ratios to it")

    results = {key: [] for key in contenders}
    order = list(contenders)
    for number in range(options.rounds):
        for key in order[number % len(order):] + order[:number % len(order)]:
            results[key].append(run_json(contenders[key]))
        say(f"{arch} {variant}, round {number + 1} of {options.rounds}: " + ", ".join(
            f"{name} {precision} {results[name, precision][-1]['min_ms']:.2f} ms"
            for name, precision in order))

    macs = results["vedette", "f32"][0]["macs"]
    best = {}
    for (engine, precision), lines in results.items():
        fastest = min(lines, key=lambda line: line["min_ms"])
        best[engine, precision] = fastest["min_ms"]
        rate = 2 * macs / fastest["min_ms"] / 1e6
        # Without bf16 arithmetic in the CPU, the limit is that of f32, as it is for int8, for want
        # of a better one.
        limit = peak.get(precision + "_gflops", peak["f32_gflops"])
        emit(bench="network", engine=engine, version=fastest.get("version"), arch=arch,
             variant=variant, precision=precision, threads=options.threads,
             batch=batch, rounds=options.rounds, runs=runs,
             min_ms=round(fastest["min_ms"], 3),
             median_ms=round(statistics.median(line["median_ms"] for line in lines), 3),
             round_min_ms=[round(line["min_ms"], 2) for line in lines],
             gmacs=round(macs / 1e9, 3), gflops=round(rate, 1), peak_share=round(rate / limit, 3),
             peak_rss_mb=round(max(line["peak_rss_mb"] for line in lines), 1))
    for precision in PRECISIONS:
        for peer in (("onnxruntime", "f32"), ("openvino", precision)):
            if peer in best:
                emit(bench="ratio", arch=arch, variant=variant, precision=precision,
                     threads=options.threads, peer=peer[0], peer_precision=peer[1],
                     ratio=round(best["vedette", precision] / best[peer], 3))


def compare_training(options):
    """A step of training, here and in PyTorch, on the network that learns the street."""
    sizes = [HERE / "train.json", 16, 192, 112, max(3, options.runs // 2)]
    contenders = {"vedette": ["env", f"VEDETTE_THREADS={options.threads}",
                              options.build / "bench" / "bench-train", "squeezetime", *sizes]}
    # Debian's PyTorch is of Debian's Python, whichever is first in the path.
    if subprocess.run(["/usr/bin/python3", "-c", "import torch"], capture_output=True,
                      check=False).returncode == 0:
        contenders["pytorch"] = ["/usr/bin/python3", HERE / "peer-torch.py", *sizes,
                                 "--threads", options.threads]
    else:
        say("There is no PyTorch: no ratio for training")
    results = {name: [] for name in contenders}
    order = list(contenders)
    for number in range(max(1, options.rounds // 2)):
        for name in order[number % len(order):] + order[:number % len(order)]:
            results[name].append(run_json(contenders[name]))
        say("training step: " + ", ".join(
            f"{name} {lines[-1]['min_ms']:.1f} ms" for name, lines in results.items()))
    best = {name: min(line["min_ms"] for line in lines) for name, lines in results.items()}
    memory = {name: max(line["peak_rss_mb"] for line in lines) for name, lines in results.items()}
    for name, lines in results.items():
        emit(bench="train", engine=lines[0].get("engine", name), threads=options.threads,
             batch=sizes[1], width=sizes[2], height=sizes[3], min_ms=best[name],
             round_min_ms=[line["min_ms"] for line in lines], peak_rss_mb=memory[name])
    if "pytorch" in best:
        emit(bench="ratio", what="training step", threads=options.threads, peer="pytorch",
             ratio=round(best["vedette"] / best["pytorch"], 3),
             memory_ratio=round(memory["vedette"] / memory["pytorch"], 3))


def run_programs(build):
    """Meson's benchmarks; their lines of JSON stand in its log."""
    say("Benchmark programs")
    done = subprocess.run(["meson", "test", "-C", build, "--benchmark", "--no-rebuild",
                           "--logbase", "benchmarks"], stdout=sys.stderr, check=False)
    log = build / "meson-logs" / "benchmarks.json"
    for entry in map(json.loads, log.read_text().splitlines()):
        name = entry["name"].split(" / ")[-1]
        for line in (entry.get("stdout") or "").splitlines():
            if line.startswith("{"):
                emit(**{"bench": name, **json.loads(line)})
    if done.returncode != 0:
        sys.exit("compare.py: a benchmark program failed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--peers", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--network", metavar="VARIANT",
                        choices=[variant for _, variant, _, _ in NETWORKS],
                        help="this one only, and nothing else")
    options = parser.parse_args()
    if min(options.rounds, options.runs, options.threads) < 1:
        parser.error("--rounds, --runs and --threads are at least 1")

    peak = run_json([options.build / "bench" / "vedette-peak", options.threads])
    emit(**peak)
    for arch, variant, graph, batch in NETWORKS:
        if options.network in (None, variant):
            compare(options, arch, variant, graph, batch, peak)
    if options.network:
        return
    compare_training(options)
    run_programs(options.build)


if __name__ == "__main__":
    main()
