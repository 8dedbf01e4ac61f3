/* write.c: see write.h. The tape holds values in writing order, so one walk over it is enough; open containers are kept
 * in frames of our own, as deep as the decoder allows. */
#include "lib/write.h"

#include "lib/json.h"
#include "lib/value.h"

#include <ddbstream/num.h>

struct open {
    ddbs_iter iter;
    bool first;
    bool map;
    bool wrapped; /* in {"M": ... } */
};

struct writer {
    ddbs_buf *buf;
    bool typed;
    struct open stack[DDBS_VALUE_DEPTH_MAX + 2];
    size_t depth;
};

static void write_plain_number(ddbs_buf *buf, ddbs_num num)
{
    struct json json = { .text = num.ptr, .len = num.len };
    char canonical[DDBS_NUM_TEXT_MAX];
    if (ddbs_json__number(&json) && json.at == json.len)
        ddbs_buf__bytes(buf, num.ptr, num.len);
    else if (ddbs_num_canonical(num, canonical) == DDBS_OK)
        ddbs_buf__text(buf, canonical);
}

static void write_scalar(struct writer *writer, const ddbs_value *value)
{
    ddbs_buf *buf = writer->buf;
    switch ((ddbs_type)value->type) {
    case DDBS_TYPE_S:
        ddbs_buf__json(buf, value->as.text, value->len);
        break;
    case DDBS_TYPE_N:
        if (writer->typed)
            ddbs_buf__json(buf, value->as.text, value->len);
        else
            write_plain_number(buf, (ddbs_num){ value->as.text, value->len });
        break;
    case DDBS_TYPE_B:
        ddbs_buf__base64(buf, (const unsigned char *)value->as.text, value->len);
        break;
    case DDBS_TYPE_BOOL:
        ddbs_buf__text(buf, value->len != 0 ? "true" : "false");
        break;
    case DDBS_TYPE_NULL:
        ddbs_buf__text(buf, writer->typed ? "true" : "null");
        break;
    default: /* containers are written by write_value */
        break;
    }
}

static void open_container(struct writer *writer, ddbs_iter iter, bool map, bool wrapped)
{
    writer->stack[writer->depth++] = (struct open){ iter, true, map, wrapped };
    ddbs_buf__text(writer->buf, map ? "{" : "[");
}

static void write_set(struct writer *writer, const ddbs_value *set)
{
    ddbs_iter iter = ddbs_iter_list(set);
    const char *separator = "[";
    for (const ddbs_value *value; (value = ddbs_iter_next(&iter)) != NULL; separator = ",") {
        ddbs_buf__text(writer->buf, separator);
        write_scalar(writer, value);
    }
    ddbs_buf__text(writer->buf, *separator == '[' ? "[]" : "]");
}

static void write_value(struct writer *writer, const ddbs_value *value)
{
    ddbs_type type = ddbs_value_type(value);
    if (writer->typed)
        ddbs_buf__format(writer->buf, "{\"%s\":", ddbs_type_name(type));
    if (type == DDBS_TYPE_M) {
        open_container(writer, ddbs_iter_item((const ddbs_item *)(const void *)value), true, writer->typed);
        return;
    }
    if (type == DDBS_TYPE_L) {
        open_container(writer, ddbs_iter_list(value), false, writer->typed);
        return;
    }
    if (type == DDBS_TYPE_SS || type == DDBS_TYPE_NS || type == DDBS_TYPE_BS)
        write_set(writer, value);
    else
        write_scalar(writer, value);
    if (writer->typed)
        ddbs_buf__text(writer->buf, "}");
}

/* Write what is left of the open containers. */
static void write_rest(struct writer *writer)
{
    ddbs_buf *buf = writer->buf;
    while (writer->depth > 0) {
        struct open *open = &writer->stack[writer->depth - 1];
        ddbs_str name = { NULL, 0 };
        const ddbs_value *value = open->map ? ddbs_iter_attr(&open->iter, &name) : ddbs_iter_next(&open->iter);
        if (value == NULL) {
            ddbs_buf__text(buf, open->map ? "}" : "]");
            if (open->wrapped)
                ddbs_buf__text(buf, "}");
            writer->depth--;
            continue;
        }
        if (!open->first)
            ddbs_buf__text(buf, ",");
        open->first = false;
        if (open->map) {
            ddbs_buf__json(buf, name.ptr, name.len);
            ddbs_buf__text(buf, ":");
        }
        write_value(writer, value);
    }
}

void ddbs_write__item(ddbs_buf *buf, const ddbs_item *item, ddbs_json_form form)
{
    struct writer writer = { .buf = buf, .typed = form == DDBS_JSON_TYPED };
    open_container(&writer, ddbs_iter_item(item), true, false);
    write_rest(&writer);
}

ddbs_status ddbs_item_write(const ddbs_item *item, ddbs_json_form form, ddbs_buf *out)
{
    size_t before = out->len;
    if (item == NULL)
        return DDBS_E_MISSING;
    ddbs_write__item(out, item, form);
    return ddbs_buf__settle(out, before);
}

ddbs_status ddbs_value_write(const ddbs_value *value, ddbs_json_form form, ddbs_buf *out)
{
    struct writer writer = { .buf = out, .typed = form == DDBS_JSON_TYPED };
    size_t before = out->len;
    if (value == NULL)
        return DDBS_E_MISSING;
    write_value(&writer, value);
    write_rest(&writer);
    return ddbs_buf__settle(out, before);
}
