/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sourcespec.h"

#include <gio/gio.h>
#include <string.h>

static const char *const rtsp_schemes[] = {"rtsp", "rtsps", "rtspt", NULL};
static const char *const other_schemes[] = {"http", "https", "file", NULL};

static gboolean has_scheme(const VdtSourceSpec *spec, const char *const *schemes)
{
    g_autofree char *scheme = spec->uri ? g_uri_parse_scheme(spec->uri) : NULL;
    g_autofree char *lower = scheme ? g_ascii_strdown(scheme, -1) : NULL;

    return lower && g_strv_contains(schemes, lower);
}

gboolean vdt_source_check(const VdtSourceSpec *spec, GError **error)
{
    g_autoptr(GUri) uri = NULL;

    if (!!spec->uri + !!spec->launch + !!spec->build != 1) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "a source has either an address or elements, and this one has %s",
                    spec->uri || spec->launch ? "both" : "neither");
        return FALSE;
    }
    if (!spec->user != !spec->password) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "a source has user and password, or neither, and this one has no %s",
                    spec->user ? "password" : "user");
        return FALSE;
    }
    if (!spec->uri)
        return TRUE;
    if (!has_scheme(spec, rtsp_schemes) && !has_scheme(spec, other_schemes)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "the address of a source begins with rtsp://, rtsps://, http://, https:// or "
                    "file://");
        return FALSE;
    }
    /* Its own message would quote the address. */
    uri = g_uri_parse(spec->uri, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED, NULL);
    if (!uri) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "the address of the source is none");
        return FALSE;
    }
    if (g_uri_get_userinfo(uri)) {
        g_set_error(
            error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
            "user and password stand apart from the address of a source, or it could not be "
            "shown");
        return FALSE;
    }
    return TRUE;
}

VdtSourceSpec *vdt_source_spec_copy(const VdtSourceSpec *spec)
{
    VdtSourceSpec *copy = g_memdup2(spec, sizeof *spec);

    copy->uri = g_strdup(spec->uri);
    copy->launch = g_strdup(spec->launch);
    copy->shown = g_strdup(spec->shown);
    if (spec->build_ref)
        copy->build_data = spec->build_ref(spec->build_data);
    copy->user = g_strdup(spec->user);
    copy->password = g_strdup(spec->password);
    return copy;
}

void vdt_source_spec_free(VdtSourceSpec *spec)
{
    if (spec->password)
        explicit_bzero((char *)spec->password, strlen(spec->password));
    g_free((char *)spec->uri);
    g_free((char *)spec->launch);
    g_free((char *)spec->shown);
    if (spec->build_unref)
        spec->build_unref(spec->build_data);
    g_free((char *)spec->user);
    g_free((char *)spec->password);
    g_free(spec);
}

char *vdt_source_describe(const VdtSourceSpec *spec)
{
    if (spec->uri)
        return g_strndup(spec->uri, strcspn(spec->uri, "?#"));
    return g_strdup(spec->shown ? spec->shown : "its elements");
}

gboolean vdt_source_is_rtsp(const VdtSourceSpec *spec)
{
    return has_scheme(spec, rtsp_schemes);
}

gboolean vdt_source_is_file(const VdtSourceSpec *spec)
{
    return has_scheme(spec, other_schemes);
}
