/*
 * store_size: is `state.size` enough for what the limits of this configuration can need? Where a
 * store is full new accounts share one count; where there is no room at all nothing is counted.
 */
#ifndef EM_SITE_STORE_SIZE_H
#define EM_SITE_STORE_SIZE_H

#include "config/config.h"
#include "limits/need.h"

/* A small site has so many logins; so many are usual, and nobody has to know how many there are. */
enum { STORE_SIZE_SMALL_LOGINS = 100, STORE_SIZE_USUAL_LOGINS = 1000 };

/* With what mode, rules and exceptions say of it. `limits` are those of this configuration. False:
 * out of memory. */
bool store_size_need(const struct config *config, const struct limit_set *limits,
                     struct need *need_r);
/* An error where a small site at its fullest finds no room, a warning where a usual one finds none;
 * nothing about settings that have errors already. */
void store_size_check(const struct config *config, struct config_report *report);

#endif
