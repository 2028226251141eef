/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A golden case, through all of vedette verify: case.json, a zero byte, expect.safetensors. */
#include <string.h>

#include "command.h"
#include "fuzz.h"
#include "memfile.h"

static void ignore(const char *text) {}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const guint8 *zero = size > 0 ? memchr(data, 0, size) : NULL;
    const gsize n = zero != NULL ? (gsize)(zero - data) : size;
    /* Both plans: what TRACE computes is compared in more places. */
    char *plan = (char *)(size % 2 == 0 ? "infer" : "trace");

    fuzz_named_file("case/case.json", data, n);
    fuzz_named_file("case/expect.safetensors", zero != NULL ? zero + 1 : data,
                    zero != NULL ? size - n - 1 : 0);
    g_autofree char *folder = g_build_filename(fuzz_folder(), "case", NULL);
    char *argv[] = {
        (char *)"verify", (char *)"--threads", (char *)"1", (char *)"--plan", plan, folder, NULL};
    /* Tests print by the first of these themselves. */
    GPrintFunc print = g_set_print_handler(ignore), printerr = g_set_printerr_handler(ignore);
    const int status = command_verify(G_N_ELEMENTS(argv) - 1, argv);
    g_set_print_handler(print);
    g_set_printerr_handler(printerr);
    g_assert(status == EXIT_DONE || status == EXIT_FAILED);
    return 0;
}
