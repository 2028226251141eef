/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (64 * 1024)

/* A file on its way. */
typedef struct {
    VdtRequest *request; /* not a reference: it has this one */
    GInputStream *input;
    GCancellable *cancellable;
    guint64 left;
    gboolean reading;
} Film;

static gboolean take_digits(const char **at, guint64 *number)
{
    const char *start = *at;
    gsize n = strspn(start, "0123456789");
    *at += n;
    *number = n > 0 && n < 19 ? g_ascii_strtoull(start, NULL, 10) : G_MAXINT64;
    return n > 0;
}

VdtRange vdt_media_range(const char *text, guint64 size, guint64 *first, guint64 *last)
{
    if (text == NULL || g_ascii_strncasecmp(text, "bytes=", 6) != 0 || strchr(text, ',') != NULL)
        return VDT_RANGE_NONE;
    const char *at = text + 6;
    guint64 from, to;
    gboolean has_from = take_digits(&at, &from);
    if (*at++ != '-')
        return VDT_RANGE_NONE;
    gboolean has_to = take_digits(&at, &to);
    if (*at != '\0' || (!has_from && !has_to) || (has_from && has_to && to < from))
        return VDT_RANGE_NONE;
    if (size == 0 || (has_from && from >= size) || (!has_from && to == 0))
        return VDT_RANGE_WRONG;
    *first = has_from ? from : size - MIN(to, size);
    *last = has_from && has_to ? MIN(to, size - 1) : size - 1;
    return VDT_RANGE_PART;
}

static void film_free(gpointer data, GClosure *closure)
{
    Film *film = data;
    g_cancellable_cancel(film->cancellable);
    g_object_unref(film->cancellable);
    g_object_unref(film->input);
    g_free(film);
}

static void on_part(GObject *source, GAsyncResult *result, gpointer data)
{
    VdtRequest *request = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes =
        g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, &error);
    Film *film = request->message != NULL
                     ? g_object_get_data(G_OBJECT(request->message), "vedette-film")
                     : NULL;
    if (film != NULL) {
        gsize n = bytes != NULL ? g_bytes_get_size(bytes) : 0;
        film->reading = FALSE;
        film->left -= MIN(n, film->left);
        SoupMessageBody *body = soup_server_message_get_response_body(request->message);
        if (n > 0)
            soup_message_body_append_bytes(body, bytes);
        /* one that became shorter ends before what was promised, which the peer sees */
        if (n == 0 || film->left == 0)
            soup_message_body_complete(body);
        soup_server_message_unpause(request->message);
    }
    vdt_request_unref(request);
}

static void read_part(Film *film)
{
    if (film->reading || film->left == 0)
        return;
    film->reading = TRUE;
    g_input_stream_read_bytes_async(film->input, MIN(film->left, CHUNK), G_PRIORITY_DEFAULT,
                                    film->cancellable, on_part, vdt_request_ref(film->request));
}

/* One part at a time is in memory: the next when this one has gone. */
static void on_wrote_chunk(SoupServerMessage *message, gpointer data)
{
    read_part(data);
}

static gboolean is_unchanged(const VdtHead *head, const char *tag, const char *modified)
{
    const char *tags = vdt_head_get(head, "if-none-match"),
               *since = vdt_head_get(head, "if-modified-since");
    if (tags != NULL)
        return strcmp(tags, "*") == 0 || strstr(tags, tag) != NULL;
    return since != NULL && strcmp(since, modified) == 0;
}

static char *show_date(time_t time)
{
    struct tm tm;
    char text[64];
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    gmtime_r(&time, &tm); /* not by the locale */
    g_snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
               tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return g_strdup(text);
}

static void begin_film(VdtRequest *request, int fd, guint64 first, guint64 length)
{
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(request->message);
    lseek(fd, (off_t)first, SEEK_SET);
    Film *film = g_new0(Film, 1);
    *film = (Film){request, g_unix_input_stream_new(fd, TRUE), g_cancellable_new(), length, FALSE};
    soup_message_headers_set_content_length(headers, (goffset)length);
    soup_message_body_set_accumulate(soup_server_message_get_response_body(request->message),
                                     FALSE);
    g_object_set_data(G_OBJECT(request->message), "vedette-film", film);
    g_signal_connect_data(request->message, "wrote-chunk", G_CALLBACK(on_wrote_chunk), film,
                          film_free, 0);
    request->shared->answers[2]++;
    vdt_request_hold(request);
    read_part(film);
}

static void answer_open(VdtRequest *request, int fd, const struct stat *s, const char *type)
{
    const VdtHead *head = request->arrival->head;
    guint64 size = (guint64)s->st_size, first = 0, last = size - 1;
    g_autofree char *tag = g_strdup_printf("\"%llx-%llx-%llx\"", (unsigned long long)s->st_ino,
                                           (unsigned long long)s->st_mtim.tv_sec * G_USEC_PER_SEC +
                                               (unsigned long long)s->st_mtim.tv_nsec / 1000,
                                           (unsigned long long)size);
    g_autofree char *modified = show_date(s->st_mtim.tv_sec);
    const char *if_range = vdt_head_get(head, "if-range");
    gboolean counts =
        if_range == NULL || strcmp(if_range, tag) == 0 || strcmp(if_range, modified) == 0;
    VdtRange range =
        vdt_media_range(counts ? vdt_head_get(head, "range") : NULL, size, &first, &last);
    vdt_answer_header(request, "ETag", tag);
    vdt_answer_header(request, "Last-Modified", modified);
    vdt_answer_header(request, "Accept-Ranges", "bytes");
    vdt_answer_header(request, "Cache-Control", "private, no-cache");
    if (is_unchanged(head, tag, modified)) {
        vdt_answer_empty(request, 304);
    } else if (range == VDT_RANGE_WRONG) {
        g_autofree char *all = g_strdup_printf("bytes */%" G_GUINT64_FORMAT, size);
        vdt_answer_header(request, "Content-Range", all);
        vdt_answer_problem(request, 416, "it has %" G_GUINT64_FORMAT " bytes", size);
    } else {
        guint64 length = size == 0 ? 0 : last - first + 1;
        if (range == VDT_RANGE_PART) {
            g_autofree char *part = g_strdup_printf("bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT
                                                    "/%" G_GUINT64_FORMAT,
                                                    first, last, size);
            vdt_answer_header(request, "Content-Range", part);
        }
        vdt_answer_header(request, "Content-Type", type);
        soup_server_message_set_status(request->message, range == VDT_RANGE_PART ? 206 : 200, NULL);
        if (length > 0 && strcmp(head->method, "GET") == 0) {
            begin_film(request, fd, first, length);
            return;
        }
        soup_message_headers_set_content_length(
            soup_server_message_get_response_headers(request->message), (goffset)length);
        request->shared->answers[2]++;
        vdt_request_release(request);
    }
    close(fd);
}

/* Of what record/ writes. */
static const char *type_of(const char *path)
{
    static const struct {
        const char *suffix, *type;
    } types[] = {{".jpg", "image/jpeg"},
                 {".mp4", "video/mp4"},
                 {".webm", "video/webm"},
                 {".mkv", "video/x-matroska"}};
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_has_suffix(path, types[i].suffix))
            return types[i].type;
    return "application/octet-stream";
}

void vdt_media_answer(VdtRequest *request, const char *path)
{
    struct stat s;
    if (request->message == NULL)
        return;
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    if (fd >= 0 && fstat(fd, &s) == 0 && S_ISREG(s.st_mode)) {
        answer_open(request, fd, &s, type_of(path));
        return;
    }
    if (fd >= 0)
        close(fd);
    vdt_answer_problem(request, 404, path == NULL ? "the event has none" : "it is gone");
}
