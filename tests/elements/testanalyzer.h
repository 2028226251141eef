/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An analyser without a network, for tests of the base: it takes as long as it is told, and finds
 * what it is told. Fields are read by both of the element's threads; set them before, or
 * atomically.
 */
#pragma once

#include "analyzer/vdtanalyzer.h"

#define TEST_TYPE_ANALYZER (test_analyzer_get_type())
G_DECLARE_FINAL_TYPE(TestAnalyzer, test_analyzer, TEST, ANALYZER, VdtAnalyzer)

struct _TestAnalyzer {
    VdtAnalyzer parent;

    gint min_frames; /* frames of a window */
    gint busy_ms;    /* of an analysis; it looks at its cancellable every millisecond */
    gboolean gated;  /* an analysis ends only with a permit, which it uses up */
    gint permits;
    gint class_id; /* found by the next analyses; -1 makes them fail */
    gint permille; /* its score */
    gboolean no_network;

    gint looked, windows, analysed, cancelled, prepared;
    gint window_frames; /* looked at since the last reset */
    GstClockTime newest;
};

/* A new test analyser, floating. */
TestAnalyzer *test_analyzer_new(void);
