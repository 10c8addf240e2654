/*
 * name_count: a Patricia tree. Every node is a name and a branch at once; a link that does not lead
 * to a higher bit leads to a name.
 *
 * A name is read as nine bits for each octet: a 1 that says there is one, and the octet in lower
 * case, highest bit first; 0s follow its end. Thus no name is the beginning of another.
 */
#include "message/name_count_private.h"

struct name_node {
    struct span name;
    size_t bit; /* at which the two links part */
    struct name_node *link[2];
    uint32_t count;
};

static unsigned octet_at(struct span name, size_t index)
{
    return (unsigned char)ascii_lower(name.at[index]);
}

static unsigned bit_at(struct span name, size_t bit)
{
    size_t index = bit / 9, place = bit % 9;

    if (index >= name.size)
        return 0;
    return place == 0 ? 1 : octet_at(name, index) >> (8 - place) & 1;
}

/* The first bit in which they differ; false when they are the same name. */
static bool find_difference(struct span a, struct span b, size_t *bit_r)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    size_t i = 0;
    unsigned differing;

    while (i < shorter && octet_at(a, i) == octet_at(b, i))
        i++;
    *bit_r = i * 9;
    if (i == shorter)
        return a.size != b.size;
    differing = octet_at(a, i) ^ octet_at(b, i);
    for (unsigned mask = 0x80; (differing & mask) == 0; mask >>= 1)
        ++*bit_r;
    ++*bit_r;
    return true;
}

static struct name_node *find_nearest(struct name_node *node, struct span name)
{
    size_t above;

    do {
        above = node->bit;
        node = node->link[bit_at(name, node->bit)];
    } while (node->bit > above);
    return node;
}

static struct name_node *node_new(struct arena *arena, struct span name, size_t bit)
{
    struct name_node *node = arena_alloc(arena, sizeof(*node));

    if (node == NULL)
        return NULL;
    node->name = name;
    node->bit = bit;
    node->link[0] = node->link[1] = node;
    return node;
}

static void insert(struct name_node *root, struct name_node *node)
{
    struct name_node **link_io = &root->link[1];
    size_t above = root->bit;

    while ((*link_io)->bit > above && (*link_io)->bit < node->bit) {
        above = (*link_io)->bit;
        link_io = &(*link_io)->link[bit_at(node->name, above)];
    }
    node->link[1 - bit_at(node->name, node->bit)] = *link_io;
    *link_io = node;
}

uint32_t *name_count(struct name_node **root_io, struct arena *arena, struct span name)
{
    struct name_node *node;
    size_t bit;

    /* The root is the empty name, the only one that differs from others in bit 0. */
    if (*root_io == NULL)
        *root_io = node_new(arena, SPAN(""), 0);
    if (*root_io == NULL)
        return NULL;
    node = find_nearest(*root_io, name);
    if (!find_difference(name, node->name, &bit))
        return &node->count;
    node = node_new(arena, name, bit);
    if (node == NULL)
        return NULL;
    insert(*root_io, node);
    return &node->count;
}
