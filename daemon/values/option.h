/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values that people write into files, by type: what is allowed, what it means, how it is shown.
 *
 * The same types serve keys of the configuration and parameters of pipelines.
 */
#pragma once

#include <gio/gio.h>

/* Text of more bytes is no value. */
#define VDT_OPTION_MOST_BYTES 32768

typedef enum {
    /* Numbers: */
    VDT_OPTION_BOOL,     /* yes, no, true, false, on, off, 1, 0 */
    VDT_OPTION_INT,      /* 12 */
    VDT_OPTION_FLOAT,    /* 0.5 */
    VDT_OPTION_DURATION, /* 500ms, 5s, 2min, 1h 30min; kept in microseconds */
    VDT_OPTION_BYTES,    /* 512, 64K, 2G, by 1024; kept in bytes */
    /* and what is none: */
    VDT_OPTION_ENUM, /* one of the choices */
    VDT_OPTION_STRING,
    VDT_OPTION_NAME,     /* of a thing: letters, digits, -, _ and . */
    VDT_OPTION_LIST,     /* names, or some of the choices, separated by semicolons */
    VDT_OPTION_PATH,     /* from / on */
    VDT_OPTION_URI,      /* with a scheme; user and password are kept apart */
    VDT_OPTION_MODEL,    /* name of a model, or path of its card */
    VDT_OPTION_SIZE,     /* 640x360 */
    VDT_OPTION_REGION,   /* x, y, width, height in shares of a picture */
    VDT_OPTION_ZONES,    /* as tasks/zones.h has them */
    VDT_OPTION_LINES,    /* too */
    VDT_OPTION_SCHEDULE, /* as schedule.h has them */
    VDT_OPTION_TIMEZONE, /* Europe/Berlin */
} VdtOptionType;
#define VDT_OPTION_N_TYPES (VDT_OPTION_TIMEZONE + 1)

/* What is allowed. Everything is text, as a file would have it; NULL where it does not matter. */
typedef struct {
    VdtOptionType type;
    const char *min, *max; /* of INT, FLOAT, DURATION, BYTES; both or neither */
    const char *choices;   /* of ENUM, and of LIST if it has any, separated by blanks */
    const char *unset; /* what it is if nobody says; "" for nothing, NULL if somebody must say */
} VdtOptionSpec;

/* A value that was allowed. With no text it is unset. */
typedef struct {
    char *text;            /* as it is used, without user and password */
    gint64 whole;          /* BOOL, INT, DURATION, BYTES */
    double real;           /* FLOAT */
    double region[4];      /* REGION */
    guint width, height;   /* SIZE */
    char **items;          /* LIST */
    char *user, *password; /* URI; never shown */
    char *file;            /* where it is written, NULL if nowhere */
    guint line;
} VdtOption;

/* Reads @text. The error is a sentence's end: "expected a whole number from 0 to 64"; it repeats
 * nothing of @text. An empty text is the value if nobody says. */
gboolean vdt_option_parse(const VdtOptionSpec *spec, const char *text, VdtOption *value,
                          GError **error);
void vdt_option_clear(VdtOption *value);
/* Whether they mean the same, wherever they are written. */
gboolean vdt_option_equal(const VdtOption *a, const VdtOption *b);

/* "a whole number from 0 to 64". Caller frees. */
char *vdt_option_expected(const VdtOptionSpec *spec);
/* Whether the limits and what it is unset are themselves allowed. */
gboolean vdt_option_spec_check(const VdtOptionSpec *spec, GError **error);

/* The type that a file calls "duration"; FALSE if there is none. */
gboolean vdt_option_type_from_name(const char *name, VdtOptionType *type);
const char *vdt_option_type_name(VdtOptionType type);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VdtOption, vdt_option_clear)

gboolean vdt_is_name(const char *text);
/* 1610612736 as "1.5G". Caller frees. */
char *vdt_bytes_show(guint64 bytes);
