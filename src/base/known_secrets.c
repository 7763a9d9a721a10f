/*
 * The automaton of Aho and Corasick over the registered secrets: the state is the longest beginning of a secret that the
 * text so far ends with, so that whatever the text is, a byte costs a constant. It knows beginnings as well as whole
 * secrets, because a secret that was cut short is still a secret.
 */
#include "known_secrets.h"

#include "buf.h"
#include "secret_kind.h"
#include "unescape.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SHORTEST_LINE 8
#define PIECE 16 /* bytes of each piece but the first; one begins every PIECE_STEP bytes */
#define PIECE_STEP 8
#define DECODINGS 3

/* What the end of the way to a node is. */
enum { IS_SURE = 1, IS_CUT = 2, IS_TOKEN = 4, IS_LETTERS = 8, IS_COMPLETE = 16 };

struct node {
    uint32_t parent, fail;
    uint32_t next; /* another node of the same depth, 0 for none */
    uint8_t byte, flags;
    struct known_secret known;
};

static struct node *nodes; /* the first is the start */
static size_t node_count, node_room;
static uint32_t *edges; /* nodes by their parent and byte */
static size_t edge_room;
static uint32_t from_start[256];
static uint32_t of_depth[KNOWN_LONGEST + 1];
static bool is_ready, has_failed;

/* ---- nodes ------------------------------------------------------------------------------------------------------- */

static void wipe_and_free(void *memory, size_t size)
{
    volatile char *bytes = memory;

    for (size_t i = 0; i < size; i++)
        bytes[i] = 0;
    free(memory);
}

static size_t edge_slot(uint32_t parent, uint8_t byte)
{
    uint32_t key = (parent * 256u + byte) * 2654435761u;

    return (key ^ key >> 15) & (edge_room - 1);
}

static void add_edge(uint32_t node)
{
    size_t at = edge_slot(nodes[node].parent, nodes[node].byte);

    while (edges[at])
        at = (at + 1) & (edge_room - 1);
    edges[at] = node;
}

static uint32_t child(uint32_t parent, uint8_t byte)
{
    if (parent == KNOWN_START)
        return from_start[byte];
    for (size_t at = edge_slot(parent, byte); edges[at]; at = (at + 1) & (edge_room - 1))
        if (nodes[edges[at]].parent == parent && nodes[edges[at]].byte == byte)
            return edges[at];
    return 0;
}

/* Room for one more node: twice as much as there was. */
static bool grow(void)
{
    if (node_count < node_room)
        return true;
    size_t room = node_room ? 2 * node_room : 256;
    struct node *more = calloc(room, sizeof *more);
    uint32_t *more_edges = calloc(4 * room, sizeof *more_edges);
    if (!more || !more_edges) {
        free(more);
        free(more_edges);
        return false;
    }
    if (node_count > 0)
        memcpy(more, nodes, node_count * sizeof *nodes);
    wipe_and_free(nodes, node_room * sizeof *nodes);
    free(edges);
    nodes = more;
    node_room = room;
    edges = more_edges;
    edge_room = 4 * room;
    if (node_count == 0)
        node_count = 1;
    for (size_t i = 1; i < node_count; i++)
        add_edge((uint32_t)i);
    return true;
}

static uint32_t add_child(uint32_t parent, uint8_t byte)
{
    uint32_t node = node_count > 0 ? child(parent, byte) : 0;

    if (node)
        return node;
    if (!grow()) {
        has_failed = true;
        return 0;
    }
    node = (uint32_t)node_count++;
    unsigned depth = nodes[parent].known.depth + 1u;
    nodes[node] = (struct node){.parent = parent, .byte = byte, .next = of_depth[depth], .known.depth = (uint8_t)depth};
    of_depth[depth] = node;
    add_edge(node);
    if (parent == KNOWN_START)
        from_start[byte] = node;
    return node;
}

bool known_secrets_is_strong(const char *bytes, size_t length)
{
    return secret_kind_of(bytes, length) == SECRET_STRONG;
}

/* ---- ways ------------------------------------------------------------------------------------------------------------ */

/* The secret itself, or of a long one its beginning. */
static void add_beginning(const char *bytes, size_t length, struct secret_measures measures, enum secret_kind kind)
{
    static const uint8_t whole[] = {
        [SECRET_WORD] = IS_COMPLETE, [SECRET_TOKEN] = IS_COMPLETE | IS_TOKEN, [SECRET_STRONG] = IS_COMPLETE | IS_SURE};
    size_t end = length < KNOWN_LONGEST ? length : KNOWN_LONGEST;
    bool like_others = secret_begins_as_others(bytes, length);
    uint32_t node = KNOWN_START;

    for (size_t i = 0; i < end && !has_failed; i++) {
        node = add_child(node, (uint8_t)bytes[i]);
        if (i + 1 < measures.cut || like_others || kind == SECRET_WORD)
            continue;
        nodes[node].flags |= IS_CUT;
        if (kind == SECRET_STRONG && i + 1 >= measures.anywhere)
            nodes[node].flags |= IS_SURE;
    }
    if (has_failed)
        return;
    nodes[node].flags |= whole[kind];
    if (kind == SECRET_TOKEN && secret_is_of_letters(bytes, length))
        nodes[node].flags |= IS_LETTERS;
}

static void add_piece(const char *bytes, size_t length, bool is_sure)
{
    uint32_t node = KNOWN_START;

    for (size_t i = 0; i < length && !has_failed; i++) {
        node = add_child(node, (uint8_t)bytes[i]);
        if (i + 1 >= SECRET_SHORTEST_STRONG && secret_is_dense(bytes, i + 1))
            nodes[node].flags |= IS_SURE;
    }
    if (is_sure && !has_failed)
        nodes[node].flags |= IS_SURE;
}

/* What of a strong secret is known without its beginning: of a long one all, piece by piece. */
static void add_pieces(const char *bytes, size_t length)
{
    bool is_long = length > KNOWN_LONGEST;

    for (size_t at = is_long ? 0 : PIECE_STEP; at + PIECE_STEP <= length; at += PIECE_STEP) {
        size_t size = length - at < PIECE ? length - at : PIECE;
        if (is_long || secret_is_dense(bytes + at, size))
            add_piece(bytes + at, size, is_long && size == PIECE);
    }
    if (is_long)
        add_piece(bytes + length - PIECE, PIECE, true);
}

static void add_form(const char *bytes, size_t length, struct secret_measures measures)
{
    if (length < KNOWN_SHORTEST)
        return;
    enum secret_kind kind = secret_kind_of(bytes, length);
    add_beginning(bytes, length, measures, kind);
    if (kind == SECRET_STRONG && !(secret_begins_as_others(bytes, length) && length <= KNOWN_LONGEST))
        add_pieces(bytes, length);
}

static void keep(void *out, const struct text_byte *one)
{
    buf_byte(out, (char)one->byte);
}

/*
 * The value, and what becomes of it when it is decoded as the texts are in which it is looked for: what looks like an
 * escape in it is decoded there too.
 */
static bool add_value(const char *bytes, size_t length)
{
    struct buf before = buf_new(0), after = buf_new(0);
    struct secret_measures measures = secret_measures_of(bytes, length, true);

    add_form(bytes, length, secret_measures_of(bytes, length, false));
    bool ok = buf_append(&before, bytes, length);
    for (int i = 0; i < DECODINGS && ok; i++) {
        struct unescape decoder = {.out = keep, .context = &after};
        for (size_t at = 0; at < before.length; at++)
            unescape_push(&decoder, &(struct text_byte){.byte = (unsigned char)before.bytes[at]});
        unescape_end(&decoder);
        ok = !after.failed;
        if (after.length == before.length && memcmp(buf_string(&after), before.bytes, after.length) == 0)
            break;
        add_form(buf_string(&after), after.length, measures);
        buf_clear(&before);
        ok = ok && buf_append(&before, buf_string(&after), after.length);
        buf_clear(&after);
    }
    buf_wipe(&before);
    buf_wipe(&after);
    return ok && !has_failed;
}

/* base64 for URLs has two other characters. */
static bool add_for_urls(const char *bytes, size_t length)
{
    struct buf twin = buf_new(0);
    bool differs = false;

    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)bytes[i]) && !strchr("+/=", bytes[i]))
            return buf_wipe(&twin), true;
        differs = differs || bytes[i] == '+' || bytes[i] == '/';
        buf_byte(&twin, bytes[i] == '+' ? '-' : bytes[i] == '/' ? '_' : bytes[i]);
    }
    bool ok = !twin.failed && (!differs || add_value(buf_string(&twin), twin.length));
    buf_wipe(&twin);
    return ok;
}

static bool add_lines(const char *bytes, size_t length)
{
    struct buf body = buf_new(0);
    bool ok = true;

    for (size_t start = 0; start < length;) {
        const char *end = memchr(bytes + start, '\n', length - start);
        size_t size = end ? (size_t)(end - bytes) - start : length - start;
        size_t text = size > 0 && bytes[start + size - 1] == '\r' ? size - 1 : size;
        bool is_armour = text >= 5 && memcmp(bytes + start, "-----", 5) == 0;
        if (!is_armour)
            ok = buf_append(&body, bytes + start, text) && ok;
        if (text >= SHORTEST_LINE && !is_armour)
            ok = add_value(bytes + start, text) && ok;
        start += size + 1;
    }
    ok = add_value(buf_string(&body), body.length) && ok;
    buf_wipe(&body);
    return ok;
}

bool known_secrets_add(const char *bytes, size_t length)
{
    if (length < KNOWN_SHORTEST)
        return true;
    is_ready = has_failed = false;
    if (memchr(bytes, '\n', length))
        return add_lines(bytes, length);
    bool ok = add_value(bytes, length);
    return (length < SECRET_SHORTEST_STRONG || add_for_urls(bytes, length)) && ok;
}

/* ---- the automaton ------------------------------------------------------------------------------------------------- */

static void make_known(struct node *node)
{
    const struct known_secret *shorter = &nodes[node->fail].known;
    uint8_t depth = node->known.depth;

    node->known.sure = node->flags & IS_SURE ? depth : shorter->sure;
    node->known.cut = node->flags & IS_CUT ? depth : shorter->cut;
    node->known.token = node->flags & IS_TOKEN ? depth : shorter->token;
    node->known.letters = node->flags & IS_TOKEN ? (node->flags & IS_LETTERS) != 0 : shorter->letters;
    node->known.complete = node->flags & IS_COMPLETE ? depth : shorter->complete;
}

bool known_secrets_ready(void)
{
    if (is_ready)
        return true;
    if (has_failed)
        return false;
    for (size_t depth = 1; depth <= KNOWN_LONGEST; depth++) {
        for (uint32_t i = of_depth[depth]; i; i = nodes[i].next) {
            nodes[i].fail = depth == 1 ? KNOWN_START : known_secrets_next(nodes[nodes[i].parent].fail, nodes[i].byte);
            make_known(&nodes[i]);
        }
    }
    is_ready = true;
    return true;
}

uint32_t known_secrets_next(uint32_t state, unsigned char byte)
{
    for (;;) {
        uint32_t node = child(state, byte);
        if (node || state == KNOWN_START)
            return node;
        state = nodes[state].fail;
    }
}

const struct known_secret *known_secrets_at(uint32_t state)
{
    static const struct known_secret nothing;

    return state == KNOWN_START ? &nothing : &nodes[state].known;
}

bool known_secrets_any(void)
{
    return node_count > 1;
}

void known_secrets_forget(void)
{
    wipe_and_free(nodes, node_room * sizeof *nodes);
    free(edges);
    nodes = NULL;
    edges = NULL;
    node_count = node_room = edge_room = 0;
    memset(from_start, 0, sizeof from_start);
    memset(of_depth, 0, sizeof of_depth);
    is_ready = has_failed = false;
}
