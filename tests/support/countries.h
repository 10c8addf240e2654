/*
 * countries: databases of countries for tests, written by countries.py beside it.
 */
#ifndef EM_TESTS_SUPPORT_COUNTRIES_H
#define EM_TESTS_SUPPORT_COUNTRIES_H

#include <stdbool.h>

/* Can this build ask databases, and is there a Python to write one? Says why not. */
bool countries_are_there(void);
/* In place of what is there; `rows`: "--layout flat 192.0.2.0/24=DE ...", words as countries.py
 * takes them. False: it could not be written. */
bool countries_write(const char *path, const char *rows);

#endif
