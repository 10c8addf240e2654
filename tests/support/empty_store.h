/*
 * empty_store: a store in memory for each test of a program: setup and teardown, and the store.
 */
#ifndef EM_TESTS_SUPPORT_EMPTY_STORE_H
#define EM_TESTS_SUPPORT_EMPTY_STORE_H

#include "state/store.h"

static struct store *store;

static int store_make(void **state)
{
    (void)state;
    store = store_in_memory();
    return store != NULL ? 0 : -1;
}

static int store_drop(void **state)
{
    (void)state;
    store_close(&store);
    return 0;
}

#endif
