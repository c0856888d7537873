// One chart on a canvas, in the theme's colors.
import { html, type TemplateResult } from 'lit-html';
import { createRef, ref } from 'lit-html/directives/ref.js';
import uPlot from 'uplot';
import type { ChartLine, ChartView } from './historyView';
import { tookText } from '../words/formats';
import type { TextContext } from '../words/stateWords';

const heightPx = 160;
const mostDots = 12;

/** Draws a view, and again when view, width or theme change. */
export class Chart {
  /** Shows the values under the pointer; keeps its height while it is empty. */
  private readonly readout = createRef<HTMLElement>();
  private readonly resizing = new ResizeObserver(() => this.fit());
  private canvas: HTMLElement | null = null;
  private plot: uPlot | null = null;
  private shape = '';
  private data = '';

  constructor(
    private view: ChartView,
    private readonly textContext: () => TextContext,
  ) {}

  template(view: ChartView, isHidden: boolean): TemplateResult {
    this.update(view);
    return html`<div class="chart" ?hidden=${isHidden}>
      <ul class="legend">
        ${view.lines.map(legendEntry)}
      </ul>
      <div class="canvas" role="img" aria-label=${view.summary} ${ref(this.attach)}></div>
      <p class="readout" aria-hidden="true" ${ref(this.readout)}></p>
    </div>`;
  }

  /** Draws everything again, because the theme's colors may have changed. */
  redraw(): void {
    this.plot?.destroy();
    this.plot = null;
    this.fit();
  }

  private update(view: ChartView): void {
    this.view = view;
    const shape = view.lines.map(({ name, color }) => `${name} ${color}`).join();
    const columns = positionsOf(view).map((position) => this.columnName(position));
    const data = JSON.stringify([columns, dataOf(view)]);
    if (this.plot === null || shape !== this.shape) this.redraw();
    // The page is drawn more often than figures come, and a plot that is resized at the same time may stay empty.
    else if (data !== this.data) this.plot.setData(dataOf(view));
    this.shape = shape;
    this.data = data;
  }

  private readonly attach = (canvas: Element | undefined): void => {
    this.resizing.disconnect();
    this.plot?.destroy();
    this.plot = null;
    this.canvas = canvas instanceof HTMLElement ? canvas : null;
    if (canvas) this.resizing.observe(canvas);
  };

  private fit(): void {
    const width = this.canvas?.clientWidth ?? 0;
    if (this.canvas === null || width === 0) return;
    if (this.plot) {
      if (this.plot.width !== width) this.plot.setSize({ width, height: heightPx });
      return;
    }
    this.plot = new uPlot(this.options(width), dataOf(this.view), this.canvas);
  }

  private options(width: number): uPlot.Options {
    const text = themeColor('foreground');
    const grid = { stroke: themeColor('editorWidget-border') || themeColor('contrastBorder'), width: 1 };
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { stroke: text, grid, ticks: grid, font };
    const { formats } = this.textContext();
    const isCount = this.view.kind === 'stacked';
    const isNamed = this.view.names.length > 0;
    const [firstMs = 0, secondMs = firstMs] = this.view.timesMs;
    return {
      width,
      height: heightPx,
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: {
        // Columns are drawn to the right of their times, so the last one needs more room.
        x: isNamed
          ? { time: false, range: (_, min, max) => [min - 0.5, max + 0.5] }
          : { range: (_, min, max) => [min, max + (secondMs - firstMs) / 1000] },
        y: { range: (_, __, max) => [0, Math.max(max * 1.05, 1)] },
      },
      axes: [
        {
          ...axis,
          size: 30,
          grid: { show: false },
          ...(isNamed ? { incrs: [1, 2, 5, 10] } : {}),
          values: (_, positions) => positions.map((position) => this.columnName(position)),
        },
        {
          ...axis,
          size: 56,
          ...(isCount ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] } : {}),
          values: (_, values) => values.map((value) => (isCount ? formats.compact(value) : `${value} s`)),
        },
      ],
      series: [{}, ...drawn(this.view).map((line, index) => this.seriesOf(line, index))],
      hooks: { setCursor: [(plot) => this.read(plot.cursor.idx ?? -1)] },
    };
  }

  private seriesOf({ color }: ChartLine, index: number): uPlot.Series {
    const stroke = themeColor(color);
    if (this.view.kind === 'lines')
      return {
        stroke,
        width: 2,
        dash: index === 0 ? [] : [6, 4],
        spanGaps: true,
        points: { size: 5, fill: stroke, show: ({ data }, shown) => isSparse(data[shown]) },
      };
    const isNamed = this.view.names.length > 0;
    const paths = uPlot.paths.bars?.({ size: [0.8, isNamed ? 60 : 24], align: isNamed ? 0 : 1 });
    return { stroke, fill: stroke, width: 0, points: { show: false }, ...(paths ? { paths } : {}) };
  }

  private read(column: number): void {
    const { value: readout } = this.readout;
    if (readout) readout.textContent = this.columnText(column);
  }

  private columnText(column: number): string {
    const { formats } = this.textContext();
    const position = positionsOf(this.view)[column];
    if (position === undefined) return '';
    const isCount = this.view.kind === 'stacked';
    const values = this.view.lines.flatMap(({ name, values: all }) => {
      const value = all[column] ?? null;
      if (value === null || (isCount && value === 0)) return [];
      return `${name}: ${isCount ? formats.count(value) : tookText(value, this.textContext())}`;
    });
    return [this.columnName(position), ...values].join(' · ');
  }

  private columnName(position: number): string {
    const { names } = this.view;
    return names.length > 0 ? (names[position] ?? '') : this.textContext().formats.clock(position * 1000);
  }
}

/** Few values are drawn as dots, because a line through them may be hard to see. */
function isSparse(values: uPlot.AlignedData[number] = []): boolean {
  return Array.from(values).filter((value) => value !== null).length <= mostDots;
}

/** Stacked lines from the topmost down, because each is drawn over the previous one. */
function drawn({ kind, lines }: ChartView): readonly ChartLine[] {
  return kind === 'stacked' ? [...lines].reverse() : lines;
}

/** The columns' positions on the axis: seconds since 1970, or indices for columns with names. */
function positionsOf({ names, timesMs }: ChartView): number[] {
  return names.length > 0 ? names.map((_, index) => index) : timesMs.map((ms) => ms / 1000);
}

function dataOf(view: ChartView): uPlot.AlignedData {
  const positions = positionsOf(view);
  if (view.kind === 'lines')
    return [
      positions,
      ...view.lines.map(({ values }) => values.map((ms) => (ms === null ? null : ms / 1000))),
    ];
  const sums = positions.map(() => 0);
  const stacked = view.lines.map(({ values }) =>
    values.map((value, column) => {
      const total = (sums[column] ?? 0) + (value ?? 0);
      sums[column] = total;
      return total;
    }),
  );
  return [positions, ...stacked.reverse()];
}

function legendEntry({ name, color }: ChartLine): TemplateResult {
  const style = `--swatch: var(--vscode-${color})`;
  return html`<li><span class="swatch" .style=${style}></span>${name}</li>`;
}

function themeColor(name: string): string {
  return getComputedStyle(document.body).getPropertyValue(`--vscode-${name}`).trim();
}
