/*
 * store_size: is `state.size` enough for what this configuration can need (store_needs.h)? Where a
 * store is full new accounts share one count; where there is no room at all nothing is counted.
 */
#ifndef EM_SITE_STORE_SIZE_H
#define EM_SITE_STORE_SIZE_H

#include "config/config.h"

/* A small site has so many logins; so many are usual, and nobody has to know how many there are. */
enum { STORE_SIZE_SMALL_LOGINS = 100, STORE_SIZE_USUAL_LOGINS = 1000 };

/* An error where what is vital to a small site finds no room, a warning where all of a usual one
 * finds none; nothing about settings that have errors already. */
void store_size_check(const struct config *config, struct config_report *report);

#endif
