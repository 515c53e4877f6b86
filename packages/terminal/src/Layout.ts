/**
 * Lays out lines for their output: wraps them between words, colours the code, and uses only characters that the output has.
 */
import * as CliOutput from "effect/cli/CliOutput"
import { styleText } from "node:util"

/** A line before it is laid out. */
export interface Line {
  /** The topic of the line. It has its own column if there is room. A line without a subject is a plain paragraph. */
  readonly subject?: string
  /** The text of the line. */
  readonly text: string
  /** A part of the text that is highlighted and never broken. */
  readonly strong?: string
}

/** The abilities of the output. */
export interface Look {
  /** The width of a row, in columns. `Infinity` for a pipe or a file, where no line is wrapped. */
  readonly columns: number
  /** Whether colours are shown. */
  readonly colours: boolean
  /** Whether the output is UTF-8. Otherwise only ASCII is written. */
  readonly utf8: boolean
}

/** The column where the text begins, behind the subject. */
const margin = 11

// with fewer columns than this for the text, it does not keep its column
const narrow = 20

/** A space where no row ends, such as between a number and its unit. It cannot occur in a text of the service. */
export const joined = "\x1f"

const wordsOf = ({ strong = "", text }: Line): ReadonlyArray<string> =>
  (strong === "" ? text : text.split(strong).join(strong.replaceAll(" ", joined)))
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => word.replaceAll(joined, " "))

/** The text in ASCII. Accents are removed, dashes and quotes become plain, and other characters become question marks. */
export const ascii = (text: string): string =>
  text.normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .replace(/\p{Dash_Punctuation}/gu, "-")
    .replace(/[\u2018-\u201B]/g, "'")
    .replace(/[\u201C-\u201F\u00AB\u00BB]/g, "\"")
    .replace(/\P{ASCII}/gu, "?")

/** The word in characters that the output has. A URL keeps its meaning, and the strong part does not change. */
const spelled = (word: string, { strong }: Line, { utf8 }: Look): string => {
  if (utf8 || word === strong) return word
  return /^https?:\/\//.test(word) && URL.canParse(word) ? new URL(word).href : ascii(word)
}

const painted = (word: string, { strong = "" }: Line, { colours }: Look): string =>
  // bold and reversed text is readable on a dark and on a light background
  colours && strong !== "" && word.startsWith(strong) && /^[.,:;!?)]*$/.test(word.slice(strong.length))
    ? styleText(["bold", "inverse"], strong, { validateStream: false }) + word.slice(strong.length)
    : word

/** The rows of the line. A word that is longer than a row gets its own rows, and only the terminal breaks it. */
export const render = (line: Line, look: Look): ReadonlyArray<string> => {
  // leave one column free: after a full row some terminals begin a new row
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

/** The number of rows that the text takes in a terminal of this width. */
export const height = (text: string, columns: number): number =>
  Math.max(1, Math.ceil(CliOutput.displayWidth(text) / columns))
