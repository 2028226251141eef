/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys of the analysers of a stream. See ../keytable.h. */
#pragma once

#define VDT_RECOGNIZER_KEYS(X)                                                                     \
    X(MODEL, "model", MODEL, NULL, NULL, NULL, "", LIVE,                                           \
      "Name of an installed model, or path of a model card. If unset, the street model.")          \
    X(PRECISION, "precision", ENUM, NULL, NULL, "f32 bf16 int8", "f32", LIVE,                      \
      "Arithmetic of the network.")                                                                \
    X(INTERVAL, "interval", DURATION, "0s", "1h", NULL, "1s", LIVE,                                \
      "Time between two results; 0 for one for each new picture.")                                 \
    X(WINDOW, "window", DURATION, "0s", "1h", NULL, "0s", LIVE,                                    \
      "Time from the first to the last picture that the network sees; 0 for the model's own.")     \
    X(THRESHOLD, "threshold", FLOAT, "0", "1", NULL, "0.5", LIVE,                                  \
      "Score from which the best label starts an event.")                                          \
    X(HYSTERESIS, "hysteresis", FLOAT, "0", "1", NULL, "0.2", LIVE,                                \
      "How far below the threshold, or behind a better label, the score may fall before the "      \
      "event ends.")                                                                               \
    X(MIN_DURATION, "min-duration", DURATION, "0s", "1h", NULL, "0s", LIVE,                        \
      "Time that the same must be found for before an event starts, and be missing for before it " \
      "ends.")                                                                                     \
    X(TOP_K, "top-k", INT, "1", "1000", NULL, "5", LIVE, "Labels in a result, the best first.")    \
    X(FRAMING, "framing", ENUM, NULL, NULL, "model stretch crop fit", "model", LIVE,               \
      "How a picture is brought to the network's size.")                                           \
    X(REGION, "region", REGION, NULL, NULL, NULL, "", LIVE,                                        \
      "The part of the picture to look at. If unset, all of it.")

#define VDT_SEGMENTER_KEYS(X)                                                                      \
    X(MODEL, "model", MODEL, NULL, NULL, NULL, "", LIVE,                                           \
      "Name of an installed model, or path of a model card. If unset, the street model.")          \
    X(PRECISION, "precision", ENUM, NULL, NULL, "f32 bf16 int8", "f32", LIVE,                      \
      "Arithmetic of the network.")                                                                \
    X(RESOLUTION, "resolution", SIZE, NULL, NULL, NULL, "", LIVE,                                  \
      "Size of the network's picture. If unset, the model's own.")                                 \
    X(INTERVAL, "interval", DURATION, "0s", "1h", NULL, "", LIVE,                                  \
      "Time between two results; 0 for one for each new picture. If unset, 1s, or 100ms where "    \
      "objects are followed.")                                                                     \
    X(MIN_DURATION, "min-duration", DURATION, "0s", "1h", NULL, "0s", LIVE,                        \
      "Time that a class must be in a zone for before it has come, and out of it before it has "   \
      "left.")                                                                                     \
    X(CLASSES, "classes", STRING, NULL, NULL, NULL, "", LIVE,                                      \
      "Labels or numbers of the classes to report, separated by commas. If unset, all.")           \
    X(MIN_AREA, "min-area", FLOAT, "0", "1", NULL, "0", LIVE,                                      \
      "Share of the picture from which a class is reported.")                                      \
    X(SMOOTHING, "smoothing", FLOAT, "0", "0.99", NULL, "0", LIVE,                                 \
      "How much of a result is what was found before.")                                            \
    X(ZONES, "zones", ZONES, NULL, NULL, NULL, "", LIVE,                                           \
      "Parts of the picture that classes come into and leave, in shares of it.")                   \
    X(ZONE_SHARE, "zone-share", FLOAT, "0.000001", "1", NULL, "0.05", LIVE,                        \
      "Share of a zone from which a class is in it.")                                              \
    X(ZONE_HYSTERESIS, "zone-hysteresis", FLOAT, "0", "1", NULL, "0.5", LIVE,                      \
      "How much of zone-share a class may lose until it has left.")                                \
    X(OBJECTS, "objects", BOOL, NULL, NULL, NULL, "no", LIVE,                                      \
      "Follow things from picture to picture, with numbers that they keep.")                       \
    X(OBJECT_CLASSES, "object-classes", STRING, NULL, NULL, NULL, "", LIVE,                        \
      "Labels or numbers of the classes whose regions are objects, separated by commas. If "       \
      "unset, the things that the model's card names.")                                            \
    X(OBJECT_MIN_AREA, "object-min-area", FLOAT, "0", "1", NULL, "0.002", LIVE,                    \
      "Share of the picture from which a region becomes an object.")                               \
    X(LINES, "lines", LINES, NULL, NULL, NULL, "", LIVE,                                           \
      "Lines that objects cross; in is from the left to the right of who looks from the first "    \
      "point to the second.")                                                                      \
    X(DWELL, "dwell", DURATION, "0s", "1d", NULL, "0s", LIVE,                                      \
      "Time after which an object that stays in a zone is told of; 0 for never.")                  \
    X(COUNT, "count", INT, "-1", "256", NULL, "-1", LIVE,                                          \
      "A zone is told of while more objects than that are in it; -1 for never.")                   \
    X(FRAMING, "framing", ENUM, NULL, NULL, "model stretch crop fit", "model", LIVE,               \
      "How a picture is brought to the network's size.")                                           \
    X(REGION, "region", REGION, NULL, NULL, NULL, "", LIVE,                                        \
      "The part of the picture to look at. If unset, all of it.")

#define VDT_CLASSIFIER_KEYS(X)                                                                     \
    X(MODEL, "model", MODEL, NULL, NULL, NULL, "", LIVE,                                           \
      "Name of an installed model, or path of a model card. If unset, slab-scene, or slab-object " \
      "for boxes.")                                                                                \
    X(PRECISION, "precision", ENUM, NULL, NULL, "f32 bf16 int8", "f32", LIVE,                      \
      "Arithmetic of the network.")                                                                \
    X(CLASSIFY, "classify", ENUM, NULL, NULL, "frame regions boxes", "frame", STREAM,              \
      "What is classified: the picture, parts of it, or the objects of the segmenter that has "    \
      "the "                                                                                       \
      "same name, or else of the first.")                                                          \
    X(REGIONS, "regions", ZONES, NULL, NULL, NULL, "", LIVE,                                       \
      "Parts of the picture that are classified one by one, in shares of it.")                     \
    X(MAX_BOXES, "max-boxes", INT, "1", "500", NULL, "64", LIVE,                                   \
      "Objects of a picture that are classified at most, the first ones.")                         \
    X(ELASTIC, "elastic", FLOAT, "0", "1", NULL, "0", LIVE,                                        \
      "Lowest share of tokens that the network may go down to when it is too slow; 0 for one "     \
      "that "                                                                                      \
      "runs as it was trained.")                                                                   \
    X(FROZEN_AFTER, "frozen-after", DURATION, "0s", "1h", NULL, "20s", LIVE,                       \
      "Time of one and the same picture after which the camera is called frozen, where all of "    \
      "the "                                                                                       \
      "picture is classified; 0 for never.")                                                       \
    X(INTERVAL, "interval", DURATION, "0s", "1h", NULL, "1s", LIVE,                                \
      "Time between two results; 0 for one for each new picture.")                                 \
    X(THRESHOLD, "threshold", FLOAT, "0", "1", NULL, "0.5", LIVE,                                  \
      "Score from which the best label starts an event.")                                          \
    X(HYSTERESIS, "hysteresis", FLOAT, "0", "1", NULL, "0.2", LIVE,                                \
      "How far below the threshold, or behind a better label, the score may fall before the "      \
      "event ends.")                                                                               \
    X(MIN_DURATION, "min-duration", DURATION, "0s", "1h", NULL, "0s", LIVE,                        \
      "Time that the same must be found for before an event starts, and be missing for before it " \
      "ends.")                                                                                     \
    X(TOP_K, "top-k", INT, "1", "1000", NULL, "5", LIVE,                                           \
      "Labels in a result, the best first; of each group of labels.")                              \
    X(FRAMING, "framing", ENUM, NULL, NULL, "model stretch crop fit", "model", LIVE,               \
      "How a picture is brought to the network's size.")                                           \
    X(REGION, "region", REGION, NULL, NULL, NULL, "", LIVE,                                        \
      "The part of the picture to look at, if all of it is classified. If unset, all of it.")
