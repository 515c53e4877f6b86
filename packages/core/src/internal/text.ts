/**
 * What may be done with texts of the service before a person or a log sees them.
 */

// C0, DEL and C1 controls, line and paragraph separators, and what reorders or hides text around it: a terminal would
// obey the first, and a person would be deceived by the last.
const unsafe =
  // oxlint-disable-next-line no-control-regex -- to find them is what it is for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u

const unsafeRuns = new RegExp(`${unsafe.source}+`, "gu")

/** No control character, in any form. */
export const isPrintable = (text: string): boolean => !unsafe.test(text)

const maxLength = 1024

/** One line of at most 1,024 characters, without control characters. */
export const printable = (text: string): string => {
  const line = text.replace(unsafeRuns, " ").trim()
  return line.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line
}

const mask = "<redacted>"

// A run of this many characters of a secret is taken for a leak of it, even when the rest is missing.
const run = 8

const base64 = (text: string): string => {
  let binary = ""
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

const hex = (text: string): string => {
  let out = ""
  for (const byte of new TextEncoder().encode(text)) out += byte.toString(16).padStart(2, "0")
  return out
}

// The forms in which a text may come back. Base64 depends on the offset modulo 3 of the secret in what was encoded; its
// first characters then mix with what stood before, so that the shifted forms lose them.
const forms = (secret: string): ReadonlyArray<string> => {
  const based = [base64(secret), base64(` ${secret}`).slice(2), base64(`  ${secret}`).slice(3)].map((form) =>
    form.replace(/=+$/, "")
  )
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret.toWellFormed()),
    ...based,
    ...based.map((form) => form.replaceAll("+", "-").replaceAll("/", "_")),
    hex(secret),
    hex(secret).toUpperCase()
  ]
}

interface Traces {
  /** Every run of eight characters of every form that is longer. */
  readonly runs: ReadonlySet<string>
  /** The forms that are no longer than a run. */
  readonly short: ReadonlySet<string>
}

// An answer has several texts, and a client secret thousands of runs: made once for the secrets of a request, and gone
// with them.
const traces = new WeakMap<ReadonlyArray<string>, Traces>()

const tracesOf = (secrets: ReadonlyArray<string>): Traces => {
  const known = traces.get(secrets)
  if (known !== undefined) return known
  const runs = new Set<string>()
  const short = new Set<string>()
  for (const form of secrets.flatMap(forms)) {
    if (form.length <= run && form !== "") short.add(form)
    for (let at = 0; at + run <= form.length; at++) runs.add(form.slice(at, at + run))
  }
  const made = { runs, short }
  traces.set(secrets, made)
  return made
}

/**
 * Replaces the secrets of a request where a text repeats one: whole, or any run of eight or more of its characters, raw
 * or in JSON, URL, base64, base64url or hex form.
 */
export const maskSecrets = (text: string, secrets: ReadonlyArray<string>): string => {
  if (text === "" || secrets.length === 0) return text
  const { runs, short } = tracesOf(secrets)
  const hidden = new Uint8Array(text.length)
  for (const form of short) {
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) hidden.fill(1, at, at + form.length)
  }
  for (let at = 0; at + run <= text.length; at++) {
    if (runs.has(text.slice(at, at + run))) hidden.fill(1, at, at + run)
  }
  if (!hidden.includes(1)) return text
  let out = ""
  for (let at = 0; at < text.length; at++) {
    if (hidden[at] === 0) out += text[at]
    else if (at === 0 || hidden[at - 1] === 0) out += mask
  }
  return out
}
