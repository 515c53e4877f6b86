/**
 * HTML that cannot be broken out of: whatever is put into the template is escaped, unless it is HTML already.
 */

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

// Controls, separators of lines, and what reorders, hides or pads the text around it without being seen: a person would
// be deceived by it. Variation selectors may stay, since emoji are written with them and they show nothing of their own.
const deceiving = /[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]--[\ufe00-\ufe0f]]/gv

/** A text of a stranger, on one line and of bounded length. */
export const foreign = (text: string, maxLength = 200): string => {
  const line = text.replace(deceiving, "�").replace(/\s+/g, " ").trim()
  // a letter of two units is not cut in half
  return line.length > maxLength ? `${line.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, "")}…` : line
}
