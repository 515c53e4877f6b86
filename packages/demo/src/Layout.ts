/**
 * Lines laid out for where they are read: wrapped at words, with the code in colours, in characters that are there.
 */
import * as CliOutput from "effect/cli/CliOutput"
import { styleText } from "node:util"

/** A line before it is laid out. */
export interface Line {
  /** What the line is about, in a column of its own where there is room. A line without one is a plain paragraph. */
  readonly subject?: string
  readonly text: string
  /** A piece of the text that stands out and is never broken. */
  readonly strong?: string
}

/** What the reader's side can show. */
export interface Look {
  /** The width of a row. `Infinity` for a pipe or a file: nothing is wrapped there. */
  readonly columns: number
  readonly colours: boolean
  /** Without it only ASCII is written. */
  readonly utf8: boolean
}

/** The column in which the text begins, behind the subject. */
const margin = 11

// with less room than this the text does not keep to its column
const narrow = 20

/** A space at which no row ends, as between a number and its unit. No text of a service has control characters. */
export const joined = "\x1f"

const wordsOf = ({ strong = "", text }: Line): ReadonlyArray<string> =>
  (strong === "" ? text : text.split(strong).join(strong.replaceAll(" ", joined)))
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => word.replaceAll(joined, " "))

/** The text in ASCII: accents go, dashes and quotes become plain, and what has no such form becomes a question mark. */
export const ascii = (text: string): string =>
  text.normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .replace(/\p{Dash_Punctuation}/gu, "-")
    .replace(/[\u2018-\u201B]/g, "'")
    .replace(/[\u201C-\u201F\u00AB\u00BB]/g, "\"")
    .replace(/\P{ASCII}/gu, "?")

/** A word in characters that are there. A URL keeps its meaning, and the strong piece is never changed. */
const spelled = (word: string, { strong }: Line, { utf8 }: Look): string => {
  if (utf8 || word === strong) return word
  return /^https?:\/\//.test(word) && URL.canParse(word) ? new URL(word).href : ascii(word)
}

const painted = (word: string, { strong = "" }: Line, { colours }: Look): string =>
  // bold and reversed are read on a dark background and on a light one
  colours && strong !== "" && word.startsWith(strong) && /^[.,:;!?)]*$/.test(word.slice(strong.length))
    ? styleText(["bold", "inverse"], strong, { validateStream: false }) + word.slice(strong.length)
    : word

/** The rows of the line. A word that is longer than a row gets rows of its own, and is broken by the terminal alone. */
export const render = (line: Line, look: Look): ReadonlyArray<string> => {
  // one column is left free: a row that is full makes some terminals begin the next
  const room = look.columns - 1
  const { subject = "" } = line
  const indent = line.subject !== undefined && room >= margin + narrow ? margin : 0
  const rows: Array<string> = []
  let row = subject.padEnd(indent)
  let left = room - CliOutput.displayWidth(row)
  let gap = indent > 0 || row === "" ? "" : " "
  const end = () => {
    if (row.trim() !== "") rows.push(row.trimEnd())
    row = " ".repeat(indent)
    left = room - indent
    gap = ""
  }
  for (const word of wordsOf(line)) {
    const text = spelled(word, line, look)
    const width = CliOutput.displayWidth(text)
    if (gap.length + width > left) end()
    if (width > left) {
      rows.push(painted(text, line, look))
      continue
    }
    row += gap + painted(text, line, look)
    left -= gap.length + width
    gap = " "
  }
  if (row.trim() !== "" || rows.length === 0) rows.push(row.trimEnd())
  return rows
}

/** How many rows of a terminal that wide the text takes. */
export const height = (text: string, columns: number): number =>
  Math.max(1, Math.ceil(CliOutput.displayWidth(text) / columns))
