/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine that reads pickles, protocols 0 to 5. Opcodes are those of Python's pickletools.
 *
 * An opcode makes a few small values at most, text is not copied, and what there is at the end of
 * an opcode has been paid for out of a budget. Nothing recurses, neither here nor when values are
 * freed, so nesting costs no C stack.
 */
#include "io/byte-order.h"
#include "io/keyed-hash.h"
#include "values.h"

#include <string.h>

/* Checkpoints with ten thousand tensors and the state of an optimiser have about a million. */
#define MAX_OPCODES (8 * 1000 * 1000)

typedef struct {
    VdtPickle *pickle;
    const guchar *data;
    gsize size, at;
    const char *origin;
    GPtrArray *stack;
    GArray *marks;    /* of guint: stack lengths */
    GHashTable *memo; /* index to value */
    guint stack_room, marks_room, memo_room;
    VdtPickleValue *none, *truth[2];
} Machine;

static gboolean bad(Machine *machine, const char *what, GError **error)
{
    return vdt_bad_file(error, machine->origin,
                        "its pickle is damaged at byte %" G_GSIZE_FORMAT ": %s", machine->at, what);
}

static VdtPickleValue *new_value(Machine *machine, VdtPickleKind kind)
{
    return vdt_pickle_add(machine->pickle, kind);
}

/* --- Input ---------------------------------------------------------------------------------- */

/* The next @n bytes, or NULL. */
static const guchar *take(Machine *machine, guint64 n, GError **error)
{
    const guchar *at = machine->data + machine->at;

    if (n > machine->size - machine->at) {
        vdt_bad_file(error, machine->origin,
                     "its pickle wants %" G_GUINT64_FORMAT " bytes at byte %" G_GSIZE_FORMAT
                     ", there are %" G_GSIZE_FORMAT,
                     n, machine->at, machine->size - machine->at);
        return NULL;
    }
    machine->at += n;
    return at;
}

/* A number of 1, 2, 4 or 8 bytes. */
static gboolean take_number(Machine *machine, guint width, guint64 *number, GError **error)
{
    const guchar *at = take(machine, width, error);

    if (at == NULL)
        return FALSE;
    *number = 0;
    for (guint i = 0; i < width; i++)
        *number |= (guint64)at[i] << (8 * i);
    return TRUE;
}

/* A line of protocol 0, as text without its end. */
static VdtPickleValue *take_line(Machine *machine, GError **error)
{
    const guchar *start = machine->data + machine->at;
    const guchar *end = memchr(start, '\n', machine->size - machine->at);
    VdtPickleValue *value;

    if (end == NULL) {
        bad(machine, "a line has no end", error);
        return NULL;
    }
    machine->at += (gsize)(end - start) + 1;
    value = new_value(machine, VDT_PICKLE_TEXT);
    value->text = (const char *)start;
    value->length = (gsize)(end - start);
    return value;
}

/* Copies a line, terminated, for the functions that parse numbers. FALSE if it is too long. */
static gboolean copy_line(const VdtPickleValue *line, char *text, gsize size)
{
    if (line->length >= size)
        return FALSE;
    memcpy(text, line->text, line->length);
    text[line->length] = '\0';
    return TRUE;
}

/* --- Stack ---------------------------------------------------------------------------------- */

static gboolean push(Machine *machine, VdtPickleValue *value)
{
    if (value == NULL)
        return FALSE;
    g_ptr_array_add(machine->stack, value);
    return TRUE;
}

static gboolean push_new(Machine *machine, VdtPickleKind kind)
{
    return push(machine, new_value(machine, kind));
}

static gboolean push_integer(Machine *machine, gint64 integer)
{
    VdtPickleValue *value = new_value(machine, VDT_PICKLE_INT);

    value->integer = integer;
    return push(machine, value);
}

/* Index of the first value above the last mark; without a mark, of the bottom. */
static guint floor_of_stack(const Machine *machine)
{
    return machine->marks->len > 0 ? g_array_index(machine->marks, guint, machine->marks->len - 1)
                                   : 0;
}

static VdtPickleValue *top(Machine *machine, GError **error)
{
    if (machine->stack->len == floor_of_stack(machine)) {
        bad(machine, "its stack is empty", error);
        return NULL;
    }
    return g_ptr_array_index(machine->stack, machine->stack->len - 1);
}

static VdtPickleValue *pop(Machine *machine, GError **error)
{
    VdtPickleValue *value = top(machine, error);

    if (value != NULL)
        g_ptr_array_set_size(machine->stack, (gint)machine->stack->len - 1);
    return value;
}

/* Takes the last mark away; the values above it are those from *start on. */
static gboolean pop_mark(Machine *machine, guint *start, GError **error)
{
    if (machine->marks->len == 0)
        return bad(machine, "there is no mark", error);
    *start = floor_of_stack(machine);
    g_array_set_size(machine->marks, machine->marks->len - 1);
    return TRUE;
}

/* Moves the values from @start on into @value. */
static void move_items(Machine *machine, guint start, VdtPickleValue *value)
{
    for (guint i = start; i < machine->stack->len; i++)
        vdt_pickle_append(machine->pickle, value, g_ptr_array_index(machine->stack, i));
    g_ptr_array_set_size(machine->stack, (gint)start);
}

static gboolean push_items(Machine *machine, VdtPickleKind kind, guint start)
{
    VdtPickleValue *value = new_value(machine, kind);

    move_items(machine, start, value);
    return push(machine, value);
}

static gboolean push_marked(Machine *machine, VdtPickleKind kind, GError **error)
{
    guint start = 0;

    if (!pop_mark(machine, &start, error))
        return FALSE;
    if (kind == VDT_PICKLE_DICT && (machine->stack->len - start) % 2 != 0)
        return bad(machine, "a key has no value", error);
    return push_items(machine, kind, start);
}

static gboolean push_tuple(Machine *machine, guint n, GError **error)
{
    if (machine->stack->len - floor_of_stack(machine) < n)
        return bad(machine, "its stack is empty", error);
    return push_items(machine, VDT_PICKLE_TUPLE, machine->stack->len - n);
}

/* A value made of the two topmost. */
static gboolean push_pair(Machine *machine, VdtPickleKind kind, GError **error)
{
    VdtPickleValue *tail = pop(machine, error);
    VdtPickleValue *head = tail != NULL ? pop(machine, error) : NULL;
    VdtPickleValue *value;

    if (head == NULL)
        return FALSE;
    value = new_value(machine, kind);
    value->head = head;
    value->tail = tail;
    return push(machine, value);
}

/* --- Opcodes -------------------------------------------------------------------------------- */

static gboolean push_number(Machine *machine, guint width, GError **error)
{
    guint64 number;

    return take_number(machine, width, &number, error) && push_integer(machine, (gint64)number);
}

static gboolean push_int32(Machine *machine, GError **error)
{
    guint64 number;

    return take_number(machine, 4, &number, error) &&
           push_integer(machine, (gint32)(guint32)number);
}

static gboolean push_double(Machine *machine, GError **error)
{
    const guchar *at = take(machine, 8, error);
    VdtPickleValue *value;
    guint64 bits;

    if (at == NULL)
        return FALSE;
    bits = GUINT64_SWAP_LE_BE(vdt_get_u64(at));
    value = new_value(machine, VDT_PICKLE_FLOAT);
    memcpy(&value->number, &bits, sizeof bits);
    return push(machine, value);
}

/* An integer in as few bytes of two's complement as it needs, their number in front. */
static gboolean push_long(Machine *machine, guint width, GError **error)
{
    guint64 n, number = 0;
    const guchar *at;

    if (!take_number(machine, width, &n, error))
        return FALSE;
    at = take(machine, n, error);
    if (at == NULL)
        return FALSE;
    if (n > 8)
        return push_new(machine, VDT_PICKLE_OPAQUE);
    for (guint i = 0; i < 8; i++)
        number |= (guint64)(i < n ? at[i] : n > 0 && at[n - 1] >= 0x80 ? 0xff : 0) << (8 * i);
    return push_integer(machine, (gint64)number);
}

static gboolean push_text(Machine *machine, guint width, GError **error)
{
    guint64 n;
    const guchar *at;
    VdtPickleValue *value;

    if (!take_number(machine, width, &n, error))
        return FALSE;
    at = take(machine, n, error);
    if (at == NULL)
        return FALSE;
    value = new_value(machine, VDT_PICKLE_TEXT);
    value->text = (const char *)at;
    value->length = n;
    return push(machine, value);
}

/* Text of protocol 0. Escapes are not decoded: whatever needs them is of no use to us. */
static gboolean push_text_line(Machine *machine, gboolean quoted, GError **error)
{
    VdtPickleValue *value = take_line(machine, error);

    if (value == NULL)
        return FALSE;
    if (quoted) {
        if (value->length < 2 || value->text[0] != value->text[value->length - 1])
            return bad(machine, "a string has no quotes", error);
        value->text++;
        value->length -= 2;
    }
    if (memchr(value->text, '\\', value->length) != NULL)
        value->kind = VDT_PICKLE_OPAQUE;
    return push(machine, value);
}

/* An integer of protocol 0: "12", "-3", "12L"; "00" and "01" are the booleans. */
static gboolean push_integer_line(Machine *machine, GError **error)
{
    VdtPickleValue *value = take_line(machine, error);
    char digits[24];
    char *end;
    gint64 integer;

    if (value == NULL)
        return FALSE;
    if (value->length == 2 && value->text[0] == '0')
        return push(machine, machine->truth[value->text[1] == '1']);
    if (!copy_line(value, digits, sizeof digits))
        return push_new(machine, VDT_PICKLE_OPAQUE);
    integer = g_ascii_strtoll(digits, &end, 10);
    if (end == digits || (*end != '\0' && strcmp(end, "L") != 0))
        return bad(machine, "a line is not an integer", error);
    return push_integer(machine, integer);
}

static gboolean push_float_line(Machine *machine, GError **error)
{
    VdtPickleValue *value = take_line(machine, error);
    char digits[64];

    if (value == NULL)
        return FALSE;
    if (!copy_line(value, digits, sizeof digits))
        return bad(machine, "a line is not a number", error);
    value->kind = VDT_PICKLE_FLOAT;
    value->number = g_ascii_strtod(digits, NULL);
    return push(machine, value);
}

static VdtPickleValue *take_global(Machine *machine, GError **error)
{
    VdtPickleValue *module = take_line(machine, error);
    VdtPickleValue *name = module != NULL ? take_line(machine, error) : NULL;
    VdtPickleValue *value;

    if (name == NULL)
        return NULL;
    value = new_value(machine, VDT_PICKLE_GLOBAL);
    value->head = module;
    value->tail = name;
    return value;
}

static gboolean push_stack_global(Machine *machine, GError **error)
{
    VdtPickleValue *value;

    if (!push_pair(machine, VDT_PICKLE_GLOBAL, error))
        return FALSE;
    value = top(machine, error);
    return (value->head->kind == VDT_PICKLE_TEXT && value->tail->kind == VDT_PICKLE_TEXT) ||
           bad(machine, "the name of a global is not text", error);
}

/* An object from all values above the mark: arguments, behind the class if @class_name is NULL. */
static gboolean push_marked_object(Machine *machine, VdtPickleValue *class_name, GError **error)
{
    VdtPickleValue *value, *args;
    guint start = 0;

    if (!pop_mark(machine, &start, error))
        return FALSE;
    if (class_name == NULL) {
        if (start == machine->stack->len)
            return bad(machine, "an object has no class", error);
        class_name = g_ptr_array_index(machine->stack, start);
        g_ptr_array_remove_index(machine->stack, start);
    }
    args = new_value(machine, VDT_PICKLE_TUPLE);
    move_items(machine, start, args);
    value = new_value(machine, VDT_PICKLE_OBJECT);
    value->head = class_name;
    value->tail = args;
    return push(machine, value);
}

static gboolean push_instance(Machine *machine, GError **error)
{
    VdtPickleValue *class_name = take_global(machine, error);

    return class_name != NULL && push_marked_object(machine, class_name, error);
}

/* Class, arguments and keyword arguments; the last are dropped. */
static gboolean push_keyword_object(Machine *machine, GError **error)
{
    return pop(machine, error) != NULL && push_pair(machine, VDT_PICKLE_OBJECT, error);
}

static gboolean push_persistent(Machine *machine, VdtPickleValue *id)
{
    VdtPickleValue *value;

    if (id == NULL)
        return FALSE;
    value = new_value(machine, VDT_PICKLE_PERSISTENT);
    value->head = id;
    return push(machine, value);
}

static gboolean push_extension(Machine *machine, guint width, GError **error)
{
    return take(machine, width, error) != NULL && push_new(machine, VDT_PICKLE_OPAQUE);
}

/* Appends the values from @start on to the value below them. Objects ignore it. */
static gboolean extend(Machine *machine, guint start, GError **error)
{
    VdtPickleValue *value;

    if (start == floor_of_stack(machine))
        return bad(machine, "there is nothing to append to", error);
    value = g_ptr_array_index(machine->stack, start - 1);
    if (value->kind == VDT_PICKLE_LIST || value->kind == VDT_PICKLE_SET)
        move_items(machine, start, value);
    else if (value->kind == VDT_PICKLE_OBJECT || value->kind == VDT_PICKLE_OPAQUE)
        g_ptr_array_set_size(machine->stack, (gint)start);
    else
        return bad(machine, "items are appended to something that is not a list", error);
    return TRUE;
}

/* Sets the keys and values from @start on in the value below them. */
static gboolean set_items(Machine *machine, guint start, GError **error)
{
    VdtPickleValue *value;

    if (start == floor_of_stack(machine))
        return bad(machine, "there is nothing to set items of", error);
    if ((machine->stack->len - start) % 2 != 0)
        return bad(machine, "a key has no value", error);
    value = g_ptr_array_index(machine->stack, start - 1);
    if (value->kind == VDT_PICKLE_DICT || value->kind == VDT_PICKLE_OBJECT)
        move_items(machine, start, value);
    else if (value->kind == VDT_PICKLE_OPAQUE)
        g_ptr_array_set_size(machine->stack, (gint)start);
    else
        return bad(machine, "items are set in something that is not a dictionary", error);
    return TRUE;
}

/* The last @n values as a start for extend() and set_items(). */
static gboolean last_values(Machine *machine, guint n, guint *start, GError **error)
{
    if (machine->stack->len - floor_of_stack(machine) < n)
        return bad(machine, "its stack is empty", error);
    *start = machine->stack->len - n;
    return TRUE;
}

static gboolean append_one(Machine *machine, GError **error)
{
    guint start = 0;

    return last_values(machine, 1, &start, error) && extend(machine, start, error);
}

static gboolean append_marked(Machine *machine, GError **error)
{
    guint start = 0;

    return pop_mark(machine, &start, error) && extend(machine, start, error);
}

static gboolean set_one(Machine *machine, GError **error)
{
    guint start = 0;

    return last_values(machine, 2, &start, error) && set_items(machine, start, error);
}

static gboolean set_marked(Machine *machine, GError **error)
{
    guint start = 0;

    return pop_mark(machine, &start, error) && set_items(machine, start, error);
}

/* Drops the topmost value, or the mark if that is what lies on top. */
static gboolean drop(Machine *machine, GError **error)
{
    guint start = 0;

    if (machine->marks->len > 0 && machine->stack->len == floor_of_stack(machine))
        return pop_mark(machine, &start, error);
    return pop(machine, error) != NULL;
}

static gboolean drop_marked(Machine *machine, GError **error)
{
    guint start = 0;

    if (!pop_mark(machine, &start, error))
        return FALSE;
    g_ptr_array_set_size(machine->stack, (gint)start);
    return TRUE;
}

/* State that Python would put into the object below: attributes, which nothing here asks for. */
static gboolean build(Machine *machine, GError **error)
{
    return pop(machine, error) != NULL && top(machine, error) != NULL;
}

static gboolean put(Machine *machine, guint64 index, GError **error)
{
    VdtPickleValue *value = top(machine, error);

    if (value == NULL)
        return FALSE;
    g_hash_table_insert(machine->memo, GSIZE_TO_POINTER(index), value);
    return TRUE;
}

static gboolean get(Machine *machine, guint64 index, GError **error)
{
    VdtPickleValue *value = g_hash_table_lookup(machine->memo, GSIZE_TO_POINTER(index));

    return push(machine, value) ||
           bad(machine, "it asks for something it has not remembered", error);
}

static gboolean take_index(Machine *machine, guint width, guint64 *index, GError **error)
{
    VdtPickleValue *line;
    char digits[24];

    if (width > 0)
        return take_number(machine, width, index, error);
    line = take_line(machine, error);
    if (line == NULL)
        return FALSE;
    if (!copy_line(line, digits, sizeof digits))
        return bad(machine, "a line is not a number", error);
    *index = g_ascii_strtoull(digits, NULL, 10);
    return TRUE;
}

static gboolean put_at(Machine *machine, guint width, GError **error)
{
    guint64 index = 0;

    return take_index(machine, width, &index, error) && put(machine, index, error);
}

static gboolean get_at(Machine *machine, guint width, GError **error)
{
    guint64 index = 0;

    return take_index(machine, width, &index, error) && get(machine, index, error);
}

/* Runs one opcode. */
static gboolean step(Machine *machine, guchar opcode, GError **error)
{
    switch (opcode) {
    case 0x80: /* PROTO */
        return take(machine, 1, error) != NULL;
    case 0x95: /* FRAME */
        return take(machine, 8, error) != NULL;
    case '(': /* MARK */
        g_array_append_val(machine->marks, machine->stack->len);
        return TRUE;
    case '0': /* POP */
        return drop(machine, error);
    case '1': /* POP_MARK */
        return drop_marked(machine, error);
    case '2': /* DUP */
        return push(machine, top(machine, error));

    case 'N': /* NONE */
        return push(machine, machine->none);
    case 0x88: /* NEWTRUE */
        return push(machine, machine->truth[1]);
    case 0x89: /* NEWFALSE */
        return push(machine, machine->truth[0]);
    case 'I': /* INT */
    case 'L': /* LONG */
        return push_integer_line(machine, error);
    case 'K': /* BININT1 */
        return push_number(machine, 1, error);
    case 'M': /* BININT2 */
        return push_number(machine, 2, error);
    case 'J': /* BININT */
        return push_int32(machine, error);
    case 0x8a: /* LONG1 */
        return push_long(machine, 1, error);
    case 0x8b: /* LONG4 */
        return push_long(machine, 4, error);
    case 'F': /* FLOAT */
        return push_float_line(machine, error);
    case 'G': /* BINFLOAT */
        return push_double(machine, error);

    case 'S': /* STRING */
        return push_text_line(machine, TRUE, error);
    case 'V': /* UNICODE */
        return push_text_line(machine, FALSE, error);
    case 'U':  /* SHORT_BINSTRING */
    case 'C':  /* SHORT_BINBYTES */
    case 0x8c: /* SHORT_BINUNICODE */
        return push_text(machine, 1, error);
    case 'T': /* BINSTRING */
    case 'B': /* BINBYTES */
    case 'X': /* BINUNICODE */
        return push_text(machine, 4, error);
    case 0x8d: /* BINUNICODE8 */
    case 0x8e: /* BINBYTES8 */
    case 0x96: /* BYTEARRAY8 */
        return push_text(machine, 8, error);

    case ')': /* EMPTY_TUPLE */
        return push_new(machine, VDT_PICKLE_TUPLE);
    case ']': /* EMPTY_LIST */
        return push_new(machine, VDT_PICKLE_LIST);
    case '}': /* EMPTY_DICT */
        return push_new(machine, VDT_PICKLE_DICT);
    case 0x8f: /* EMPTY_SET */
        return push_new(machine, VDT_PICKLE_SET);
    case 't': /* TUPLE */
        return push_marked(machine, VDT_PICKLE_TUPLE, error);
    case 'l': /* LIST */
        return push_marked(machine, VDT_PICKLE_LIST, error);
    case 'd': /* DICT */
        return push_marked(machine, VDT_PICKLE_DICT, error);
    case 0x91: /* FROZENSET */
        return push_marked(machine, VDT_PICKLE_SET, error);
    case 0x85: /* TUPLE1 */
    case 0x86: /* TUPLE2 */
    case 0x87: /* TUPLE3 */
        return push_tuple(machine, opcode - 0x84u, error);
    case 'a': /* APPEND */
        return append_one(machine, error);
    case 'e':  /* APPENDS */
    case 0x90: /* ADDITEMS */
        return append_marked(machine, error);
    case 's': /* SETITEM */
        return set_one(machine, error);
    case 'u': /* SETITEMS */
        return set_marked(machine, error);

    case 'c': /* GLOBAL */
        return push(machine, take_global(machine, error));
    case 0x93: /* STACK_GLOBAL */
        return push_stack_global(machine, error);
    case 'R':  /* REDUCE */
    case 0x81: /* NEWOBJ */
        return push_pair(machine, VDT_PICKLE_OBJECT, error);
    case 0x92: /* NEWOBJ_EX */
        return push_keyword_object(machine, error);
    case 'i': /* INST */
        return push_instance(machine, error);
    case 'o': /* OBJ */
        return push_marked_object(machine, NULL, error);
    case 'b': /* BUILD */
        return build(machine, error);
    case 'P': /* PERSID */
        return push_persistent(machine, take_line(machine, error));
    case 'Q': /* BINPERSID */
        return push_persistent(machine, pop(machine, error));
    case 0x82: /* EXT1 */
        return push_extension(machine, 1, error);
    case 0x83: /* EXT2 */
        return push_extension(machine, 2, error);
    case 0x84: /* EXT4 */
        return push_extension(machine, 4, error);
    case 0x97: /* NEXT_BUFFER */
        return push_new(machine, VDT_PICKLE_OPAQUE);
    case 0x98: /* READONLY_BUFFER */
        return top(machine, error) != NULL;

    case 'p': /* PUT */
        return put_at(machine, 0, error);
    case 'q': /* BINPUT */
        return put_at(machine, 1, error);
    case 'r': /* LONG_BINPUT */
        return put_at(machine, 4, error);
    case 0x94: /* MEMOIZE */
        return put(machine, g_hash_table_size(machine->memo), error);
    case 'g': /* GET */
        return get_at(machine, 0, error);
    case 'h': /* BINGET */
        return get_at(machine, 1, error);
    case 'j': /* LONG_BINGET */
        return get_at(machine, 4, error);

    default:
        return vdt_bad_file(error, machine->origin,
                            "its pickle has the unknown opcode 0x%02x at byte %" G_GSIZE_FORMAT,
                            opcode, machine->at - 1);
    }
}

/* What grows beside the values, by the most that each has had. */
static void count_growth(guint now, guint *room, gsize bytes, gsize *spent)
{
    for (; *room < now; *room += *room / 2 + 16)
        *spent += (*room / 2 + 16) * bytes;
}

static gboolean check_budget(Machine *machine, gsize budget, GError **error)
{
    gsize *spent = &machine->pickle->spent;

    count_growth(machine->stack->len, &machine->stack_room, 2 * sizeof(gpointer), spent);
    count_growth(machine->marks->len, &machine->marks_room, 2 * sizeof(guint), spent);
    /* A table of pairs and hashes, a quarter full at the least, and its successor. */
    count_growth(g_hash_table_size(machine->memo), &machine->memo_room, 64, spent);
    if (machine->pickle->no_memory) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "%s: no memory for the values of its pickle", machine->origin);
        return FALSE;
    }
    return *spent <= budget ||
           vdt_bad_file(error, machine->origin,
                        "its pickle makes values of more than %" G_GSIZE_FORMAT
                        " bytes by its byte %" G_GSIZE_FORMAT ", the limit for a file of this size",
                        budget, machine->at);
}

static gboolean run(Machine *machine, gsize budget, GError **error)
{
    for (guint i = 0; i < MAX_OPCODES; i++) {
        const guchar *opcode = take(machine, 1, error);

        if (opcode == NULL)
            return FALSE;
        if (*opcode == '.') { /* STOP */
            machine->pickle->root = pop(machine, error);
            machine->pickle->length = machine->at;
            return machine->pickle->root != NULL;
        }
        if (!step(machine, *opcode, error) || !check_budget(machine, budget, error))
            return FALSE;
    }
    return vdt_bad_file(error, machine->origin, "its pickle has more than %d opcodes", MAX_OPCODES);
}

VdtPickle *vdt_pickle_parse(const guchar *data, gsize size, gsize *budget, const char *origin,
                            GError **error)
{
    g_autoptr(VdtPickle) pickle = vdt_pickle_new();
    g_autoptr(GPtrArray) stack = g_ptr_array_new();
    g_autoptr(GArray) marks = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GHashTable) memo = g_hash_table_new(vdt_keyed_direct_hash, NULL);
    Machine machine = {.pickle = pickle,
                       .data = data,
                       .size = size,
                       .origin = origin,
                       .stack = stack,
                       .marks = marks,
                       .memo = memo};

    machine.none = new_value(&machine, VDT_PICKLE_NONE);
    for (gint64 i = 0; i < 2; i++) {
        machine.truth[i] = new_value(&machine, VDT_PICKLE_BOOL);
        machine.truth[i]->integer = i;
    }
    if (!run(&machine, *budget, error))
        return NULL;
    *budget -= pickle->spent;
    return g_steal_pointer(&pickle);
}
