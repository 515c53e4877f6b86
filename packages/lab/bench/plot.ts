/**
 * Draws a plot as SVG.
 */
import * as echarts from "echarts"
import type { Plot } from "./bench.ts"

const size = { width: 760, height: 400 }

/** The text of the SVG file. It has a white ground, so that it can be read on a dark page too. */
export const svg = ({ kind, series, title, unit, x }: Plot): string => {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, ...size })
  chart.setOption({
    animation: false,
    backgroundColor: "#fff",
    textStyle: { fontFamily: "sans-serif" },
    title: { text: title, left: 16, top: 12, textStyle: { fontSize: 16 } },
    legend: { bottom: 8 },
    grid: { left: 24, right: 24, top: 72, bottom: 56, containLabel: true },
    xAxis: { type: "category", data: [...x], axisLabel: { interval: 0, width: 120, overflow: "break" } },
    yAxis: { type: "value", name: unit, nameTextStyle: { align: "left" } },
    series: series.map(({ name, values }) => ({
      name,
      type: kind === "lines" ? "line" : "bar",
      ...(kind === "stacks" ? { stack: "all" } : {}),
      data: values.map((value) => Number(value.toPrecision(4)))
    }))
  })
  const text = chart.renderToSVGString()
  chart.dispose()
  return `${text}\n`
}
