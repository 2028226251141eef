/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The product is of two by two quarters: the inputs' upper rows and lower rows by the two halves of
 * the depth, the weights' two halves of the depth by the two halves of the columns. Packed weights
 * need not be packed again: a block's first half is of the upper quarter.
 */
#include "strassen.h"

/* As measured with `vedette bench`: with 384 inputs, or with 512 columns and fewer, of which there
 * are too few pairs of blocks to share out, it gained nothing; nor with fewer
 * rows, as there are where tokens merge. */
#define LEAST_ROWS    192
#define LEAST_DEPTH   768
#define LEAST_COLUMNS 768
#define FEW_ITEMS     12

/* Quarters, and behind them sums of quarters of the inputs. */
enum { Q11, Q12, Q21, Q22, N_QUARTERS, NONE = N_QUARTERS };
enum { SUM_11_22 = N_QUARTERS, SUM_21_22, SUM_11_12, SUM_21_11, SUM_12_22, N_INPUTS };
#define N_SUMS (N_INPUTS - N_QUARTERS)

static const float sums[N_SUMS][N_QUARTERS] = {
    {1, 0, 0, 1}, {0, 0, 1, 1}, {1, 1, 0, 0}, {-1, 0, 1, 0}, {0, 1, 0, -1},
};

/* One of the products: of inputs @a by weights @b, plus or minus @other, which is a part of one or
 * two quarters of the result. */
typedef struct {
    guint a, b, other;
    gboolean minus;
    guint n_parts;
    struct {
        guint quarter;
        gboolean add, minus;
    } parts[2];
    gboolean last;  /* it completes the last of them */
    gboolean lower; /* of rows of the lower half only: where that has one less, it is 0 or unused */
} Seventh;

/* clang-format off */
static const Seventh sevenths[] = {
    {SUM_11_22, Q11, Q22, FALSE, 2, {{Q22, FALSE, FALSE}, {Q11, FALSE, FALSE}}, FALSE, FALSE},
    {Q22, Q21, Q11, TRUE, 2, {{Q21, FALSE, FALSE}, {Q11, TRUE, FALSE}}, FALSE, TRUE},
    {SUM_11_12, Q22, NONE, FALSE, 2, {{Q12, FALSE, FALSE}, {Q11, TRUE, TRUE}}, FALSE, FALSE},
    {SUM_12_22, Q21, Q22, FALSE, 1, {{Q11, TRUE, FALSE}}, TRUE, FALSE},
    {Q11, Q12, Q22, TRUE, 2, {{Q22, TRUE, FALSE}, {Q12, TRUE, FALSE}}, TRUE, FALSE},
    {SUM_21_22, Q11, NONE, FALSE, 2, {{Q22, TRUE, TRUE}, {Q21, TRUE, FALSE}}, TRUE, TRUE},
    {SUM_21_11, Q11, Q12, FALSE, 1, {{Q22, TRUE, FALSE}}, TRUE, TRUE},
};
/* clang-format on */

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtProduct p;
    gsize half;         /* of the depth */
    gsize upper, lower; /* rows: an odd one is an upper one, and stands over zeros */
    VdtPlace sums;      /* [N_SUMS][upper][sums_pitch] */
    gsize sums_pitch;
    guint n_pairs; /* of a block of columns and the one that stands half of them behind it */
    VdtRows rows;  /* of the upper half */
} StrassenStep;

static void run_inputs(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const StrassenStep *self = (const StrassenStep *)step;
    const float *x = (const float *)vdt_place_address(self->plan, &self->p.x.place, arena);
    const float *zeros = (const float *)vdt_place_address(self->plan, &self->p.zeros, arena);
    float *y = (float *)vdt_place_address(self->plan, &self->sums, arena);

    for (gsize row = item * self->rows.per_part; row < vdt_rows_end(&self->rows, item); row++) {
        const float *upper = x + row * self->p.x.pitch;
        const float *lower = row < self->lower ? upper + self->upper * self->p.x.pitch : zeros;
        const void *quarters[] = {upper, upper + self->half, lower, lower + self->half};

        self->plan->kernels->blend_rows(N_SUMS, N_QUARTERS, self->half, quarters, sums[0],
                                        y + row * self->sums_pitch, self->upper * self->sums_pitch);
    }
}

/* The quarters of the weights of a pair of blocks, and NULL for none. */
static void find_weights(const StrassenStep *self, char *arena, guint pair, const float **b)
{
    const VdtKernels *kernels = self->plan->kernels;
    const char *packed = vdt_place_address(self->plan, &self->p.packed, arena);

    for (guint q = 0; q < N_QUARTERS; q++) {
        guint block = pair + q % 2 * self->n_pairs;

        b[q] = (const float *)(packed + vdt_packed_block(kernels, block, self->p.depth, 1)) +
               q / 2 * self->half * kernels->nr;
    }
    b[NONE] = NULL;
}

static const float *find_inputs(const StrassenStep *self, char *arena, guint a, gsize *pitch)
{
    const float *x = (const float *)vdt_place_address(self->plan, &self->p.x.place, arena);
    const float *x_sums = (const float *)vdt_place_address(self->plan, &self->sums, arena);

    *pitch = a < N_QUARTERS ? self->p.x.pitch : self->sums_pitch;
    if (a < N_QUARTERS)
        return x + a / 2 * self->upper * *pitch + a % 2 * self->half;
    return x_sums + (a - N_QUARTERS) * self->upper * *pitch;
}

/* What tile number @n of a product asks for of the next one's weights. */
static const float *get_ahead(const StrassenStep *self, const float *const *next, gsize n)
{
    gsize line = 64 / sizeof(float), tiles = self->plan->kernels->nr / line;

    if (n >= 2 * tiles || !next[n / tiles])
        return NULL;
    return next[n / tiles] + n % tiles * self->half * line;
}

static void run_seventh(const StrassenStep *self, const Seventh *seventh, char *arena,
                        char *scratch, guint item, const float *const *b, const float *const *next)
{
    const VdtPlan *plan = self->plan;
    const VdtKernels *kernels = plan->kernels;
    const gsize y_pitch = self->p.y.pitch;
    guint pair = item % self->n_pairs, part = item / self->n_pairs;
    gsize end = vdt_rows_end(&self->rows, part), pitch;
    const float *inputs = find_inputs(self, arena, seventh->a, &pitch), *a[VDT_MOST_GEMM_ROWS];
    float *y = (float *)vdt_place_address(plan, &self->p.y.place, arena);
    VdtEpilogue epilogue;
    VdtStrassenTile tile = {.cols = kernels->nr,
                            .depth = self->half,
                            .a = a,
                            .b = b[seventh->b],
                            .other = b[seventh->other],
                            .minus = seventh->minus,
                            .b_sum = (float *)scratch,
                            .n_parts = seventh->n_parts,
                            .y_pitch = y_pitch,
                            .epilogue = seventh->last ? &epilogue : NULL};

    if (seventh->lower)
        end = MIN(end, self->lower);
    for (gsize row = part * self->rows.per_part, n = 0; row < end; row += tile.rows, n++) {
        tile.rows = vdt_tile_rows(kernels, end - row);
        tile.ahead = get_ahead(self, next, n);
        for (gsize i = 0; i < tile.rows; i++)
            a[i] = inputs + (row + i) * pitch;
        for (guint i = 0; i < seventh->n_parts; i++) {
            guint q = seventh->parts[i].quarter;
            gsize y_row = row + q / 2 * self->upper;
            gsize column = (pair + q % 2 * self->n_pairs) * kernels->nr;

            tile.parts[i] =
                (VdtStrassenPart){.y = y + y_row * y_pitch + column,
                                  .rows = MIN(tile.rows, self->lower + self->upper - y_row),
                                  .add = seventh->parts[i].add,
                                  .minus = seventh->parts[i].minus};
            epilogue = vdt_epilogue_at(plan, &self->p.epilogue, arena, 0, y_row, column);
        }
        kernels->strassen_tile(&tile);
        if (tile.other)
            tile.b = tile.b_sum;
        tile.other = NULL;
    }
}

/* Which item is most likely this worker's next one, of those that begin at either end. */
static guint guess_next(const StrassenStep *self, guint item)
{
    const guint threads = vdt_threads_get(), at_once = (threads + 1) / 2;

    return threads == 1 || item < self->step.n_items / 2 ? item + at_once : item - at_once;
}

static void run_strassen(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const StrassenStep *self = (const StrassenStep *)step;
    guint next_item = guess_next(self, item); /* which may be none */
    const float *b[N_QUARTERS + 1], *next_b[N_QUARTERS + 1] = {NULL};

    find_weights(self, arena, item % self->n_pairs, b);
    if (next_item < self->step.n_items)
        find_weights(self, arena, next_item % self->n_pairs, next_b);
    for (guint i = 0; i < G_N_ELEMENTS(sevenths); i++) {
        gboolean is_end = i + 1 == G_N_ELEMENTS(sevenths);
        const Seventh *next = &sevenths[is_end ? 0 : i + 1];
        const float *const *of = is_end ? next_b : b;
        const float *ahead[] = {of[next->b], of[next->other]};

        run_seventh(self, &sevenths[i], arena, scratch, item, b, ahead);
    }
}

static gboolean gains(const VdtPlan *plan, const VdtProduct *p)
{
    const VdtKernels *kernels = plan->kernels;

    return !p->int8 && kernels->strassen_tile && vdt_window_is_pixel(&p->window) && p->x.n == 1 &&
           !vdt_place_exists(&p->y.live) && vdt_map_rows(&p->y) >= LEAST_ROWS &&
           p->depth >= LEAST_DEPTH && p->depth % (2 * VDT_LANES) == 0 &&
           p->columns >= LEAST_COLUMNS && p->columns % (2 * kernels->nr) == 0;
}

/* Each part adds the weights anew, so that rows are parted only to end together. */
static guint get_parts(const StrassenStep *self)
{
    return self->n_pairs % vdt_threads_get() == 0 ? 1 : MAX(1, FEW_ITEMS / self->n_pairs);
}

gboolean vdt_plan_add_strassen(VdtPlan *plan, const VdtProduct *product, const char *label,
                               guint64 macs)
{
    gsize rows = vdt_map_rows(&product->y), nr = plan->kernels->nr;
    StrassenStep *inputs, *self;

    if (!gains(plan, product))
        return FALSE;
    self = g_new0(StrassenStep, 1);
    self->plan = plan;
    self->p = *product;
    self->half = product->depth / 2;
    self->lower = rows / 2;
    self->upper = rows - self->lower;
    /* Rows a power of two apart would want the same lines of the first cache. */
    self->sums_pitch = self->half + VDT_LANES;
    self->sums = vdt_plan_add_buffer(plan, N_SUMS * self->upper * self->sums_pitch * sizeof(float));
    self->n_pairs = product->columns / nr / 2;

    inputs = g_memdup2(self, sizeof *self);
    inputs->rows = vdt_rows_split(self->upper, 1, 16);
    inputs->step = (VdtStep){.kernel = "strassen_inputs",
                             .label = g_strdup(label),
                             .n_items = inputs->rows.n_parts,
                             .run = run_inputs};
    vdt_step_reads(&inputs->step, product->x.place);
    vdt_step_writes(&inputs->step, self->sums);
    vdt_plan_add_step(plan, &inputs->step);

    self->rows = vdt_rows_split(self->upper, plan->kernels->mr, get_parts(self));
    self->step = (VdtStep){.kernel = "strassen",
                           .label = g_strdup(label),
                           .macs = macs,
                           .n_items = self->n_pairs * self->rows.n_parts,
                           .scratch = self->half * nr * sizeof(float),
                           .run = run_strassen};
    vdt_step_reads(&self->step, product->x.place, self->sums, product->packed);
    vdt_step_reads_epilogue(&self->step, &product->epilogue);
    vdt_step_writes(&self->step, product->y.place);
    vdt_plan_add_step(plan, &self->step);
    return TRUE;
}
