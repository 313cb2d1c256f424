/* user_function.c: a shared object's constant to an entry as in the table of functions. */
#include "sql/user_function.h"
#include "expr/cast.h"
#include "graph/user_task.h"
#include <dlfcn.h>

static const struct user_function *of(const struct function *f)
{
    return (const struct user_function *)(const void *)f;
}

/* --- arguments --- */

static enum err refuse_null(const struct resolution *r, int32_t number, struct error *e)
{
    const struct field *want = &of(r->function)->arguments->fields[number];

    return error_set(e, ERR_INPUT,
                     "argument %s of %s is NOT NULL, and here it may be NULL; give COALESCE(..., a value)",
                     want->name, r->function->name);
}

static enum err resolve(struct resolution *r, struct error *e)
{
    const struct user_function *u = of(r->function);

    for (int32_t i = 0; i < r->arg_count; i++) {
        const struct type *from = r->args[i]->type, *want = u->arguments->fields[i].type;

        if (!cast_is_implicit(from, want))
            return ERR_INPUT;
        if (from->nullable && !want->nullable && !(r->function->flags & FN_STRICT))
            return refuse_null(r, i, e);
        r->want[i] = type_nullable(r->arena, want, from->nullable);
    }
    r->result = u->result;
    r->variant = &user_function_variant;
    return OK;
}

/* --- what a library says of itself --- */

static enum err parse_types(struct arena *arena, struct user_function *u, struct error *e)
{
    static const struct schema none = {0, NULL};
    const struct weir_function *fn = u->fn;
    const struct schema *columns;
    struct type *row = ARENA_NEW(arena, struct type), *list = ARENA_NEW(arena, struct type);
    struct field *element = ARENA_NEW(arena, struct field);
    enum err rc = OK;

    u->arguments = &none;
    if (*fn->arguments && (rc = schema_parse(arena, slice_text(fn->arguments), &u->arguments, e)) != OK)
        return error_add(e, rc, "its arguments, \"%s\"", fn->arguments);
    if (!u->is_table) {
        rc = type_parse(arena, slice_text(fn->result), &u->result, e);
        return rc == OK ? OK : error_add(e, rc, "its result, \"%s\"", fn->result);
    }
    if ((rc = schema_parse(arena, slice_text(fn->result), &columns, e)) != OK)
        return error_add(e, rc, "its result, \"%s\"", fn->result);
    if (arena->failed)
        return error_memory(e, sizeof *row, "a function");
    *row = (struct type){.kind = TYPE_STRUCT, .field_count = columns->field_count, .fields = columns->fields};
    *element = (struct field){.name = "element", .type = row};
    *list = (struct type){.kind = TYPE_LIST, .field_count = 1, .fields = element};
    u->result = list;
    return OK;
}

static enum err check(const struct weir_function *fn, struct error *e)
{
    if (fn->abi != WEIR_FUNCTION_ABI)
        return error_set(
            e, ERR_CONFIG,
            "it was built for version %" PRIu32 " of weir/function.h, and this weir has version %d: "
            "compile it again; if it was never compiled for weir, the symbol is no struct weir_function",
            fn->abi, WEIR_FUNCTION_ABI);
    if (fn->kind != WEIR_SCALAR && fn->kind != WEIR_TABLE)
        return error_set(e, ERR_CONFIG, "its kind is %" PRIu32 ", neither WEIR_SCALAR nor WEIR_TABLE",
                         fn->kind);
    if (fn->flags & ~(uint32_t)(WEIR_STRICT | WEIR_VOLATILE))
        return error_set(e, ERR_CONFIG,
                         "its flags are %" PRIu32 ", of which this weir knows but WEIR_STRICT and "
                         "WEIR_VOLATILE",
                         fn->flags);
    if (fn->arguments == NULL || fn->result == NULL || fn->call == NULL)
        return error_set(e, ERR_CONFIG, "its arguments, result and call must be given");
    return OK;
}

/* NAME(text STRING, n INT) */
static const char *usage_of(struct arena *arena, const char *name, const struct schema *arguments)
{
    struct bytes text = {0};
    const char *out;

    bytes_printf(&text, "%s(", name);
    for (int32_t i = 0; i < arguments->field_count; i++) {
        bytes_printf(&text, "%s%s ", i ? ", " : "", arguments->fields[i].name);
        type_print(arguments->fields[i].type, &text);
    }
    bytes_text(&text, ")");
    out = bytes_cstr(&text) ? arena_strdup(arena, text.ptr) : NULL;
    bytes_fini(&text);
    arena->failed |= out == NULL;
    return out;
}

static enum err describe(struct arena *arena, const char *name, const struct weir_function *fn,
                         struct user_function *u, struct error *e)
{
    enum err rc;

    *u = (struct user_function){
        .fn = fn, .is_table = fn->kind == WEIR_TABLE, .variant = user_function_variant};
    if ((rc = parse_types(arena, u, e)) != OK)
        return rc;
    u->function = (struct function){
        .name = arena_strdup(arena, name),
        .usage = usage_of(arena, name, u->arguments),
        .doc = fn->doc ? fn->doc : "",
        .least = (int16_t)u->arguments->field_count,
        .most = (int16_t)u->arguments->field_count,
        .flags = (uint16_t)(FN_FAILS | (fn->flags & WEIR_STRICT ? FN_STRICT : 0) |
                            (fn->flags & WEIR_VOLATILE ? FN_VOLATILE : 0)),
        .resolve = resolve,
    };
    return arena->failed ? error_memory(e, sizeof *u, "a function") : OK;
}

enum err user_function_load(struct arena *arena, const char *name, const char *path, const char *symbol,
                            const struct user_function **out, struct error *e)
{
    /* dlopen would search the system's folders for a name without a slash. */
    const char *file = strchr(path, '/') ? path : arena_printf(arena, "./%s", path);
    struct user_function *u = ARENA_NEW(arena, struct user_function);
    const struct weir_function *fn;
    void *library;
    enum err rc;

    if (arena->failed)
        return error_memory(e, sizeof *u, "a function");
    if ((library = dlopen(file, RTLD_NOW | RTLD_LOCAL)) == NULL)
        return error_set(e, ERR_CONFIG, "library %s cannot be loaded: %s", path, dlerror());
    if ((fn = dlsym(library, symbol)) == NULL)
        return error_set(e, ERR_CONFIG,
                         "library %s has no symbol %s; it must be a `const struct weir_function`, not static",
                         path, symbol);
    if ((rc = check(fn, e)) != OK || (rc = describe(arena, name, fn, u, e)) != OK)
        return error_add(e, rc, "library %s, function %s", path, symbol);
    *out = u;
    return OK;
}
