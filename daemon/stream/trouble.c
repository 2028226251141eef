/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trouble.h"

#include <gio/gio.h>
#include <gst/gst.h>

/* What is not listed broke a connection. */
static const struct {
    VdtStreamEvent event;
    int code;
} resource_codes[] = {
    {VDT_STREAM_REFUSED, GST_RESOURCE_ERROR_OPEN_READ},
    {VDT_STREAM_REFUSED, GST_RESOURCE_ERROR_OPEN_WRITE},
    {VDT_STREAM_REFUSED, GST_RESOURCE_ERROR_OPEN_READ_WRITE},
    {VDT_STREAM_REFUSED, GST_RESOURCE_ERROR_BUSY},
    {VDT_STREAM_AUTH, GST_RESOURCE_ERROR_NOT_AUTHORIZED},
    {VDT_STREAM_NOT_FOUND, GST_RESOURCE_ERROR_NOT_FOUND},
};
static const int stream_codes[] = {
    GST_STREAM_ERROR_NOT_IMPLEMENTED, GST_STREAM_ERROR_TYPE_NOT_FOUND,
    GST_STREAM_ERROR_WRONG_TYPE,      GST_STREAM_ERROR_CODEC_NOT_FOUND,
    GST_STREAM_ERROR_DECRYPT,         GST_STREAM_ERROR_DECRYPT_NOKEY,
};

VdtStreamEvent vdt_trouble_classify(const GError *error)
{
    if (error->domain == GST_RESOURCE_ERROR) {
        for (guint i = 0; i < G_N_ELEMENTS(resource_codes); i++)
            if (resource_codes[i].code == error->code)
                return resource_codes[i].event;
    } else if (error->domain == GST_STREAM_ERROR) {
        for (guint i = 0; i < G_N_ELEMENTS(stream_codes); i++)
            if (stream_codes[i] == error->code)
                return VDT_STREAM_UNSUPPORTED;
    } else if (error->domain == GST_CORE_ERROR || error->domain == GST_PARSE_ERROR) {
        return VDT_STREAM_UNSUPPORTED;
    } else if (error->domain == G_TLS_ERROR) {
        return VDT_STREAM_UNTRUSTED;
    }
    return VDT_STREAM_LOST;
}

char *vdt_trouble_describe(VdtStreamEvent event, const GError *error)
{
    const char *message = error ? error->message : "no reason given";

    switch (event) {
    case VDT_STREAM_REFUSED:
        return g_strdup("there is no connection to be had");
    case VDT_STREAM_AUTH:
        return g_strdup("user or password are refused");
    case VDT_STREAM_UNTRUSTED:
        return g_strdup_printf("its certificate is not to be trusted: %s", message);
    case VDT_STREAM_NOT_FOUND:
        return g_strdup("it answers, but has no such stream");
    case VDT_STREAM_UNSUPPORTED:
        return g_strdup_printf("what it offers cannot be read: %s", message);
    case VDT_STREAM_ENDED:
        return g_strdup("it ended the stream");
    case VDT_STREAM_RECODED:
        return g_strdup("it sends another codec now, for which the pipeline is built anew");
    case VDT_STREAM_CRASH:
        return g_strdup_printf("its pipeline broke: %s", message);
    default:
        return g_strdup_printf("the connection broke: %s", message);
    }
}
