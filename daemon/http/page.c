/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page: files of data/page/, for whoever comes. What it shows it asks for. */
#include <string.h>

#include "files.h"
#include "routes.h"

static const struct {
    const char *suffix, *type;
} types[] = {{".html", "text/html; charset=utf-8"},
             {".css", "text/css; charset=utf-8"},
             {".js", "text/javascript; charset=utf-8"},
             {".svg", "image/svg+xml"}};

static void answer_file(VdtRequest *request, const char *name)
{
    g_autofree char *path = g_strconcat("page/", name, NULL);
    g_autoptr(GBytes) file = strchr(name, '/') == NULL ? vdt_http_file(path) : NULL;
    for (guint i = 0; file != NULL && i < G_N_ELEMENTS(types); i++) {
        gsize n;
        const char *text = g_bytes_get_data(file, &n);
        if (!g_str_has_suffix(name, types[i].suffix))
            continue;
        vdt_answer_text(request, 200, types[i].type, text, n);
        return;
    }
    vdt_answer_problem(request, 404, "there is no such file");
}

void vdt_handle_page(VdtRequest *request)
{
    answer_file(request, "index.html");
}

void vdt_handle_page_file(VdtRequest *request)
{
    answer_file(request, request->args[0]);
}
