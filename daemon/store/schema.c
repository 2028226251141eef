/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema.h"

/* auto_vacuum has to come before there is any table. */
static const char setup[] = "PRAGMA auto_vacuum=INCREMENTAL;"
                            "PRAGMA journal_mode=WAL;"
                            "PRAGMA synchronous=NORMAL;"
                            "PRAGMA journal_size_limit=8388608;"
                            "PRAGMA temp_store=MEMORY;"
                            "PRAGMA foreign_keys=OFF;";

/* From each version to the next one. Never changed, only added to. Times are UTC in us. */
static const char *const steps[VDT_SCHEMA_VERSION] = {
    "CREATE TABLE events ("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id TEXT NOT NULL UNIQUE,"
    "  stream TEXT, type TEXT NOT NULL, what TEXT, element TEXT, label TEXT, zone TEXT, line TEXT,"
    "  began INTEGER NOT NULL,"
    "  ended INTEGER NOT NULL," /* 0 while it goes on */
    "  last INTEGER NOT NULL,"  /* newest sign of it */
    "  score REAL,"             /* the best */
    "  audience INTEGER NOT NULL,"
    "  snapshot TEXT, clip TEXT,"
    "  json TEXT NOT NULL);" /* the newest line */
    "CREATE INDEX events_ended ON events (ended, number);"
    "CREATE INDEX events_stream ON events (stream, number);"
    "CREATE INDEX events_label ON events (label, number);"
    "CREATE TABLE journal ("
    "  seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  written INTEGER NOT NULL," /* when the row was */
    "  phase INTEGER NOT NULL,"
    "  time INTEGER NOT NULL,"
    "  id TEXT NOT NULL,"
    "  stream TEXT, type TEXT NOT NULL, what TEXT, element TEXT, label TEXT, zone TEXT, line TEXT,"
    "  score REAL,"
    "  audience INTEGER NOT NULL,"
    "  json TEXT NOT NULL);"
    "CREATE TABLE marks (reader TEXT PRIMARY KEY, seq INTEGER NOT NULL, lost INTEGER NOT NULL)"
    "  WITHOUT ROWID;",
    /* Files are called by their place in the folder, wherever that is moved to. */
    "CREATE INDEX events_snapshot ON events (snapshot) WHERE snapshot IS NOT NULL;"
    "CREATE INDEX events_clip ON events (clip) WHERE clip IS NOT NULL;",
    /* When a file of it came or went: it rises from change to change. What was taken over from
     * databases of other processes. */
    "ALTER TABLE events ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX events_changed ON events (changed) WHERE changed>0;"
    "CREATE TABLE followed (stream TEXT PRIMARY KEY, seq INTEGER NOT NULL,"
    "  changed INTEGER NOT NULL) WITHOUT ROWID;",
};

/* What static SQL cannot do of them, after it; ? is the folder and a slash. */
static const char *const in_folder[VDT_SCHEMA_VERSION][2] = {
    {NULL},
    {"UPDATE events SET snapshot=substr(snapshot,length(?1)+1) "
     "WHERE substr(snapshot,1,length(?1))=?1",
     "UPDATE events SET clip=substr(clip,length(?1)+1) WHERE substr(clip,1,length(?1))=?1"},
};

static VdtSchemaState fail(const VdtDb *db, int code, char **why)
{
    *why = g_strdup(vdt_db_get_words(db));
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR
               ? VDT_SCHEMA_DAMAGED
               : VDT_SCHEMA_FAILED;
}

static int migrate(VdtDb *db, const char *folder, gint64 from)
{
    g_autofree char *prefix = g_strconcat(folder, "/", NULL);
    int code = SQLITE_OK;
    for (gint64 i = from; i < VDT_SCHEMA_VERSION && code == SQLITE_OK; i++) {
        code = vdt_db_script(db, steps[i]);
        for (guint k = 0; k < G_N_ELEMENTS(in_folder[i]) && code == SQLITE_OK; k++)
            if (in_folder[i][k] != NULL)
                code = vdt_db_run(db, in_folder[i][k], "s", prefix);
    }
    g_autofree char *version = g_strdup_printf("PRAGMA user_version=%d", VDT_SCHEMA_VERSION);
    return code == SQLITE_OK ? vdt_db_script(db, version) : code;
}

VdtSchemaState vdt_schema_prepare(VdtDb *db, const char *folder, char **why)
{
    gint64 version = 0;
    int code = vdt_db_script(db, setup);
    if (code == SQLITE_OK)
        code = vdt_db_get_number(db, "PRAGMA user_version", &version);
    if (code != SQLITE_OK)
        return fail(db, code, why);
    if (version == VDT_SCHEMA_VERSION)
        return VDT_SCHEMA_READY;
    if (version < 0 || version > VDT_SCHEMA_VERSION) {
        *why = g_strdup_printf("version %" G_GINT64_FORMAT " is not known", version);
        return version < 0 ? VDT_SCHEMA_DAMAGED : VDT_SCHEMA_NEWER;
    }
    code = vdt_db_script(db, "BEGIN IMMEDIATE");
    if (code == SQLITE_OK)
        code = migrate(db, folder, version);
    if (code == SQLITE_OK)
        code = vdt_db_script(db, "COMMIT");
    return code == SQLITE_OK ? VDT_SCHEMA_READY : fail(db, code, why);
}
