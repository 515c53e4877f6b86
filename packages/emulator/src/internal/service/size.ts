/**
 * How much memory a value takes, measured by its content: never much less than V8 takes for it.
 */

// V8 keeps one byte a character, until one of them is outside Latin-1
const wide = /[\u0100-\uffff]/

/** In bytes. */
export const of = (value: unknown): number => {
  if (typeof value === "string") return 32 + value.length * (wide.test(value) ? 2 : 1)
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + 8 + of(item), 32)
  if (typeof value === "object" && value !== null) {
    return Object.values(value).reduce<number>((sum, item) => sum + 8 + of(item), 64)
  }
  return 16
}

/**
 * The same text in memory of its own. V8 keeps all of a long text alive for a piece that was cut from it, so a short
 * parameter could hold a whole query.
 */
export const copy = (text: string): string => ` ${text}`.slice(1)
