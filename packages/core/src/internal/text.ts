/**
 * What may be done with texts of the service before a person or a log sees them.
 */

// C0, DEL and C1 controls, line and paragraph separators, and what reorders or hides text around it: a terminal would
// obey the first, and a person would be deceived by the last.
// oxlint-disable-next-line no-control-regex -- to find them is what it is for
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/

const unsafeRuns = new RegExp(`${unsafe.source}+`, "g")

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

/**
 * Replaces the secrets of a request where a text repeats one: whole, or any run of eight or more of its characters, raw
 * or in JSON, URL, base64, base64url or hex form.
 */
export const maskSecrets = (text: string, secrets: ReadonlyArray<string>): string => {
  if (text === "" || secrets.length === 0) return text
  const hidden = new Uint8Array(text.length)
  for (const form of new Set(secrets.flatMap(forms))) {
    if (form.length <= run) {
      if (form === "") continue
      for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) hidden.fill(1, at, at + form.length)
      continue
    }
    const grams = new Set<string>()
    for (let at = 0; at + run <= form.length; at++) grams.add(form.slice(at, at + run))
    for (let at = 0; at + run <= text.length; at++) {
      if (grams.has(text.slice(at, at + run))) hidden.fill(1, at, at + run)
    }
  }
  if (!hidden.includes(1)) return text
  let out = ""
  for (let at = 0; at < text.length; at++) {
    if (hidden[at] === 0) out += text[at]
    else if (at === 0 || hidden[at - 1] === 0) out += mask
  }
  return out
}
