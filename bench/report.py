"""Figures as a table for people, or as JSON lines for programs."""

import json

COLUMNS = ["start_ms", "idle_cpu", "rps", "p50_ms", "p99_ms", "cpu_us", "of_plain", "rss_mb", "private_mb", "errors"]
WIDTH = 11


def printer(output, labels):
    return Json() if output == "json" else Table(labels)


class Json:
    def figure(self, case, figures):
        for label, figure in figures.items():
            print(json.dumps({"label": label, "case": case, **figure}), flush=True)

    def end(self):
        pass


class Table:
    def __init__(self, labels):
        self.compares = len(labels) > 1
        head = f"{'case':26}" + (f"{'':9}" if self.compares else "")
        print(head + "".join(f"{column:>{WIDTH}}" for column in COLUMNS), flush=True)

    def figure(self, case, figures):
        for label, figure in figures.items():
            self.line(case, label, [text(figure.get(column)) for column in COLUMNS])
            case = ""
        if self.compares:
            first, second = figures.values()
            self.line("", "ratio", [ratio(first.get(column), second.get(column)) for column in COLUMNS])

    def line(self, case, label, values):
        name = f"{label:9}" if self.compares else ""
        print(f"{case:26}{name}" + "".join(f"{value:>{WIDTH}}" for value in values), flush=True)

    def end(self):
        if self.compares:
            print("ratio: ours divided by the other; rps is better above 1, everything else below.")


def text(value):
    return "" if value is None else f"{value:g}"


def ratio(first, second):
    return f"{first / second:.2f}" if first is not None and second else ""
