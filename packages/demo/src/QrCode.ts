/**
 * A QR code as lines of half blocks: two modules above each other are one character.
 */
import { encode } from "uqr"

/** How many columns each of the lines takes. */
export interface QrCode {
  readonly columns: number
  readonly lines: ReadonlyArray<string>
}

// longer ones are wider than any terminal
const maxLength = 1000

// the quiet zone; the standard's is 4, and phones make do with 2
const border = 2

const blocks = [" ", "▄", "▀", "█"] as const

/** Dark on light whatever the terminal's own colours are, since not every phone reads the opposite. */
const painted = (text: string): string => `\x1b[30;107m${text}\x1b[0m`

/** The text as a QR code. What is too long for one has none. */
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
