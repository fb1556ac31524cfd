"""Draw the growth curves, one SVG each, for the documentation."""

from __future__ import annotations

import statistics
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from results import Results
from suites.growth import CURVES

LABELS = {
    "routes": "actions of the consumer",
    "guards": "guards of the action, inline",
    "groups": "groups that the connection is in",
    "B": "bytes of the payload",
    "members": "members of the room, in memory",
}
COLOURS = {"wsdrf": "#2a6f97", "plain Channels": "#c05621", "bare ASGI, json": "#6b7280"}


def draw(results: Results, folder: Path) -> None:
    """Draw each curve that was measured into ``folder``."""
    # The same figures give the same file, and text stays text.
    mpl.rcParams |= {"svg.hashsalt": "wsdrf", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10}
    folder.mkdir(parents=True, exist_ok=True)
    for what, (names, counts) in CURVES.items():
        curves = {
            name: [results.figures("growth", f"{name}, {count} {what}", "us") for count in counts] for name in names
        }
        if all(figures is not None for points in curves.values() for figures in points):
            draw_one(
                what, counts, {name: [point for point in points if point] for name, points in curves.items()}, folder
            )


def draw_one(what: str, counts: tuple[int, ...], curves: dict[str, list[list[float]]], folder: Path) -> None:
    """Draw medians as lines, and lowest to highest as bars."""
    figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
    for name, points in curves.items():
        medians = [statistics.median(point) for point in points]
        low = [median - min(point) for median, point in zip(medians, points, strict=True)]
        high = [max(point) - median for median, point in zip(medians, points, strict=True)]
        axes.errorbar(counts, medians, yerr=[low, high], marker="o", capsize=3, label=name, color=COLOURS[name])
    axes.set_xscale("log")
    axes.set_xticks(counts, [f"{count:,}".replace(",", " ") for count in counts])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel(LABELS[what])
    axes.set_ylabel("a delivery, µs" if what == "members" else "a message, µs")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(folder / f"growth-{'payload' if what == 'B' else what}.svg", metadata={"Date": None})
    plt.close(figure)
