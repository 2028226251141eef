/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "regions.h"

#include <string.h>

#include "necks.h"

#define THIN 64  /* as that part of the map's width is a post */
#define SLIT 256 /* as that part of it, what is between heads is none */

/* Pixels of one class that follow each other in a row. Runs that touch are of one region: each
 * names one that came before, the first of a region itself. */
typedef struct {
    guint from, to, y;
    guint named;
    guint8 class_id, mark;
} Run;

static guint first_of(GArray *runs, guint i)
{
    Run *run = &g_array_index(runs, Run, i);

    while (run->named != i) {
        const guint next = g_array_index(runs, Run, run->named).named;

        run->named = next; /* half the way for whoever comes next */
        i = next;
        run = &g_array_index(runs, Run, i);
    }
    return i;
}

static void join(GArray *runs, guint a, guint b)
{
    a = first_of(runs, a);
    b = first_of(runs, b);
    g_array_index(runs, Run, MAX(a, b)).named = MIN(a, b);
}

/* Joins the runs from @from on with those of the row before, which begin at @above. */
static void join_rows(GArray *runs, guint above, guint from)
{
    const guint end = from;

    for (guint i = from; i < runs->len; i++) {
        const Run run = g_array_index(runs, Run, i);

        while (above < end && g_array_index(runs, Run, above).to < run.from)
            above++;
        /* the last one that touches may touch the next run, too */
        for (guint k = above; k < end && g_array_index(runs, Run, k).from <= run.to; k++)
            if (g_array_index(runs, Run, k).class_id == run.class_id &&
                g_array_index(runs, Run, k).mark == run.mark)
                join(runs, i, k);
    }
}

/* The runs that a post may come between, in a row: they are of one class and near each other. */
typedef struct {
    guint a, b;
} Gap;

static void find_gaps(GArray *runs, guint from, guint thin, GArray *gaps)
{
    for (guint i = from + 1; i < runs->len; i++) {
        const Run *run = &g_array_index(runs, Run, i);
        const Gap gap = {i - 1, i};

        if (run->class_id == g_array_index(runs, Run, i - 1).class_id &&
            run->mark == g_array_index(runs, Run, i - 1).mark &&
            run->from - g_array_index(runs, Run, i - 1).to <= thin)
            g_array_append_val(gaps, gap);
    }
}

static GArray *find_runs(const VdtSegmentation *s, const guint8 *marks, const gboolean *wanted,
                         GArray *gaps)
{
    GArray *runs = g_array_new(FALSE, FALSE, sizeof(Run));
    guint above = 0;

    for (guint y = 0; y < s->height; y++) {
        const guint8 *row = s->map + (gsize)y * s->width;
        const guint8 *mark = marks ? marks + (gsize)y * s->width : NULL;
        const guint from = runs->len;

        for (guint x = 0, end; x < s->width; x = end) {
            const guint8 class_id = row[x];
            Run run = {x, 0, y, runs->len, class_id, mark ? mark[x] : 0};

            for (end = x + 1;
                 end < s->width && row[end] == class_id && (!mark || mark[end] == run.mark); end++)
                ;
            run.to = end;
            if (class_id < s->n_classes && wanted[class_id])
                g_array_append_val(runs, run);
        }
        join_rows(runs, above, from);
        find_gaps(runs, from, s->width / THIN, gaps);
        above = from;
    }
    return runs;
}

/* A region while it is being gathered. */
typedef struct {
    VdtRegion region;
    guint outline[VDT_N_EDGES]; /* pixels */
} Gathered;

static void look_beside(Gathered *g, const VdtSegmentation *s, const gboolean *wanted, VdtEdge edge,
                        guint x, guint y)
{
    const guint8 other = s->map[(gsize)y * s->width + x];

    if (other == g->region.class_id)
        return;
    g->outline[edge]++;
    g->region.beside[edge] += other < s->n_classes && wanted[other];
}

static void look_around(Gathered *g, const VdtSegmentation *s, const gboolean *wanted,
                        const Run *run)
{
    if (run->from > 0)
        look_beside(g, s, wanted, VDT_EDGE_LEFT, run->from - 1, run->y);
    if (run->to < s->width)
        look_beside(g, s, wanted, VDT_EDGE_RIGHT, run->to, run->y);
    for (guint x = run->from; x < run->to && run->y > 0; x++)
        look_beside(g, s, wanted, VDT_EDGE_TOP, x, run->y - 1);
    for (guint x = run->from; x < run->to && run->y + 1 < s->height; x++)
        look_beside(g, s, wanted, VDT_EDGE_BOTTOM, x, run->y + 1);
}

static void gather(Gathered *g, const VdtSegmentation *s, const gboolean *wanted, const Run *run)
{
    const guint8 *sure = s->sure + (gsize)run->y * s->width;
    VdtRegion *region = &g->region;

    if (region->pixels == 0) {
        region->class_id = run->class_id;
        region->mark = run->mark;
        region->left = run->from;
        region->top = run->y;
    }
    region->pixels += run->to - run->from;
    region->left = MIN(region->left, run->from);
    region->right = MAX(region->right, run->to);
    region->bottom = run->y + 1;
    for (guint x = run->from; x < run->to; x++)
        region->score += sure[x] / 255.0;
    look_around(g, s, wanted, run);
}

static int by_ends(gconstpointer a, gconstpointer b)
{
    const Gap *one = a, *other = b;

    return one->a != other->a ? (one->a > other->a) - (one->a < other->a)
                              : (one->b > other->b) - (one->b < other->b);
}

static guint height_of(const Gathered *g)
{
    return g->region.bottom - g->region.top;
}

/* Joins what is behind a post. @all are the regions by their first run. */
static void join_gaps(GArray *runs, GArray *gaps, const Gathered *all)
{
    for (guint i = 0; i < gaps->len; i++) {
        Gap *gap = &g_array_index(gaps, Gap, i);
        const guint a = first_of(runs, gap->a), b = first_of(runs, gap->b);

        *gap = (Gap){MIN(a, b), MAX(a, b)};
    }
    g_array_sort(gaps, by_ends);
    for (guint i = 0, end; i < gaps->len; i = end) {
        const Gap gap = g_array_index(gaps, Gap, i);

        for (end = i + 1; end < gaps->len; end++)
            if (memcmp(&gap, &g_array_index(gaps, Gap, end), sizeof gap) != 0)
                break;
        if (gap.a != gap.b && 2 * (end - i) >= MIN(height_of(&all[gap.a]), height_of(&all[gap.b])))
            join(runs, gap.a, gap.b);
    }
}

static Gathered *gather_all(GArray *runs, const VdtSegmentation *s, const gboolean *wanted)
{
    Gathered *all = g_new0(Gathered, MAX(runs->len, 1));

    for (guint i = 0; i < runs->len; i++)
        gather(&all[first_of(runs, i)], s, wanted, &g_array_index(runs, Run, i));
    return all;
}

static void finish(Gathered *g)
{
    g->region.score /= (double)g->region.pixels;
    for (VdtEdge edge = 0; edge < VDT_N_EDGES; edge++)
        g->region.beside[edge] /= MAX(g->outline[edge], 1);
}

/* How many pixels of a region, or of what is before it, its columns have. */
static guint *get_profile(const Gathered *g, const VdtSegmentation *s, const gboolean *wanted)
{
    const VdtRegion *r = &g->region;
    guint *profile = g_new0(guint, r->right - r->left);

    for (guint y = r->top; y < r->bottom; y++) {
        const guint8 *row = s->map + (gsize)y * s->width;

        for (guint x = r->left; x < r->right; x++)
            profile[x - r->left] += row[x] < s->n_classes && wanted[row[x]];
    }
    return profile;
}

/* How far above its foot a region reaches in its columns. */
static guint *get_rises(const Gathered *g, const VdtSegmentation *s)
{
    const VdtRegion *r = &g->region;
    guint *rises = g_new0(guint, r->right - r->left);

    for (guint y = r->bottom; y-- > r->top;) {
        const guint8 *row = s->map + (gsize)y * s->width;

        for (guint x = r->left; x < r->right; x++)
            if (row[x] == r->class_id)
                rises[x - r->left] = r->bottom - y;
    }
    return rises;
}

/* The things that a region shows side by side. */
typedef struct {
    gboolean heads;                     /* by these they are told */
    guint n_cuts, cuts[VDT_NECKS_MOST]; /* columns */
    Gathered parts[VDT_NECKS_MOST + 1];
} Row;

static Row *find_row(const Gathered *g, const VdtSegmentation *s, const gboolean *wanted)
{
    const guint width = g->region.right - g->region.left;
    g_autofree guint *profile = get_profile(g, s, wanted), *rises = NULL;
    Row row = {0};

    row.n_cuts = vdt_necks_find(profile, width, s->width / THIN, row.cuts);
    if (row.n_cuts == 0) {
        rises = get_rises(g, s);
        row.n_cuts = vdt_necks_find_heads(rises, profile, width, s->width / SLIT, row.cuts);
        row.heads = TRUE;
    }
    for (guint i = 0; i < row.n_cuts; i++)
        row.cuts[i] += g->region.left;
    return row.n_cuts > 0 ? g_memdup2(&row, sizeof row) : NULL;
}

static void gather_parts(Row *row, const VdtSegmentation *s, const gboolean *wanted, const Run *run)
{
    for (guint i = 0; i <= row->n_cuts; i++) {
        Run part = *run;

        if (i > 0)
            part.from = MAX(part.from, row->cuts[i - 1]);
        if (i < row->n_cuts)
            part.to = MIN(part.to, row->cuts[i]);
        if (part.from < part.to)
            gather(&row->parts[i], s, wanted, &part);
    }
}

static void add(GArray *regions, Gathered *g, gsize least)
{
    if (g->region.pixels < MAX(least, 1))
        return;
    finish(g);
    g_array_append_val(regions, g->region);
}

/* Adds those that @all are, by their first run, cut where they have necks. */
static void add_all(GArray *regions, GArray *runs, Gathered *all, const VdtSegmentation *s,
                    const gboolean *wanted, gsize least)
{
    g_autofree Row **rows = g_new0(Row *, MAX(runs->len, 1));

    for (guint i = 0; i < runs->len; i++)
        if (all[i].region.pixels >= MAX(least, 1) && all[i].region.mark == 0)
            rows[i] = find_row(&all[i], s, wanted);
    for (guint i = 0; i < runs->len; i++)
        if (rows[first_of(runs, i)])
            gather_parts(rows[first_of(runs, i)], s, wanted, &g_array_index(runs, Run, i));
    for (guint i = 0; i < runs->len; i++) {
        if (!rows[i])
            add(regions, &all[i], least);
        for (guint k = 0; rows[i] && k <= rows[i]->n_cuts; k++) {
            rows[i]->parts[k].region.row = rows[i]->heads ? i + 1 : 0;
            add(regions, &rows[i]->parts[k], least);
        }
        g_free(rows[i]);
    }
}

static int by_size(gconstpointer a, gconstpointer b)
{
    const VdtRegion *one = a, *other = b;

    return (one->pixels < other->pixels) - (one->pixels > other->pixels);
}

GArray *vdt_regions_find(const VdtSegmentation *segmentation, const guint8 *marks,
                         const gboolean *wanted, gsize least)
{
    g_autoptr(GArray) gaps = g_array_new(FALSE, FALSE, sizeof(Gap));
    g_autoptr(GArray) runs = find_runs(segmentation, marks, wanted, gaps);
    g_autofree Gathered *all = gather_all(runs, segmentation, wanted);
    GArray *regions = g_array_new(FALSE, FALSE, sizeof(VdtRegion));

    if (gaps->len > 0) {
        join_gaps(runs, gaps, all);
        g_free(all);
        all = gather_all(runs, segmentation, wanted);
    }
    add_all(regions, runs, all, segmentation, wanted, least);
    g_array_sort(regions, by_size);
    return regions;
}
