/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A template: each of its parts, with the values that its parameters have by themselves. */
#include <string.h>

#include "fuzz.h"
#include "pipeline/expand.h"

static void expand(const VdtTemplate *t, GArray *scope)
{
    for (guint i = 0; i < t->sections->len; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = vdt_template_expand(t, t->sections->pdata[i], scope, i % 2, &error);
        g_assert((text == NULL) == (error != NULL));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autofree char *text = g_malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    g_autoptr(VdtTemplate) t = vdt_template_parse("fuzz", "fuzz", text, size, problems);
    g_assert((t == NULL) == (vdt_problems_count(problems) > 0));
    if (t == NULL)
        return 0;
    g_autoptr(GArray) scope = g_array_new(FALSE, FALSE, sizeof(VdtBinding));
    VdtOption *values = g_new0(VdtOption, t->parameters->len + 1);
    for (guint i = 0; i < t->parameters->len; i++) {
        const VdtKey *key = t->parameters->pdata[i];
        VdtBinding binding = {key->name, &key->spec, &values[i]};
        g_assert(key->spec.unset == NULL || vdt_option_parse(&key->spec, "", &values[i], NULL));
        g_array_append_val(scope, binding);
    }
    expand(t, scope);
    vdt_options_free(values, t->parameters->len);
    return 0;
}
