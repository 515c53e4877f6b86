/**
 * What a person sees of the output of a program, with its colours, as a page for a browser.
 */
import { escape } from "@sso-oidc/test-kit/screen"

interface Cell {
  text: string
  bold: boolean
  reversed: boolean
  /** Black on white, as QR codes are. */
  paper: boolean
}

const controls = new RegExp(`${escape}\\[([\\d;?]*)([A-Za-z])|[^]`, "gu")

/** The rows of a terminal of this width that got the output, each with its cells. It knows the controls that our programs write. */
const rowsOf = (output: string, columns: number): ReadonlyArray<ReadonlyArray<Cell>> => {
  const rows: Array<Array<Cell>> = [[]]
  let row = 0
  let column = 0
  let bold = false
  let reversed = false
  let paper = false
  const style = (codes: ReadonlyArray<string>) => {
    for (const code of codes) {
      if (code === "0" || code === "") bold = reversed = paper = false
      else if (code === "1") bold = true
      else if (code === "22") bold = false
      else if (code === "7") reversed = true
      else if (code === "27") reversed = false
      else if (code === "107") paper = true
    }
  }
  const cellsAt = (at: number): Array<Cell> => {
    while (rows.length <= at) rows.push([])
    return rows[at] ?? []
  }
  for (const [part, given = "", kind] of output.matchAll(controls)) {
    const count = Number(given || "1")
    if (kind === "m") style(given.split(";"))
    else if (kind === "A") row = Math.max(0, row - count)
    else if (kind === "C") column += count
    else if (kind === "G") column = count - 1
    else if (kind === "J") {
      const cells = cellsAt(row)
      cells.length = Math.min(column, cells.length)
      rows.length = row + 1
    } else if (kind !== undefined) continue
    else if (part === "\n") row++
    else if (part === "\r") column = 0
    else if (part >= " ") {
      if (column >= columns) {
        row++
        column = 0
      }
      const cells = cellsAt(row)
      while (cells.length < column) cells.push({ text: " ", bold: false, reversed: false, paper: false })
      cells[column++] = { text: part, bold, reversed, paper }
    }
  }
  return rows
}

/** Half blocks are drawn as boxes, since fonts leave gaps between them. */
const boxes: Readonly<Record<string, string>> = { "▀": "up", "▄": "low", "█": "full" }

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

const markOf = ({ bold, paper, reversed, text }: Cell): string => {
  const box = boxes[text]
  const classes = [bold && "bold", reversed && "reversed", paper && "paper", box ?? false].filter((name) =>
    name !== false
  )
  const shown = box === undefined ? escaped(text) : " "
  return classes.length === 0 ? shown : `<b class="${classes.join(" ")}">${shown}</b>`
}

const themes = {
  dark: { text: "#e6e6e6", ground: "#16181d" },
  light: { text: "#1f2328", ground: "#ffffff" }
}

/** The page. */
export const page = (output: string, columns: number, theme: keyof typeof themes): string => {
  const { ground, text } = themes[theme]
  const rows = rowsOf(output, columns).map((cells) => cells.map(markOf).join("").trimEnd())
  while (rows.at(-1) === "") rows.pop()
  return `<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: ${ground}; color: ${text} }
pre { margin: 0; padding: 18px; width: ${columns * 12}px; border: 1px solid #8884 }
/* whole pixels for each cell, so that no line shows between two of them */
pre { font: 20px/24px "DejaVu Sans Mono", monospace; letter-spacing: calc(12px - 1ch) }
b { font-weight: normal; display: inline-block; width: 12px; height: 24px; vertical-align: top }
.bold { font-weight: bold }
.reversed { background: ${text}; color: ${ground} }
.paper { background: #fff; color: #000 }
.full { background: #000 }
.up { background: linear-gradient(#000 50%, #fff 50%) }
.low { background: linear-gradient(#fff 50%, #000 50%) }
</style><pre>${rows.join("\n")}</pre>`
}
