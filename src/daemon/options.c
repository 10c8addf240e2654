/*
 * options: getopt_long over the few options there are. -h and -V win over the rest.
 */
#include "daemon/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct option long_options[] = {
    { "strict", no_argument, NULL, 's' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { NULL, 0, NULL, 0 },
};

static bool complain(FILE *complaints, const char *what)
{
    fprintf(complaints, "egress-milter: %s\n", what);
    fputs("usage: egress-milter [-c FILE] [-f] [-t] [--strict] [-V] [-h]\n", complaints);
    return false;
}

static bool complain_about(FILE *complaints, int argc, char **argv)
{
    char text[160];

    if (optopt != 0 && optopt != 's')
        snprintf(text, sizeof(text),
                 optopt == 'c' ? "option -%c needs a file" : "unknown option -%c", optopt);
    else
        snprintf(text, sizeof(text), "unknown option %s",
                 optind >= 1 && optind <= argc ? argv[optind - 1] : "");
    return complain(complaints, text);
}

char *options_find_program(const char *called)
{
    const char *slash = called != NULL ? strchr(called, '/') : NULL;
    char *directory, *path = NULL;

    if (slash == NULL) /* found by PATH, and perhaps not found there again */
        return realpath("/proc/self/exe", NULL);
    if (slash == called)
        return strdup(called);
    directory = getcwd(NULL, 0); /* the daemon leaves it */
    if (directory == NULL || asprintf(&path, "%s/%s", directory, called) < 0)
        path = NULL;
    free(directory);
    return path;
}

bool options_parse(int argc, char **argv, struct daemon_options *options_r, FILE *complaints)
{
    int option;

    *options_r = (struct daemon_options){ .action = ACTION_RUN, .config_path = EM_CONFIG_FILE };
    optind = 0; /* from the start, also when called again */
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":c:fthV", long_options, NULL)) != -1) {
        switch (option) {
        case 'c':
            options_r->config_path = optarg;
            break;
        case 'f':
            options_r->foreground = true;
            break;
        case 't':
            options_r->action = ACTION_CHECK;
            break;
        case 's':
            options_r->strict = true;
            break;
        case 'h':
            options_r->action = ACTION_HELP;
            return true;
        case 'V':
            options_r->action = ACTION_VERSION;
            return true;
        default:
            return complain_about(complaints, argc, argv);
        }
    }
    if (optind < argc)
        return complain(complaints, "there are no arguments beside the options");
    if (options_r->config_path[0] == '\0')
        return complain(complaints, "option -c needs a file");
    return true;
}

void options_print_help(FILE *out)
{
    fputs("usage: egress-milter [-c FILE] [-f] [-t] [--strict] [-V] [-h]\n"
          "\n"
          "Milter that judges, repairs, signs and logs outgoing mail.\n"
          "\n"
          "  -c FILE    configuration (" EM_CONFIG_FILE ")\n"
          "  -f         stay in the foreground, log to stderr, print \"ready\" when the sockets "
          "answer\n"
          "  -t         check the configuration, and everything it names, as the daemon's user\n"
          "  --strict   every warning about the configuration is an error\n"
          "  -V         print the version\n"
          "  -h         print this\n"
          "\n"
          "HUP reloads the configuration, TERM ends after the transactions under way.\n"
          "Exit: 0 good, 78 configuration wrong, 64 usage, 70 internal. See egress-milter(8).\n",
          out);
}
