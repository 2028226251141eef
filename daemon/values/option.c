/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "option.h"

#include <math.h>
#include <string.h>

#include "nearest.h"
#include "schedule.h"
#include "zones.h"

#define MOST_SIDE  16384
#define MOST_WHOLE 9e15 /* exact as double */
#define NAME_BYTES 64

static const char *const type_names[VDT_OPTION_N_TYPES] = {
    "bool", "int", "float", "duration", "bytes",  "enum",  "string", "name",     "list",
    "path", "uri", "model", "size",     "region", "zones", "lines",  "schedule", "timezone",
};

typedef struct {
    const char *name;
    double factor;
} Unit;

static const Unit durations[] = {{"us", 1},     {"ms", 1e3},   {"s", 1e6},
                                 {"min", 60e6}, {"h", 3600e6}, {"d", 86400e6}};
static const Unit sizes[] = {{"K", 1024.0}, {"M", 1048576.0}, {"G", 1073741824.0}, {"T", 0x1p40}};

const char *vdt_option_type_name(VdtOptionType type)
{
    return type_names[type];
}

gboolean vdt_option_type_from_name(const char *name, VdtOptionType *type)
{
    for (guint i = 0; i < VDT_OPTION_N_TYPES; i++)
        if (strcmp(type_names[i], name) == 0) {
            *type = i;
            return TRUE;
        }
    return FALSE;
}

gboolean vdt_is_name(const char *text)
{
    gsize n = strlen(text);
    if (n < 1 || n > NAME_BYTES || !g_ascii_isalnum(*text))
        return FALSE;
    for (gsize i = 0; i < n; i++)
        if (!g_ascii_isalnum(text[i]) && strchr("-_.", text[i]) == NULL)
            return FALSE;
    return TRUE;
}

static gboolean take_number(const char **at, double *number)
{
    const char *start = *at;
    while (g_ascii_isdigit(**at))
        (*at)++;
    if (*at == start)
        return FALSE;
    if (**at == '.' && g_ascii_isdigit((*at)[1]))
        for ((*at)++; g_ascii_isdigit(**at);)
            (*at)++;
    g_autofree char *digits = g_strndup(start, *at - start);
    *number = g_ascii_strtod(digits, NULL);
    return TRUE;
}

static const Unit *take_unit(const char **at, const Unit *units, guint n)
{
    const char *start = *at;
    while (g_ascii_isalpha(**at))
        (*at)++;
    for (guint i = 0; i < n; i++)
        if (strlen(units[i].name) == (gsize)(*at - start) &&
            strncmp(units[i].name, start, *at - start) == 0)
            return &units[i];
    return NULL;
}

static gboolean parse_duration(const char *text, gint64 *us)
{
    double sum = 0, number;
    if (strcmp(text, "0") == 0) {
        *us = 0;
        return TRUE;
    }
    do {
        while (*text == ' ')
            text++;
        if (!take_number(&text, &number))
            return FALSE;
        while (*text == ' ')
            text++;
        const Unit *unit = take_unit(&text, durations, G_N_ELEMENTS(durations));
        if (unit == NULL)
            return FALSE;
        sum += number * unit->factor;
    } while (*text != '\0');
    *us = (gint64)fmin(round(sum), MOST_WHOLE);
    return sum <= MOST_WHOLE;
}

static gboolean parse_bytes(const char *text, gint64 *bytes)
{
    double number, factor = 1;
    if (!take_number(&text, &number))
        return FALSE;
    if (*text != '\0') {
        const Unit *unit = take_unit(&text, sizes, G_N_ELEMENTS(sizes));
        if (unit == NULL || *text != '\0')
            return FALSE;
        factor = unit->factor;
    }
    *bytes = (gint64)fmin(round(number * factor), MOST_WHOLE);
    return number * factor <= MOST_WHOLE;
}

static gboolean parse_float(const char *text, double *real)
{
    char *end;
    if (*text == '\0' || text[strspn(text, "0123456789.eE+-")] != '\0')
        return FALSE;
    *real = g_ascii_strtod(text, &end);
    return *end == '\0' && isfinite(*real);
}

static gboolean parse_bool(const char *text, gint64 *truth)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strcasecmp(text, words[i]) == 0) {
            *truth = i % 2;
            return TRUE;
        }
    return FALSE;
}

static gboolean parse_number(VdtOptionType type, const char *text, VdtOption *value)
{
    switch (type) {
    case VDT_OPTION_INT:
        return g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &value->whole, NULL);
    case VDT_OPTION_DURATION:
        return parse_duration(text, &value->whole);
    case VDT_OPTION_BYTES:
        return parse_bytes(text, &value->whole);
    default:
        return parse_float(text, &value->real);
    }
}

static gboolean parse_size(const char *text, VdtOption *value)
{
    g_auto(GStrv) sides = g_strsplit(text, "x", 3);
    guint64 width, height;
    if (g_strv_length(sides) != 2 ||
        !g_ascii_string_to_unsigned(sides[0], 10, 1, MOST_SIDE, &width, NULL) ||
        !g_ascii_string_to_unsigned(sides[1], 10, 1, MOST_SIDE, &height, NULL))
        return FALSE;
    value->width = width;
    value->height = height;
    return TRUE;
}

static gboolean parse_region(const char *text, VdtOption *value)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", 5);
    if (g_strv_length(parts) != 4)
        return FALSE;
    for (guint i = 0; i < 4; i++)
        if (!parse_float(g_strstrip(parts[i]), &value->region[i]) || value->region[i] < 0)
            return FALSE;
    const double *r = value->region;
    return r[2] > 0 && r[3] > 0 && r[0] + r[2] <= 1 + 1e-9 && r[1] + r[3] <= 1 + 1e-9;
}

static gboolean is_choice(const char *choices, const char *text)
{
    g_auto(GStrv) each = g_strsplit(choices, " ", -1);
    return g_strv_contains((const char *const *)each, text);
}

static gboolean parse_list(const char *text, const char *choices, VdtOption *value)
{
    g_auto(GStrv) parts = g_strsplit(text, ";", -1);
    g_autoptr(GStrvBuilder) items = g_strv_builder_new();
    for (guint i = 0; parts[i] != NULL; i++) {
        const char *item = g_strstrip(parts[i]);
        if (*item == '\0' && parts[i + 1] == NULL) /* the last one may end in a semicolon, too */
            break;
        if (!vdt_is_name(item) || (choices != NULL && !is_choice(choices, item)))
            return FALSE;
        g_strv_builder_add(items, item);
    }
    value->items = g_strv_builder_end(items);
    return TRUE;
}

/* GLib's own messages are not used: they repeat the text, which may be a password. */
static gboolean parse_uri(const char *text, VdtOption *value)
{
    g_autofree char *scheme = NULL, *user = NULL, *password = NULL, *host = NULL;
    if (strchr(text, ' ') != NULL ||
        !g_uri_split_with_user(
            text, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED,
            &scheme, &user, &password, NULL, &host, NULL, NULL, NULL, NULL, NULL) ||
        scheme == NULL)
        return FALSE;
    const char *authority = strstr(text, "://");
    if (user == NULL || authority == NULL)
        return TRUE;
    authority += strlen("://");
    gsize n = strcspn(authority, "/?#");
    const char *at = memrchr(authority, '@', n);
    if (at == NULL)
        return FALSE;
    value->user = g_uri_unescape_string(user, NULL);
    value->password = g_uri_unescape_string(password != NULL ? password : "", NULL);
    if (value->user == NULL || value->password == NULL)
        return FALSE;
    g_autofree char *front = g_strndup(text, authority - text);
    g_free(value->text);
    value->text = g_strconcat(front, at + 1, NULL);
    return TRUE;
}

/* GLib takes names of files, too. */
static gboolean is_timezone(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (!g_ascii_isalnum(*c) && strchr("/_-+", *c) == NULL)
            return FALSE;
    g_autoptr(GTimeZone) zone = *text != '/' ? g_time_zone_new_identifier(text) : NULL;
    return zone != NULL;
}

static gboolean parse_typed(const VdtOptionSpec *spec, const char *text, VdtOption *value)
{
    switch (spec->type) {
    case VDT_OPTION_BOOL:
        return parse_bool(text, &value->whole);
    case VDT_OPTION_INT:
    case VDT_OPTION_FLOAT:
    case VDT_OPTION_DURATION:
    case VDT_OPTION_BYTES:
        return parse_number(spec->type, text, value);
    case VDT_OPTION_ENUM:
        return is_choice(spec->choices, text);
    case VDT_OPTION_STRING:
    case VDT_OPTION_ZONES:
    case VDT_OPTION_LINES:
    case VDT_OPTION_SCHEDULE:
        return TRUE;
    case VDT_OPTION_TIMEZONE:
        return is_timezone(text);
    case VDT_OPTION_NAME:
        return vdt_is_name(text);
    case VDT_OPTION_LIST:
        return parse_list(text, spec->choices, value);
    case VDT_OPTION_PATH:
        return *text == '/';
    case VDT_OPTION_URI:
        return parse_uri(text, value);
    case VDT_OPTION_MODEL:
        return *text == '/' || vdt_is_name(text);
    case VDT_OPTION_SIZE:
        return parse_size(text, value);
    case VDT_OPTION_REGION:
        return parse_region(text, value);
    }
    return FALSE;
}

static gboolean in_range(const VdtOptionSpec *spec, const VdtOption *value)
{
    VdtOption min = {NULL}, max = {NULL};
    if (spec->min == NULL)
        return TRUE;
    return parse_number(spec->type, spec->min, &min) && parse_number(spec->type, spec->max, &max) &&
           value->whole >= min.whole && value->whole <= max.whole && value->real >= min.real &&
           value->real <= max.real;
}

/* Blanks around numbers and names mean nothing; what is text, and may go into the description of a
 * pipeline, has no character that could end it there (pipeline/expand.c). */
static const char *find_forbidden(const char *text)
{
    if (strlen(text) > VDT_OPTION_MOST_BYTES)
        return "too long";
    if (!g_utf8_validate(text, -1, NULL))
        return "not UTF-8";
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p))
        if (g_unichar_iscntrl(g_utf8_get_char(p)) || *p == '"' || *p == '\\')
            return "expected no control character, double quote or backslash";
    return NULL;
}

static gboolean refuse(const VdtOptionSpec *spec, const char *why, const char *text, GError **error)
{
    g_autofree char *expected = vdt_option_expected(spec);
    g_autofree char *hint = NULL;
    if (spec->type == VDT_OPTION_ENUM) {
        g_auto(GStrv) each = g_strsplit(spec->choices, " ", -1);
        hint = vdt_did_you_mean(text, (const char *const *)each);
    }
    g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "%s%s%s",
                why != NULL ? why : "expected ", why != NULL ? "" : expected,
                hint != NULL ? hint : "");
    return FALSE;
}

/* Of those that say themselves what is wrong. */
static gboolean check_parts(VdtOptionType type, const char *text, GError **error)
{
    if (type == VDT_OPTION_SCHEDULE) {
        g_autoptr(VdtSchedule) schedule = vdt_schedule_parse(text, error);
        return schedule != NULL;
    }
    if (type != VDT_OPTION_ZONES && type != VDT_OPTION_LINES)
        return TRUE;
    g_autoptr(VdtZones) places = type == VDT_OPTION_ZONES ? vdt_zones_parse(text, NULL, error)
                                                          : vdt_lines_parse(text, NULL, error);
    return places != NULL;
}

gboolean vdt_option_parse(const VdtOptionSpec *spec, const char *text, VdtOption *value,
                          GError **error)
{
    g_auto(VdtOption) parsed = {NULL};
    *value = (VdtOption){NULL};
    if (*text == '\0')
        text = spec->unset;
    if (text == NULL)
        return refuse(spec, NULL, "", error);
    if (*text == '\0')
        return TRUE;
    const char *forbidden = find_forbidden(text);
    if (forbidden != NULL)
        return refuse(spec, forbidden, "", error);
    parsed.text = g_strdup(text);
    if (!parse_typed(spec, text, &parsed) || !in_range(spec, &parsed))
        return refuse(spec, NULL, text, error);
    if (!check_parts(spec->type, text, error))
        return FALSE;
    *value = parsed;
    parsed = (VdtOption){NULL};
    return TRUE;
}

void vdt_option_clear(VdtOption *value)
{
    g_free(value->text);
    g_strfreev(value->items);
    g_free(value->user);
    g_free(value->password);
    g_free(value->file);
    *value = (VdtOption){NULL};
}

gboolean vdt_option_equal(const VdtOption *a, const VdtOption *b)
{
    if (g_strcmp0(a->user, b->user) != 0 || g_strcmp0(a->password, b->password) != 0)
        return FALSE;
    if (g_strcmp0(a->text, b->text) == 0)
        return TRUE;
    /* 60s is 1min, but two texts are two texts. */
    if (a->text == NULL || b->text == NULL)
        return FALSE;
    return (a->whole != 0 || a->real != 0 || b->whole != 0 || b->real != 0) &&
           a->whole == b->whole && a->real == b->real;
}

gboolean vdt_option_spec_check(const VdtOptionSpec *spec, GError **error)
{
    VdtOption limit = {NULL};
    gboolean is_number = spec->type == VDT_OPTION_INT || spec->type == VDT_OPTION_FLOAT ||
                         spec->type == VDT_OPTION_DURATION || spec->type == VDT_OPTION_BYTES;
    const char *limits[] = {spec->min, spec->max};
    const char *wrong = NULL;
    if ((spec->min == NULL) != (spec->max == NULL))
        wrong = "expected both limits, min and max, or none";
    else if (spec->min != NULL && !is_number)
        wrong = "expected limits of numbers only";
    else if (spec->choices != NULL ? spec->type != VDT_OPTION_ENUM && spec->type != VDT_OPTION_LIST
                                   : spec->type == VDT_OPTION_ENUM)
        wrong = "expected choices for an enum, and for nothing else but a list";
    for (guint i = 0; wrong == NULL && i < 2 && limits[i] != NULL; i++)
        if (!parse_number(spec->type, limits[i], &limit))
            wrong = "expected limits of the type";
    if (wrong != NULL) {
        g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "%s", wrong);
        return FALSE;
    }
    g_auto(VdtOption) value = {NULL};
    return spec->unset == NULL || *spec->unset == '\0' ||
           vdt_option_parse(spec, spec->unset, &value, error);
}

static char *between(const char *what, const VdtOptionSpec *spec)
{
    return spec->min == NULL ? g_strdup(what)
                             : g_strdup_printf("%s from %s to %s", what, spec->min, spec->max);
}

static char *join_choices(const char *start, const char *choices, const char *end)
{
    g_auto(GStrv) each = g_strsplit(choices, " ", -1);
    g_autofree char *list = g_strjoinv(", ", each);
    return g_strconcat(start, list, end, NULL);
}

char *vdt_option_expected(const VdtOptionSpec *spec)
{
    switch (spec->type) {
    case VDT_OPTION_BOOL:
        return g_strdup("yes or no");
    case VDT_OPTION_INT:
        return between("a whole number", spec);
    case VDT_OPTION_FLOAT:
        return between("a number", spec);
    case VDT_OPTION_DURATION:
        return between("a duration with its unit (us, ms, s, min, h, d)", spec);
    case VDT_OPTION_BYTES:
        return between("a number of bytes (K, M, G or T behind it)", spec);
    case VDT_OPTION_ENUM:
        return join_choices("one of ", spec->choices, NULL);
    case VDT_OPTION_STRING:
        return g_strdup("text");
    case VDT_OPTION_NAME:
        return g_strdup("a name: a letter or digit, then letters, digits, -, _ or ., 64 at most");
    case VDT_OPTION_LIST:
        return spec->choices == NULL
                   ? g_strdup("names, separated by semicolons")
                   : join_choices("some of ", spec->choices, ", separated by semicolons");
    case VDT_OPTION_PATH:
        return g_strdup("an absolute path");
    case VDT_OPTION_URI:
        return g_strdup("a URI without blanks, as in rtsp://camera/stream");
    case VDT_OPTION_MODEL:
        return g_strdup("a model's name, or the absolute path of its card");
    case VDT_OPTION_SIZE:
        return g_strdup("a size, WIDTHxHEIGHT, with sides from 1 to 16384");
    case VDT_OPTION_REGION:
        return g_strdup("x,y,width,height in shares of the frame, within it");
    case VDT_OPTION_ZONES:
        return g_strdup("zones: NAME: X,Y X,Y X,Y; NAME: ...");
    case VDT_OPTION_LINES:
        return g_strdup("lines: NAME: X,Y X,Y; NAME: ...");
    case VDT_OPTION_SCHEDULE:
        return g_strdup("times, as in Mon-Fri 22:00-06:00; Sat,Sun 00:00-24:00");
    case VDT_OPTION_TIMEZONE:
        return g_strdup("a time zone, as in Europe/Berlin");
    }
    return NULL;
}

char *vdt_bytes_show(guint64 bytes)
{
    for (guint i = G_N_ELEMENTS(sizes); i > 0; i--)
        if (bytes >= sizes[i - 1].factor) {
            double n = bytes / sizes[i - 1].factor;
            return n < 10 && n != floor(n) ? g_strdup_printf("%.1f%s", n, sizes[i - 1].name)
                                           : g_strdup_printf("%.0f%s", n, sizes[i - 1].name);
        }
    return g_strdup_printf("%" G_GUINT64_FORMAT, bytes);
}
