/**
 * Draws a QR code with half blocks: one character shows two modules, one above the other.
 */
import { encode } from "uqr"

/** A drawn QR code. */
export interface QrCode {
  /** The number of columns of each line. */
  readonly columns: number
  /** The lines, with their colours. */
  readonly lines: ReadonlyArray<string>
}

// the code of a longer text is wider than any terminal
const maxLength = 1000

// the quiet zone, in modules; the standard says 4, but 2 are enough for phones
const border = 2

const blocks = [" ", "▄", "▀", "█"] as const

/** Dark on light in any terminal, since some phones cannot read light on dark. */
const painted = (text: string): string => `\x1b[30;107m${text}\x1b[0m`

/** Draws the text as a QR code. A text of more than 1,000 characters gives `undefined`. */
export const make = (text: string): QrCode | undefined => {
  if (text.length > maxLength) return undefined
  const { data, size } = encode(text, { ecc: "L", border })
  const isDark = (row: number, column: number): boolean => data[row]?.[column] === true
  const lines: Array<string> = []
  for (let row = 0; row < size; row += 2) {
    let line = ""
    for (let column = 0; column < size; column++) {
      line += blocks[isDark(row, column) ? isDark(row + 1, column) ? 3 : 2 : isDark(row + 1, column) ? 1 : 0]
    }
    lines.push(painted(line))
  }
  return { columns: size, lines }
}
