/**
 * HTML that cannot be broken out of: whatever is put into the template is escaped, unless it is HTML already.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"

export interface Html {
  readonly html: string
}

const escape = (text: string): string => text.replace(/[&<>"'`]/g, (char) => `&#${char.charCodeAt(0)};`)

const render = (value: string | Html | ReadonlyArray<Html>): string =>
  typeof value === "string" ? escape(value) : "html" in value ? value.html : value.map(render).join("")

export const html = (
  strings: TemplateStringsArray,
  ...values: ReadonlyArray<string | Html | ReadonlyArray<Html>>
): Html => ({
  html: strings.map((string, at) => {
    const value = values[at]
    return value === undefined ? string : string + render(value)
  }).join("")
})

export const none: Html = { html: "" }

// The characters that `Wire` finds not printable deceive a person, but for variation selectors: emoji are written with
// them, and a browser draws the two as one.
const deceives = (char: string): boolean => !Wire.isPrintable(char) && !/[\ufe00-\ufe0f]/.test(char)

/** A text of a stranger, on one line and of bounded length. */
export const foreign = (text: string, maxLength = 200): string => {
  const line = Array.from(text, (char) => deceives(char) ? "�" : char).join("").replace(/\s+/g, " ").trim()
  // a letter of two units is not cut in half
  return line.length > maxLength ? `${line.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, "")}…` : line
}
