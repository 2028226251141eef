/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLOTS     64
#define SLOT_SIZE ((size_t)4 << 20)
#define GUARD     64   /* bytes in front of an output */
#define POISON    0xff /* four or two of them are a NaN */

static guint64 state;
static char current[512];
static char *slots;
static guint used;

void check_seed(guint64 seed)
{
    state = seed;
}

/* splitmix64 */
static guint64 next(void)
{
    guint64 z = state += G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

size_t check_between(size_t low, size_t high)
{
    return low + next() % (high - low + 1);
}

double check_uniform(double low, double high)
{
    return low + (high - low) * ((double)(next() >> 11) * 0x1p-53);
}

gboolean check_one_in(guint n)
{
    return n > 0 && next() % n == 0;
}

void check_case(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(current, sizeof current, format, args);
    va_end(args);
    used = 0;
}

const char *check_current(void)
{
    return current;
}

void check_fail(const char *format, ...)
{
    g_autofree char *text = NULL, *message = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    message = g_strdup_printf("%s: %s", current, text);
    g_test_message("%s", message);
    abort();
}

void *check_memory(size_t size)
{
    size_t page = sysconf(_SC_PAGESIZE), stride = SLOT_SIZE + page;

    if (!slots) {
        slots = mmap(NULL, SLOTS * stride, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        g_assert_true(slots != MAP_FAILED);
        for (guint i = 0; i < SLOTS; i++)
            g_assert_no_errno(mprotect(slots + i * stride + SLOT_SIZE, page, PROT_NONE));
    }
    g_assert_cmpuint(used, <, SLOTS);
    g_assert_cmpuint(size, <=, SLOT_SIZE);
    return slots + used++ * stride + SLOT_SIZE - size;
}

double check_get(const void *array, size_t i, gboolean bf16)
{
    guint32 bits;
    float value;

    if (!bf16)
        return ((const float *)array)[i];
    bits = (guint32)((const guint16 *)array)[i] << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* To nearest, ties to even, in another way than the kernels do it. */
double check_round_bf16(double value)
{
    int exponent;
    double fraction = frexp(value, &exponent);

    return isfinite(value) ? ldexp(nearbyint(ldexp(fraction, 8)), exponent - 8) : value;
}

void check_set(void *array, size_t i, gboolean bf16, double value)
{
    float f = (float)(bf16 ? check_round_bf16(value) : value);
    guint32 bits;

    memcpy(&bits, &f, sizeof bits);
    if (bf16)
        ((guint16 *)array)[i] = bits >> 16;
    else
        ((float *)array)[i] = f;
}

static size_t size_of(gboolean bf16)
{
    return bf16 ? 2 : 4;
}

void *check_map(size_t rows, size_t channels, size_t readable, size_t pitch, gboolean bf16,
                guint special_in)
{
    const double specials[] = {NAN, INFINITY, -INFINITY, 100, -100, 0, -0.0};
    size_t count = (rows - 1) * pitch + readable;
    void *map = check_memory(count * size_of(bf16));

    for (size_t i = 0; i < count; i++) {
        double value = check_uniform(-1, 1);

        if (i % pitch >= readable)
            value = NAN;
        else if (i % pitch >= channels)
            value *= 1000;
        else if (check_one_in(special_in))
            value = specials[check_between(0, G_N_ELEMENTS(specials) - 1)];
        check_set(map, i, bf16, value);
    }
    return map;
}

size_t check_pitch(size_t channels)
{
    return VDT_ALIGN_LANES(channels) + check_between(0, 2) * VDT_LANES;
}

CheckOutput check_output(size_t rows, size_t width, size_t pitch, gboolean bf16)
{
    size_t size = ((rows - 1) * pitch + width) * size_of(bf16);
    char *memory = check_memory(GUARD + size);

    memset(memory, POISON, GUARD + size);
    return (CheckOutput){memory + GUARD, rows, width, pitch, bf16};
}

CheckOutput check_output_f32(size_t rows, size_t channels, size_t pitch, gboolean add,
                             const float **start)
{
    size_t wide = VDT_ALIGN_LANES(channels);
    CheckOutput output = check_output(rows, wide, pitch, FALSE);

    *start = check_channels(rows, channels, pitch, FALSE, 0);
    for (size_t row = 0; add && row < rows; row++)
        memcpy(output.data + row * pitch * sizeof(float), *start + row * pitch,
               wide * sizeof(float));
    return output;
}

CheckOutput check_output_copy(const CheckOutput *output)
{
    CheckOutput copy = check_output(output->rows, output->width, output->pitch, output->bf16);
    size_t count = (output->rows - 1) * output->pitch + output->width;

    memcpy(copy.data, output->data, count * size_of(output->bf16));
    return copy;
}

void check_outside(const CheckOutput *output, size_t channels)
{
    size_t size = size_of(output->bf16);

    for (size_t i = 0; i < GUARD; i++)
        if ((guint8)output->data[(gssize)i - GUARD] != POISON)
            check_fail("wrote %zu bytes before the output", GUARD - i);
    for (size_t row = 0; row < output->rows; row++) {
        const char *data = output->data + row * output->pitch * size;

        for (size_t i = output->width * size; row + 1 < output->rows && i < output->pitch * size;
             i++)
            if ((guint8)data[i] != POISON)
                check_fail("wrote into the gap after row %zu, element %zu", row, i / size);
        for (size_t i = channels; i < output->width; i++)
            if (!isfinite(check_get(data, i, output->bf16)))
                check_fail("row %zu: lane %zu past the channels is %g", row, i,
                           check_get(data, i, output->bf16));
    }
}

CheckExact check_activate(CheckExact x, VdtAct act)
{
    if (act == VDT_ACT_RELU)
        return (CheckExact){x.value < 0 ? 0 : x.value, x.scale};
    if (act == VDT_ACT_SIGMOID) {
        double y = 1 / (1 + exp(-x.value));

        /* The error of x goes through the slope, and the function adds its own. */
        return (CheckExact){y, isfinite(x.value) ? y * (1 - y) * x.scale + y : y};
    }
    if (act == VDT_ACT_GELU) /* its slope is at most 1.13 */
        return (CheckExact){x.value == -INFINITY ? 0 : x.value * erfc(-x.value * M_SQRT1_2) / 2,
                            1.13 * x.scale + fabs(x.value)};
    if (act == VDT_ACT_HARD_SIGMOID) {
        double up = x.value + 3 < 0 ? 0 : x.value + 3;

        return (CheckExact){(up > 6 ? 6 : up) / 6, isfinite(x.value) ? x.scale / 6 + 1 : 1};
    }
    return x;
}

CheckExact check_finish(CheckExact sum, const VdtEpilogue *e, gboolean bf16, size_t row,
                        size_t column)
{
    CheckExact y = {sum.value + e->bias[column], sum.scale + fabs(e->bias[column])};

    y = check_activate(y, e->act0);
    /* In bfloat16, GELU is as good as a value's rounding needs, 2e-5 of its operand. */
    if (bf16 && e->act0 == VDT_ACT_GELU)
        y.scale += 64 * fabs(sum.value + e->bias[column]);
    if (e->mul) {
        double mul = check_get(e->mul, row * e->mul_pitch + column, bf16);

        y = (CheckExact){y.value * mul, y.scale * fabs(mul)};
    }
    if (e->add) {
        double add = check_get(e->add, row * e->add_pitch + column, bf16);

        y = (CheckExact){y.value + add, y.scale + fabs(add)};
    }
    return check_activate(y, e->act1);
}

/* The part of an element's error that rounding to its type does not explain, in units of scale. */
static double error_of(const CheckExact *exact, double value, gboolean bf16)
{
    /* Half a step of bfloat16's 8 bits; below the least normal number kernels may flush to zero. */
    double rounding = fabs(exact->value) * (bf16 ? 0x1.02p-8 : 0) + 0x1p-120;
    double scale = isfinite(exact->scale) ? exact->scale : fabs(exact->value);
    double error = fabs(value - exact->value) - rounding;

    if (isnan(exact->value))
        return isnan(value) ? 0 : INFINITY;
    if (isinf(exact->value))
        return value == exact->value ? 0 : INFINITY;
    if (!isfinite(value))
        return INFINITY;
    return error > 0 ? error / MAX(scale, fabs(exact->value)) : 0;
}

static double worst_error(const CheckExact *exact, const CheckOutput *output, size_t channels,
                          size_t *worst)
{
    double most = 0;

    *worst = 0;
    for (size_t i = 0; i < output->rows * channels; i++) {
        size_t at = i / channels * output->pitch + i % channels;
        double error = error_of(&exact[i], check_get(output->data, at, output->bf16), output->bf16);

        if (error > most) {
            most = error;
            *worst = i;
        }
    }
    return most;
}

static void must_be_within(const char *who, double error, double limit, const CheckExact *exact,
                           const CheckOutput *output, size_t channels, size_t i)
{
    size_t row = i / channels, column = i % channels;

    if (error > limit)
        check_fail("%s: row %zu column %zu is %.9g, should be %.9g: error %.3g, allowed %.3g of "
                   "terms of size %.3g",
                   who, row, column,
                   check_get(output->data, row * output->pitch + column, output->bf16),
                   exact[i].value, error, limit, exact[i].scale);
}

void check_compare(const CheckExact *exact, const CheckOutput *reference, const CheckOutput *output,
                   size_t channels)
{
    const double ulp = 0x1p-24;
    size_t at, output_at;
    double reference_error = worst_error(exact, reference, channels, &at);
    double error = worst_error(exact, output, channels, &output_at);

    must_be_within("reference", reference_error, 32 * ulp, exact, reference, channels, at);
    must_be_within("variant", error, 4 * reference_error + 8 * ulp, exact, output, channels,
                   output_at);
}

VdtEpilogue check_nth_epilogue(guint i, size_t rows, size_t columns, gboolean bf16,
                               guint special_in)
{
    VdtEpilogue e = {.bias = check_map(1, columns, columns, columns, FALSE, 0),
                     .act0 = i % 5,
                     .act1 = i / 5 % 2 ? VDT_ACT_RELU : VDT_ACT_NONE};

    if (i / 10 % 2) {
        /* A sigmoid may leave 0 or some 1e-38 of a large negative sum; times infinity that is not
         * the same. */
        guint special = e.act0 > VDT_ACT_RELU ? 0 : special_in;

        e.mul_pitch = check_pitch(columns);
        e.mul = check_channels(rows, columns, e.mul_pitch, bf16, special);
    }
    if (i / 20 % 2) {
        e.add_pitch = check_pitch(columns);
        e.add = check_channels(rows, columns, e.add_pitch, bf16, special_in);
    }
    return e;
}

VdtEpilogue check_epilogue(size_t rows, size_t columns, gboolean bf16, guint special_in)
{
    return check_nth_epilogue(check_between(0, CHECK_EPILOGUES - 1), rows, columns, bf16,
                              special_in);
}

const VdtKernels *check_reference(const VdtKernels *kernels)
{
    return vdt_kernels_plain(kernels->precision);
}

/* "TABLE/MEMBER" of all that was added; tables and members are named without a slash. */
static GHashTable *checked;

static void add_test(const char *table, const char *name, gconstpointer kernels, GTestDataFunc test)
{
    g_autofree char *path = g_strdup_printf("/kernels/%s/%s", table, name);
    const char *end = strchr(name, '/');
    int length = end ? (int)(end - name) : (int)strlen(name);

    if (!checked)
        checked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_add(checked, g_strdup_printf("%s/%.*s", table, length, name));
    g_test_add_data_func(path, kernels, test);
}

void check_add_test(const VdtKernels *kernels, const char *name, GTestDataFunc test)
{
    add_test(kernels->name, name, kernels, test);
}

void check_add_int8_test(const VdtInt8Kernels *kernels, const char *name, GTestDataFunc test)
{
    add_test(kernels->name, name, kernels, test);
}

void check_add_gradient_test(const VdtGradientKernels *kernels, const char *name,
                             GTestDataFunc test)
{
    g_autofree char *table = g_strdup_printf("gradient_%s", kernels->name);

    add_test(table, name, kernels, test);
}

gboolean check_has_test(const char *table, const char *member)
{
    g_autofree char *name = g_strdup_printf("%s/%s", table, member);

    return checked && g_hash_table_contains(checked, name);
}

size_t check_next_rows(size_t rows, size_t most)
{
    return rows < VDT_MOST_TILE_ROWS || rows == most ? rows + 1 : MIN(3 * rows + 1, most);
}

void check_tile_sizes(gconstpointer kernels, size_t mr, size_t nr, CheckTile each)
{
    for (size_t rows = 1; rows <= mr; rows = check_next_rows(rows, mr))
        for (size_t width = VDT_LANES; width <= nr; width += VDT_LANES)
            for (size_t depth = 1; depth <= 70; depth++)
                each(kernels, rows, width, depth, check_between(1, 9) % 4 + 1, -1);
}

void check_tile_taps(gconstpointer kernels, size_t mr, size_t nr, CheckTile each)
{
    for (size_t rows = 1; rows <= mr; rows = check_next_rows(rows, mr))
        for (size_t width = VDT_LANES; width <= nr; width += VDT_LANES)
            for (size_t taps = 1; taps <= 9; taps++)
                each(kernels, rows, width, check_between(1, 40), taps, -1);
}

void check_tile_epilogues(gconstpointer kernels, size_t mr, size_t nr, CheckTile each)
{
    for (size_t rows = 1; rows <= mr; rows = check_next_rows(rows, mr))
        for (size_t width = VDT_LANES; width <= nr; width += VDT_LANES)
            for (int epilogue = 0; epilogue < CHECK_EPILOGUES; epilogue++)
                each(kernels, rows, width, check_between(1, 12), check_between(1, 3), epilogue);
}
