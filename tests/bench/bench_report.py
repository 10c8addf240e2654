"""Turns rounds of figures into a table: medians, paired ratios, and each target beside what was measured."""

from statistics import median

SIZES = [(1 << 10, "1 KB"), (10 << 10, "10 KB"), (100 << 10, "100 KB"), (1 << 20, "1 MB"), (10 << 20, "10 MB")]
SIZE_NAMES = dict(SIZES)


def ratio(above, below):
    """Median over the rounds of one figure divided by another of the same round."""
    return median(a / b for a, b in zip(above, below))


def spread(above, below):
    ratios = sorted(a / b for a, b in zip(above, below))
    return f"{ratios[0]:.2f}..{ratios[-1]:.2f}"


def print_table(head, rows):
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]
    for row in [head] + rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip())
    print(flush=True)


class Targets:
    """The list to reach, filled while measuring and printed at the end."""

    def __init__(self):
        self.rows = []
        self.missed = 0
        self.unmeasured = 0

    def at_most(self, what, limit, value, unit="", note=""):
        self.add(what, f"<= {limit:g}{unit}", f"{value:.2f}{unit}", value <= limit, note)

    def at_least(self, what, limit, value, note=""):
        self.add(what, f">= {limit:g}", f"{value:.2f}", value >= limit, note)

    def not_measured(self, what, limit, why):
        self.unmeasured += 1
        self.rows.append([what, limit, "-", "not measured", why])

    def add(self, what, limit, value, reached, note):
        self.missed += not reached
        self.rows.append([what, limit, value, "yes" if reached else "NO", note])

    def show(self):
        print("To reach")
        print_table(["what", "target", "measured", "reached", "remark"], self.rows)
        reached = len(self.rows) - self.missed - self.unmeasured
        print(f"{reached} of {len(self.rows)} reached, {self.missed} not, {self.unmeasured} not measured")


def show_cpu(cpu, names):
    """`cpu[forms][size][name]`: microseconds per message, one for each round."""
    for forms, by_size in cpu.items():
        print(f"CPU per message in microseconds, {forms}, median of the rounds")
        present = [name for name in names if any(by_name.get(name) for by_name in by_size.values())]
        rows = [
            [SIZE_NAMES[size]] + [f"{median(by_name[n]):.0f}" if by_name.get(n) else "-" for n in present]
            for size, by_name in by_size.items()
        ]
        print_table(["body"] + present, rows)


def floor_targets(targets, cpu):
    for forms, by_size in cpu.items():
        for size, by_name in by_size.items():
            what = f"CPU / floor, {SIZE_NAMES[size]}, {forms}"
            if not by_name.get("egress-2"):
                targets.not_measured(what, "<= 1.1", "egress-milter is not there")
                continue
            bare = ratio(by_name["egress-2"], by_name["floor-bare"])
            rounds = spread(by_name["egress-2"], by_name["floor"])
            note = f"rounds {rounds}; {bare:.2f} x a floor without canonicalisation"
            targets.at_most(what, 1.1, ratio(by_name["egress-2"], by_name["floor"]), note=note)


# What is to be reached against each peer: body size and how many times less CPU.
PEER_TARGETS = {
    "opendkim": [(1 << 10, 4.5), (10 << 10, 4.5), (100 << 10, 4.0)],
    "rspamd": [(1 << 10, 1.8), (10 << 10, 4.0)],
}


def peer_targets(targets, cpu):
    """One signature against one. Says where even the floor would not reach the figure on this machine."""
    for peer, wanted in PEER_TARGETS.items():
        for forms, by_size in cpu.items():
            if peer == "rspamd" and forms != "relaxed/relaxed":
                continue
            for size, limit in wanted:
                by_name = by_size.get(size, {})
                what = f"{peer} / ours CPU, one RSA key, {SIZE_NAMES[size]}, {forms}"
                if not by_name.get(peer) or not by_name.get("egress-1"):
                    targets.not_measured(what, f">= {limit:g}", "one of the two is not there")
                    continue
                best = ratio(by_name[peer], by_name["floor-1"])
                note = f"rounds {spread(by_name[peer], by_name['egress-1'])}; the floor itself reaches {best:.2f} here"
                targets.at_least(what, limit, ratio(by_name[peer], by_name["egress-1"]), note)


def show_latency(latency):
    """`latency[load][name]`: list of figures of mtaload, one for each round."""
    print("End-of-message answer and whole message in microseconds, 10 KB, relaxed/relaxed, median of the rounds")
    rows = []
    for load, by_name in latency.items():
        for name, rounds in by_name.items():
            marks = ("eom_p50_us", "eom_p99_us", "message_p50_us", "message_p99_us")
            per_second = median(one["messages"] / one["elapsed_s"] for one in rounds)
            rows.append(
                [f"{load}, {name}"]
                + [f"{median(one[mark] for one in rounds):.0f}" for mark in marks]
                + [f"{per_second:.0f}"]
            )
    print_table(["", "eom p50", "eom p99", "message p50", "message p99", "per second"], rows)


def show_memory(memory, idle):
    """`memory[name][size]` and `idle[name]`: figures of mtaload --memory."""
    print("Memory in KiB at 64 connections (peak: anonymous + shared dirty, all processes), and per idle connection")
    sizes = sorted({size for by_size in memory.values() for size in by_size})
    rows = []
    for name, by_size in memory.items():
        cells = [f"{peak_kib(by_size[size])}" if size in by_size else "-" for size in sizes]
        rows.append([name] + cells + [f"{idle[name]:.2f}" if name in idle else "-"])
    print_table(["body"] + [SIZE_NAMES[size] for size in sizes] + ["per idle"], rows)


def peak_kib(figures):
    return round(figures["peak_anonymous_kib"] + figures["peak_shared_dirty_kib"])
