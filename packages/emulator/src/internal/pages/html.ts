/**
 * A template for HTML. It escapes each text, so no text can break out of its place. It does not escape HTML again.
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

// A character that `Wire` calls not printable can deceive a person. Variation selectors are an exception: they are part of
// emoji, and a browser draws both as one.
const deceives = (char: string): boolean => !Wire.isPrintable(char) && !/[\ufe00-\ufe0f]/.test(char)

/** Makes an untrusted text one line of at most `maxLength` characters, 200 by default. */
export const foreign = (text: string, maxLength = 200): string => {
  const line = Array.from(text, (char) => deceives(char) ? "�" : char).join("").replace(/\s+/g, " ").trim()
  // Does not cut a letter of two units in half
  return line.length > maxLength ? `${line.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, "")}…` : line
}
