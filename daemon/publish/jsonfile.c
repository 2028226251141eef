/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jsonfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_LINES VDT_SPOOL_BATCH /* that are written at once */
#define LOOK       G_USEC_PER_SEC  /* us, until it is looked whether the file is still there */

typedef struct {
    char *path;
    int fd;
    gboolean full; /* it could be opened, and not be written */
} JsonFile;

static void let_go(JsonFile *self)
{
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
}

static gboolean is_there(const JsonFile *self)
{
    struct stat own, there;
    return self->fd >= 0 && fstat(self->fd, &own) == 0 && stat(self->path, &there) == 0 &&
           own.st_dev == there.st_dev && own.st_ino == there.st_ino;
}

/* A file that ends within a line, since the machine stopped there, gets its line end. */
static gboolean end_line(int fd, off_t size)
{
    char last;
    return size == 0 || pread(fd, &last, 1, size - 1) != 1 || last == '\n' ||
           write(fd, "\n", 1) == 1;
}

/* Why it cannot be opened; NULL if it is open. */
static const char *reopen(JsonFile *self)
{
    struct stat s;
    let_go(self);
    /* Whoever reads a pipe could stop the writer; one without a reader opens at once, so. */
    self->fd =
        open(self->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
    if (self->fd < 0 || fstat(self->fd, &s) != 0)
        return g_strerror(errno);
    if (!S_ISREG(s.st_mode)) {
        let_go(self);
        return "it is no file";
    }
    if (!end_line(self->fd, s.st_size)) {
        let_go(self);
        return g_strerror(errno);
    }
    return NULL;
}

/* All of @text, or nothing. */
static gboolean append(int fd, const char *text, gsize size)
{
    struct stat before;
    if (fstat(fd, &before) != 0)
        return FALSE;
    while (size > 0) {
        gssize n = write(fd, text, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int code = n < 0 ? errno : EIO;
            if (ftruncate(fd, before.st_size) != 0) {
                /* the next to open it ends the line */
            }
            errno = code;
            return FALSE;
        }
        text += n;
        size -= (gsize)n;
    }
    return fdatasync(fd) == 0;
}

/* Writes what there is; FALSE with errno. */
static gboolean write_some(VdtSink *sink, JsonFile *self, gboolean *any)
{
    VdtTold told[MOST_LINES];
    guint n = 0;
    g_autoptr(GString) text = g_string_new(NULL);
    while (n < MOST_LINES && vdt_sink_take(sink, &told[n])) {
        g_autofree char *line = vdt_told_to_json(&told[n]);
        g_string_append(text, line);
        g_string_append_c(text, '\n');
        n++;
    }
    *any = n > 0;
    if (n > 0 && !append(self->fd, text->str, text->len))
        return FALSE;
    if (n > 0 && self->full)
        vdt_sink_up(sink);
    self->full = self->full && n == 0;
    for (guint i = 0; i < n; i++)
        vdt_sink_arrived(sink, told[i].seq, told[i].repeated);
    return TRUE;
}

static void run(VdtSink *sink, gpointer data)
{
    JsonFile *self = data;
    while (!vdt_sink_is_stopping(sink)) {
        gboolean any = FALSE;
        if (!is_there(self)) {
            const char *error = reopen(self);
            if (error != NULL) {
                vdt_sink_failed(sink, VDT_SINK_AWAY, 0, "it cannot be opened: %s", error);
                continue;
            }
            if (!self->full)
                vdt_sink_up(sink);
        }
        if (!write_some(sink, self, &any)) {
            int code = errno;
            self->full = TRUE;
            let_go(self);
            vdt_sink_failed(sink, VDT_SINK_AWAY, 0, "it cannot be written: %s", g_strerror(code));
        } else if (!any) {
            vdt_sink_wait(sink, -1, 0, g_get_monotonic_time() + LOOK);
        }
    }
}

static void json_file_free(gpointer data)
{
    JsonFile *self = data;
    let_go(self);
    g_free(self->path);
    g_free(self);
}

static const VdtSinkKind kind = {"file", VDT_TO_FILE, run, json_file_free};

VdtSink *vdt_json_file_new(const VdtConfig *config, const VdtSinkOptions *options)
{
    const char *path = vdt_config_get(config, VDT_GROUP_FILE, VDT_KEY_FILE_PATH)->text;
    if (path == NULL)
        return NULL;
    JsonFile *self = g_new(JsonFile, 1);
    *self = (JsonFile){g_strdup(path), -1, FALSE};
    return vdt_sink_new(&kind, self, path, options);
}
