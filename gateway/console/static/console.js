// Charts, and questions before actions. Everything works without it, but for these.
"use strict";

const COLOURS = ["--line-1", "--line-2", "--line-3", "--line-4", "--line-5", "--line-6", "--line-7"];

function style(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
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
    scales: { y: { range: (_, low, high) => [Math.min(0, low), Math.max(1, high * 1.05)] } },
    axes: [axis, { ...axis, size: 44 }],
    series: [{ value: (_, at) => (at === null ? "" : new Date(at * 1000).toLocaleString()) }, ...series],
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
