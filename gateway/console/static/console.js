// Charts, and questions before actions. Everything works without it, but for these.
"use strict";

const COLOURS = ["--line-1", "--line-2", "--line-3", "--line-4", "--line-5", "--line-6", "--line-7"];

function style(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// As everywhere in the pages: UTC.
function utc(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}

// The day where one begins, else the time of day.
function ticks(seconds, step) {
  const time = (at) => (step < 60 ? new Date(at * 1000).toISOString().slice(11, 19) : utc(at).slice(11));
  return seconds.map((at) => (at % 86400 === 0 ? utc(at).slice(5, 10) : time(at)));
}

function draw(box) {
  const chart = JSON.parse(box.dataset.chart);
  const axis = { stroke: style("--ink-soft"), grid: { stroke: style("--rule"), width: 1 }, ticks: { show: false } };
  const series = chart.lines.map((line, n) => ({
    label: line.name,
    stroke: style(COLOURS[n % COLOURS.length]),
    width: 2,
    points: { show: chart.at.length < 3 },
  }));
  const options = {
    width: box.clientWidth,
    height: 200,
    cursor: { y: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: { y: { range: (_, low, high) => [Math.min(0, low), Math.max(1, high * 1.05)] } },
    axes: [{ ...axis, values: (_, at, axis, space, step) => ticks(at, step) }, { ...axis, size: 44 }],
    series: [{ label: "UTC", value: (_, at) => (at === null ? "" : utc(at)) }, ...series],
  };
  box.replaceChildren();
  return new uPlot(options, [chart.at, ...chart.lines.map((line) => line.values)], box);
}

const drawn = new Map();

function drawAll() {
  document.querySelectorAll(".chart").forEach((box) => {
    drawn.get(box)?.destroy();
    drawn.set(box, draw(box));
  });
}

document.addEventListener("DOMContentLoaded", () => {
  drawAll();
  // On a narrow screen the bar is longer than the screen.
  document.querySelector(".bar [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  const widths = new ResizeObserver((entries) => {
    for (const entry of entries) {
      drawn.get(entry.target)?.setSize({ width: entry.contentRect.width, height: 200 });
    }
  });
  document.querySelectorAll(".chart").forEach((box) => widths.observe(box));
});

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
  }
});

// A poll must not take the focus, or an open table, from whoever is reading; it comes again a little later.
document.addEventListener("htmx:beforeSwap", (event) => {
  const target = event.detail.target;
  if (target.contains(document.activeElement) && document.activeElement !== document.body) {
    event.detail.shouldSwap = false;
  }
});
