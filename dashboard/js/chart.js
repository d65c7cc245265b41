import uPlot from '../vendor/uplot/uPlot.esm.js';
import { count } from './format.js';
import { colour, onTheme } from './theme.js';

const HEIGHT_PX = 220;
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/**
 * Lines over time, as wide as its place, in the theme's colours.
 *
 * @param lines {label, colour: a variable of the style sheet, tint?: likewise, of the area below}[]
 * @returns element; `show([seconds, values, …])`; `stop`
 */
export function timeChart(lines) {
  const element = document.createElement('div');
  element.className = 'chart';
  let plot;
  let data;
  const draw = () => {
    plot?.destroy();
    plot = data && element.clientWidth > 0 ? new uPlot(options(lines, element.clientWidth), data, element) : undefined;
  };
  const resized = new ResizeObserver(() => {
    if (plot) plot.setSize({ width: element.clientWidth, height: HEIGHT_PX });
    else draw();
  });
  resized.observe(element);
  const untheme = onTheme(draw);
  return {
    element,
    show(next) {
      data = next;
      if (plot) plot.setData(data);
      else draw();
    },
    stop() {
      resized.disconnect();
      untheme();
      plot?.destroy();
    },
  };
}

function options(lines, width) {
  return {
    width,
    height: HEIGHT_PX,
    legend: { live: true },
    cursor: { points: { size: 6 }, drag: { x: false, y: false } },
    hooks: { ready: [showLast], setData: [showLast], setCursor: [showLast] },
    scales: { y: { range: (_, __, most) => [0, Math.max(4, Math.ceil(most * 1.1))] } },
    axes: [
      axis({ values: (_, ticks) => ticks.map((s) => clock.format(s * 1000)), space: 70 }),
      axis({ values: wholes, size: 48 }),
    ],
    series: [
      { label: 'Time', value: (_, s) => (s == null ? '–' : clock.format(s * 1000)) },
      ...lines.map((line) => ({
        label: line.label,
        stroke: colour(line.colour),
        fill: line.tint && colour(line.tint),
        width: 2,
        points: { show: false },
        value: (_, value) => (value == null ? '–' : count(value)),
      })),
    ],
  };
}

/** While nobody points at a time the legend tells the last values. */
function showLast(plot) {
  if (plot.cursor.idx == null) plot.setLegend({ idx: plot.data[0].length - 1 }, false);
}

function axis(more) {
  const line = { stroke: colour('--line'), width: 1 };
  return { stroke: colour('--muted'), grid: line, ticks: line, font: '12px system-ui, sans-serif', ...more };
}

/** Half a person is none. */
function wholes(_, ticks) {
  return ticks.map((value) => (Number.isInteger(value) ? count(value) : ''));
}
