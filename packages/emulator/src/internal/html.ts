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

// C0, DEL and C1 controls, and what reorders or hides the text around it: a person would be deceived by it
// oxlint-disable-next-line no-control-regex -- to find them is what it is for
const deceiving = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** A text of a stranger, on one line and of bounded length. */
export const foreign = (text: string): string => {
  const line = text.replace(deceiving, "�").trim()
  return line.length > 200 ? `${line.slice(0, 199).toWellFormed()}…` : line
}
